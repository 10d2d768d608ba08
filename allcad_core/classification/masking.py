"""Pictures in which only the white cells are left: everything else becomes ground."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core.ground import BALANCED

RIM = 0.03
"""A cell's mask grows by this share of the cell's size, so that its rim stays in the picture."""


def mask_out(balanced: NDArray[np.uint8], keep: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The picture with ground wherever ``keep`` is not.

    Args:
        balanced: uint8 (height, width, 3), RGB, balanced (``ground.balance``).
        keep: bool (height, width).

    Returns:
        uint8 (height, width, 3), a new array.
    """
    return np.where(keep[..., None], balanced, np.uint8(BALANCED))


def with_rim(cell: NDArray[np.bool_], size: float) -> NDArray[np.bool_]:
    """The mask of a cell grown by ``RIM`` of its size, at least by one px.

    Args:
        cell: bool (height, width).
        size: longer side of the cell's box, px.
    """
    reach = max(1, round(RIM * size))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2)
    return cv2.dilate(cell.astype(np.uint8), kernel).astype(bool)
