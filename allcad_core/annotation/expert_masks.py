"""Exact boxes from masks that experts drew: of the crops of ALL-IDB2 and of whole fields."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core.annotation.parting import box_of_mask, boxes_of, part
from allcad_core.datasets import CropRecord
from allcad_core.datasets.base import Point
from allcad_core.results import Box

Mask = NDArray[np.bool_]

NEAR_CENTRE = 0.12
"""The crop's own cell covers its centre, or comes within this share of the crop's side."""


def centre_box(crop: CropRecord, cells: Sequence[Point]) -> Box | None:
    """The box, in pixels of the field, of the cell in the middle of a crop, by the expert's mask.

    Args:
        crop: with a mask and its origin.
        cells: middles of all cells of the field, to know where two of them touch; x, y in pixels of the field.

    Returns:
        None where the crop has no mask or origin, where its cell touches the crop's edge, or where the mask shows
        that cell and another as one.
    """
    if crop.origin is None or crop.mask is None:
        return None
    mask = crop.read_masks().cell
    left, top = crop.origin[0], crop.origin[1]
    own = _centre_component(mask)
    box = None if own is None else box_of_mask(own)
    if own is None or box is None or _touches_edge(box, own.shape):
        return None
    inside = [point for point in ((x - left, y - top) for x, y in cells) if _covers(own, point)]
    if len(inside) > 1:
        return None
    return box[0] + left, box[1] + top, box[2] + left, box[3] + top


def field_boxes(mask: Mask, cells: Sequence[Point]) -> list[Box | None]:
    """For each cell of a field its box by the expert's mask of white cells, None where the mask does not show it.

    A component that holds several cells is parted at their middles.

    Args:
        mask: bool (height, width) of the whole field.
        cells: middles of the cells, x, y in pixels.
    """
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    numbers = [int(pieces[round(y), round(x)]) if _within(mask, (x, y)) else 0 for x, y in cells]
    found: list[Box | None] = [None] * len(cells)
    for piece in set(numbers) - {0}:
        x0, y0, width, height = (int(value) for value in stats[piece, :4])
        own = pieces[y0 : y0 + height, x0 : x0 + width] == piece
        members = [index for index, number in enumerate(numbers) if number == piece]
        points = [(cells[index][0] - x0, cells[index][1] - y0) for index in members]
        parts = part(own, points) if len(points) > 1 else own.astype(np.int32)
        for index, box in zip(members, boxes_of(parts, len(points)), strict=True):
            found[index] = None if box is None else (box[0] + x0, box[1] + y0, box[2] + x0, box[3] + y0)
    return found


def _centre_component(mask: Mask) -> Mask | None:
    height, width = mask.shape
    count, pieces = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    if count < 2:
        return None
    rows, columns = np.nonzero(pieces)
    distance = np.hypot(rows - height / 2, columns - width / 2)
    nearest = int(distance.argmin())
    if distance[nearest] > NEAR_CENTRE * max(height, width):
        return None
    return np.asarray(pieces == pieces[rows[nearest], columns[nearest]])


def _touches_edge(box: Box, shape: tuple[int, ...]) -> bool:
    return bool(box[0] <= 0 or box[1] <= 0 or box[2] >= shape[1] or box[3] >= shape[0])


def _within(mask: Mask, point: Point) -> bool:
    return bool(0 <= round(point[0]) < mask.shape[1] and 0 <= round(point[1]) < mask.shape[0])


def _covers(mask: Mask, point: Point) -> bool:
    return _within(mask, point) and bool(mask[round(point[1]), round(point[0])])
