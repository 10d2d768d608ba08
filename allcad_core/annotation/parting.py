"""Touching cells parted at points that are known to lie one in each."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core.datasets.base import Point
from allcad_core.results import Box

Mask = NDArray[np.bool_]

SEED = 0.25
"""A seed is a disc of this share of its cell's radius."""
SEARCH = 0.5
"""The depth of a cell is looked for within this share of a usual radius around its point."""
LEAST_RADIUS, LARGEST_RADIUS = 0.75, 1.35
"""A cell's radius, by its depth, is held between these shares of the radius that equal cells would have."""
OUTSIDE = 1.1
"""What lies farther than this many radii from every known cell is of a further one."""
WHOLE_PART = 0.08
"""Shreds of a part below this share of it are cut off before its box is taken."""


def further_points(mask: Mask, points: Sequence[Point], smallest: float) -> list[Point]:
    """Middles of cells of a clump that none of the points lies in: its deepest places outside the cells around them.

    Args:
        mask: bool (height, width), one clump of cells.
        points: x, y in pixels of ``mask``, at least one.
        smallest: radius in px under which a further cell is not believed.
    """
    depth = _depth(mask)
    found: list[Point] = []
    while True:
        reach = _nearness(mask.shape, [*points, *found], _radii(depth, [*points, *found], mask))
        outside = np.where(reach > OUTSIDE, depth, 0)
        row, column = np.unravel_index(int(outside.argmax()), depth.shape)
        # Its own disc must lie outside, too: the rim of a known cell is no cell.
        if outside[row, column] < smallest:
            return found
        found.append((float(column), float(row)))


def part(mask: Mask, points: Sequence[Point]) -> NDArray[np.int32]:
    """Number the pixels of ``mask`` by the point whose basin holds them (Meyer's watershed).

    Cells are round: the landscape rises from each point with the distance over the radius of its cell, which is the
    depth of the mask there. Equal discs are so parted half way, unequal ones nearer to the smaller.

    Args:
        mask: bool (height, width), one clump of cells.
        points: x, y in pixels of ``mask``, one in each cell.

    Returns:
        int32 (height, width): 0 outside, else 1 + the index of the point.
    """
    from skimage.segmentation import watershed

    markers = np.zeros(mask.shape, np.int32)
    radii = _radii(_depth(mask), points, mask)
    for number, ((x, y), radius) in enumerate(zip(points, radii, strict=True), start=1):
        cv2.circle(markers, (round(x), round(y)), max(1, round(SEED * radius)), number, cv2.FILLED)
    return np.asarray(watershed(_nearness(mask.shape, points, radii), markers, mask=mask | (markers > 0)), np.int32)


def _radii(depth: NDArray[np.float32], points: Sequence[Point], mask: Mask) -> list[float]:
    """Radius of the cell around each point: the greatest depth near it, within bounds."""
    usual = float(np.sqrt(mask.sum() / np.pi / len(points)))
    reach = SEARCH * usual
    found = []
    for x, y in points:
        near = depth[max(0, round(y - reach)) : round(y + reach) + 1, max(0, round(x - reach)) : round(x + reach) + 1]
        own = float(near.max()) if near.size else usual
        found.append(float(np.clip(own, LEAST_RADIUS * usual, LARGEST_RADIUS * usual)))
    return found


def _nearness(shape: tuple[int, ...], points: Sequence[Point], radii: Sequence[float]) -> NDArray[np.float32]:
    """Distance of every pixel to the nearest point, in radii of its cell, float32 (height, width)."""
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    away = [np.hypot(columns - x, rows - y) / radius for (x, y), radius in zip(points, radii, strict=True)]
    return np.asarray(np.min(away, axis=0), np.float32)


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
