"""Pictures in which only the white cells are left: everything else becomes ground."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from allcad_core.ground import BALANCED


def mask_out(balanced: NDArray[np.uint8], keep: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The picture with ground wherever ``keep`` is not.

    Args:
        balanced: uint8 (height, width, 3), RGB, balanced (``ground.balance``).
        keep: bool (height, width).

    Returns:
        uint8 (height, width, 3), a new array.
    """
    return np.where(keep[..., None], balanced, np.uint8(BALANCED))
