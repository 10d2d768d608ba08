"""What training takes for true: every white cell of a field with a box and a label.

Where no drawn annotation is given, boxes come from the stain segmentation: a region with an expert centroid is a blast, a
region with several is parted among them, any other is healthy, and what is ragged or cut by the border is left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from allcad_core.datasets import FieldRecord
from allcad_core.ground import balance
from allcad_core.results import Box, holds
from allcad_core.segmentation import Region, Segmentation, segment

Kind = Literal["blast", "healthy", "ignore"]
Point = tuple[float, float]
"""x, y in px of the field."""

RAGGED = 0.75
"""Regions of less solidity are smudge cells or clumps, and teach nothing."""


@dataclass(frozen=True, eq=False)
class TrueField:
    """One field as training sees it.

    Attributes:
        name, dataset: of the record.
        balanced: uint8 (height, width, 3), RGB, ground balanced.
        red_cell_diameter: px, ``None`` where unknown.
        cells: kind and box of every white cell.
        regions: of the stain segmentation, for the region detector.
    """

    name: str
    dataset: str
    balanced: NDArray[np.uint8]
    red_cell_diameter: float | None
    cells: tuple[tuple[Kind, Box], ...]
    regions: tuple[Region, ...]


def true_field(record: FieldRecord, weak_label: Kind | None = None) -> TrueField:
    """Boxes and labels of one field by stain and centroids.

    Args:
        record: the field.
        weak_label: label of every whole cell, for sets that label fields only.
    """
    image = record.read()
    found = segment(image.pixels, "stain")
    cells: list[tuple[Kind, Box]] = []
    owners = [_owner(found, point) for point in record.blast_points]
    for region in found.regions:
        inside = [point for point, owner in zip(record.blast_points, owners, strict=True) if owner == region.label]
        if weak_label is None and inside:
            cells += [("blast", box) for box in _shares(found, region, inside)]
        elif region.at_border or region.solidity < RAGGED:
            cells.append(("ignore", region.box))
        else:
            cells.append((weak_label or "healthy", region.box))
    return TrueField(
        record.name, record.dataset, balance(image.pixels), found.red_cell_diameter, tuple(cells), found.regions
    )


def _owner(found: Segmentation, point: Point) -> int | None:
    """Number of the one region that a centroid belongs to: that under it, else the nearest whose box holds it."""
    height, width = found.labels.shape
    x, y = point
    under = int(found.labels[min(max(int(y), 0), height - 1), min(max(int(x), 0), width - 1)])
    if under:
        return under
    around = [region for region in found.regions if holds(region.box, point)]
    return min(around, key=lambda region: math.dist(region.centroid, point)).label if around else None


def _shares(found: Segmentation, region: Region, points: Sequence[Point]) -> list[Box]:
    """The region's box; with several centroids, the boxes of the pixels nearest to each."""
    if len(points) == 1:
        return [region.box]
    x0, y0, x1, y1 = (round(value) for value in region.box)
    rows, columns = np.nonzero(found.labels[y0:y1, x0:x1] == region.label)
    place = np.stack([columns + x0, rows + y0], axis=1).astype(np.float64)
    nearest = np.linalg.norm(place[:, None] - np.asarray(points)[None], axis=2).argmin(axis=1)
    boxes = []
    for number in range(len(points)):
        own = place[nearest == number]
        if own.size:
            (left, top), (right, bottom) = own.min(axis=0), own.max(axis=0) + 1
            boxes.append((float(left), float(top), float(right), float(bottom)))
    return boxes
