"""What training takes for true: every white cell of a picture with a box and a label.

Drawn boxes come first. Where there are none, boxes come from the stain segmentation: a region with one expert centroid is
a blast, one with several is left out (nobody has parted it), any other is healthy; what is ragged or cut by the border is
left out too. In a picture of one cell, only the region in the middle counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from allcad_core.classification.crops import central
from allcad_core.datasets import CropRecord, FieldRecord
from allcad_core.datasets.boxes import CellBox
from allcad_core.ground import balance
from allcad_core.results import Box, holds
from allcad_core.segmentation import Region, Segmentation, segment

Kind = Literal["blast", "healthy", "ignore"]
LabelledBox = tuple[Kind, Box]

RAGGED = 0.75
"""Regions of less solidity are smudge cells or clumps, and teach nothing."""


@dataclass(frozen=True, eq=False)
class TrueField:
    """One picture as training sees it.

    Attributes:
        name, dataset: of the record.
        balanced: uint8 (height, width, 3), RGB, ground balanced.
        red_cell_diameter: px, ``None`` where unknown.
        cells: kind and box of every white cell.
        regions: of the stain segmentation, for the region detector.
        read: gives the pixels as they were taken, uint8 (height, width, 3), for methods that mask them.
        kind: finer class of the picture in the words of its data set, ``None`` where it has none.
    """

    name: str
    dataset: str
    balanced: NDArray[np.uint8]
    red_cell_diameter: float | None
    cells: tuple[LabelledBox, ...]
    regions: tuple[Region, ...]
    read: Callable[[], NDArray[np.uint8]] | None = None
    kind: str | None = None


@dataclass(frozen=True)
class Truth:
    """What is known of a picture beside its pixels, see ``TrueField``; kept between runs."""

    red_cell_diameter: float | None
    cells: tuple[LabelledBox, ...]
    regions: tuple[Region, ...]


def truth_of_field(
    record: FieldRecord, drawn: Sequence[CellBox] | None = None, weak_label: Kind | None = None
) -> Truth:
    """Boxes and labels of one field.

    Args:
        record: the field.
        drawn: boxes that people or a checked procedure have drawn; without them the stain and the centroids speak.
        weak_label: label of every whole cell, for sets that label fields only.
    """
    found = segment(record.read().pixels, "stain")
    if drawn is not None:
        return Truth(found.red_cell_diameter, tuple((cell.kind, cell.box) for cell in drawn), found.regions)
    owners = [_owner(found, point) for point in record.blast_points]
    cells = [(_kind(region, owners.count(region.label), weak_label), region.box) for region in found.regions]
    return Truth(found.red_cell_diameter, tuple(cells), found.regions)


def truth_of_crop(record: CropRecord, label: Kind) -> Truth:
    """The region in the middle of a crop of one white cell, and its label; no cell where nothing was found."""
    image = record.read()
    found = segment(image.pixels, "stain")
    boxes = [region.box for region in found.regions]
    index = central(boxes, [region.area for region in found.regions], image.width, image.height)
    return Truth(found.red_cell_diameter, () if index is None else ((label, boxes[index]),), found.regions)


def true_field(record: FieldRecord | CropRecord, truth: Truth) -> TrueField:
    """The picture with what is known of it. Raises ImageError where it cannot be read."""
    return TrueField(
        record.name, record.dataset, balance(record.read().pixels), truth.red_cell_diameter, truth.cells, truth.regions,
        lambda: record.read().pixels, record.kind,
    )  # fmt: skip


def _kind(region: Region, points: int, weak_label: Kind | None) -> Kind:
    if weak_label is None and points == 1:
        return "blast"
    if points or region.at_border or region.solidity < RAGGED:
        return "ignore"
    return weak_label or "healthy"


def _owner(found: Segmentation, point: tuple[float, float]) -> int | None:
    """Number of the one region that a centroid belongs to: that under it, else the nearest whose box holds it."""
    height, width = found.labels.shape
    x, y = point
    under = int(found.labels[min(max(int(y), 0), height - 1), min(max(int(x), 0), width - 1)])
    if under:
        return under
    around = [region for region in found.regions if holds(region.box, point)]
    return min(around, key=lambda region: _squared(region.centroid, point)).label if around else None


def _squared(one: tuple[float, float], other: tuple[float, float]) -> float:
    return (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2
