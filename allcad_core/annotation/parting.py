"""Touching cells parted at points that are known to lie one in each."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core.datasets.base import Point
from allcad_core.results import Box

Mask = NDArray[np.bool_]

SEED_RADIUS = 0.15
"""A seed is a disc of this share of the diameter that a cell would have if all had the same area."""
WHOLE_PART = 0.08
"""Shreds of a part below this share of it are cut off before its box is taken."""


def part(mask: Mask, points: Sequence[Point], nucleus: Mask | None = None) -> NDArray[np.int32]:
    """Number the pixels of ``mask`` by the point whose basin holds them (Meyer's watershed).

    The landscape falls towards the middle of cells and of nuclei; a basin starts at each point.

    Args:
        mask: bool (height, width), one clump of cells.
        points: x, y in pixels of ``mask``, one in each cell.
        nucleus: bool (height, width), where nuclei are known.

    Returns:
        int32 (height, width): 0 outside, else 1 + the index of the point.
    """
    from skimage.segmentation import watershed

    markers = np.zeros(mask.shape, np.int32)
    diameter = float(np.sqrt(4 * mask.sum() / np.pi / max(1, len(points))))
    for number, (x, y) in enumerate(points, start=1):
        cv2.circle(markers, (round(x), round(y)), max(1, round(SEED_RADIUS * diameter)), number, cv2.FILLED)
    depth = _depth(mask)
    if nucleus is not None:
        depth = depth + _depth(nucleus & mask)
    smooth = cv2.GaussianBlur(depth, (0, 0), max(0.5, 0.03 * diameter))
    return np.asarray(watershed(-smooth, markers, mask=mask | (markers > 0)), np.int32)


def boxes_of(parts: NDArray[np.int32], count: int) -> list[Box | None]:
    """The box of each part from 1 to ``count``, shreds cut off; None where a part is empty."""
    return [box_of_mask(_without_shreds(parts == number)) for number in range(1, count + 1)]


def box_of_mask(mask: Mask) -> Box | None:
    """The box around all pixels of a mask, None where it is empty."""
    rows, columns = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    if rows.size == 0:
        return None
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def _depth(mask: Mask) -> NDArray[np.float32]:
    padded = np.pad(mask, 1).astype(np.uint8)
    return np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1], np.float32)


def _without_shreds(mask: Mask) -> Mask:
    """Threads and small loose pieces removed."""
    area = int(mask.sum())
    if area == 0:
        return mask
    side = 2 * round(0.06 * float(np.sqrt(area))) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    padded = np.pad(mask, side).astype(np.uint8)
    opened = cv2.morphologyEx(padded, cv2.MORPH_OPEN, disc)[side:-side, side:-side]
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(opened))
    keep = stats[:, cv2.CC_STAT_AREA] >= WHOLE_PART * area
    keep[0] = False
    return np.asarray(keep[pieces]) if count > 1 and keep.any() else mask
