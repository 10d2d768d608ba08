"""Which of the cells in a crop of one white cell is meant: the one in the middle."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from allcad_core.results import Box

LARGE = 0.25
"""A region counts from this share of the largest region's area on; below it lie platelets and debris."""


def central(boxes: Sequence[Box], areas: Sequence[float], width: int, height: int) -> int | None:
    """Number of the region that a crop of one cell is about.

    Among the large regions: one whose box holds the middle of the picture comes before one that does not, and then the
    one whose own middle lies nearest to it.

    Args:
        boxes: x0, y0, x1, y1 in px of the crop.
        areas: of the regions, px², in the same order.
        width: of the crop, px.
        height: likewise.

    Returns:
        An index into ``boxes``; ``None`` where there are none.
    """
    if not boxes:
        return None
    corners, sizes = np.asarray(boxes, np.float64), np.asarray(areas, np.float64)
    middle = np.array([width, height]) / 2
    holds = ((corners[:, :2] <= middle) & (middle <= corners[:, 2:])).all(axis=1)
    distance = np.hypot(*((corners[:, :2] + corners[:, 2:]) / 2 - middle).T)
    large = sizes >= LARGE * sizes.max()
    return int(np.lexsort((distance, ~holds, ~large))[0])  # the last key weighs most


def central_box(boxes: Sequence[Box], areas: Sequence[float], width: int, height: int) -> Box | None:
    """Box of the region that a crop of one cell is about, see ``central``; ``None`` where there are no regions."""
    index = central(boxes, areas, width, height)
    return None if index is None else boxes[index]
