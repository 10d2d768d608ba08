"""Overlap of a segmentation with the expert masks of the crops of ALL-IDB2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from allcad_core.datasets import allidb2
from allcad_core.errors import DataError
from allcad_core.segmentation import segment


@dataclass(frozen=True)
class Overlap:
    """Dice coefficients of one method.

    Attributes:
        method: its name.
        by_crop: Dice of the nucleus masks, by name of crop.
    """

    method: str
    by_crop: Mapping[str, float]

    @property
    def mean(self) -> float:
        """Mean over crops, 0..1."""
        return float(np.mean(list(self.by_crop.values())))


def dice(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Dice coefficient, 2 |A and B| / (|A| + |B|): 1 where both are empty.

    Args:
        one: bool, any shape.
        other: bool, the same shape.

    >>> dice(np.array([True, True, False]), np.array([True, False, False]))
    0.6666666666666666
    """
    total = int(one.sum()) + int(other.sum())
    return 2 * int((one & other).sum()) / total if total else 1.0


def nucleus_dice(method: str, data: Path, device: str | None = None) -> Overlap:
    """Dice of the nucleus mask with all nuclei that the experts drew, on every crop that has a mask.

    Args:
        method: see ``segmentation.methods``.
        data: the data folder.
        device: see ``devices.choose``.

    Raises:
        UnknownNameError: no such method.
        DataError: there are no crops with masks.
    """
    crops = [crop for crop in allidb2.crops(data) if crop.mask is not None]
    if not crops:
        raise DataError(f"No expert masks of {allidb2.NAME} lie in '{data}'.")
    return Overlap(
        method,
        {
            crop.name: dice(segment(crop.read().pixels, method, device).nucleus, crop.read_masks().nucleus)
            for crop in crops
        },
    )
