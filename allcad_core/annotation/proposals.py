"""Automatic boxes of a field's white cells, numbered, for a person to look at and correct."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
from numpy.typing import NDArray

from allcad_core.annotation.expert_masks import centre_box, field_boxes
from allcad_core.annotation.parting import boxes_of, further_points, part
from allcad_core.annotation.stained import FALLBACK_RED_CELL, stained_objects
from allcad_core.datasets import CropRecord, FieldRecord
from allcad_core.datasets.base import Point
from allcad_core.datasets.boxes import Kind
from allcad_core.results import Box
from allcad_core.review import overlap
from allcad_core.segmentation import Region, Segmentation, segment

RAGGED = 0.86
"""Regions of less solidity are smudge cells or clumps."""
PALE = 0.12
"""Regions whose nucleus is lighter than a blast's by this share of the way to white are smudge cells."""
REDDER = 1.08
"""So are regions whose nucleus has a ratio of red to blue that is this much above a blast's."""
WHOLE = 0.75
"""At the border, a region with this share of a usual cell's area is taken for more than half a cell."""
REACH = 0.6
"""A centroid belongs to a region whose edge comes this near, in red-cell diameters."""
SAME = 0.3
"""A mask's box and an automatic one with this overlap (intersection over union) show the same cell."""
FURTHER = 0.65
"""In a clump with centroids, a cell without one has at least this share of a usual cell's radius."""
BANDS = 8
"""Reading order: that many lines of equal height, from left to right in each."""
TYPICAL_CELL = 1.5
"""Side of a box drawn around a lone centroid, in red-cell diameters."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One automatic box.

    Attributes:
        number: its id within the field, from 1 in reading order.
        kind: ``blast`` (has an expert centroid), ``healthy`` or ``ignore``.
        box: x0, y0, x1, y1 in pixels of the field.
        source: ``stain``, ``watershed`` (parted at centroids), ``point`` (a square around a centroid without stain),
            ``mask-crop`` or ``mask-field`` (exact, by an expert's mask).
        plain: the box that stain and centroids alone give, the experts' masks left out.
    """

    number: int
    kind: Kind
    box: Box
    source: str
    plain: Box


@dataclass(frozen=True, slots=True)
class Loose:
    """Something that a person must speak of: stained and of nucleus size, or drawn by an expert, yet in no proposal.

    Attributes:
        box: x0, y0, x1, y1 in pixels of the field.
        source: ``stain``, or ``mask-crop`` for the middle of a crop of ALL-IDB2; most of these are giant platelets.
    """

    box: Box
    source: str


@dataclass(frozen=True)
class FieldProposals:
    """All proposals of a field, and what lies in none of them."""

    name: str
    proposals: tuple[Proposal, ...]
    unboxed: tuple[Loose, ...]


def propose(record: FieldRecord, crops: Iterable[CropRecord] = ()) -> FieldProposals:
    """Automatic boxes of one field.

    Args:
        record: the field.
        crops: crops with masks and origins; those of other fields are passed over.

    Raises:
        ImageError: the picture cannot be read.
        DataError: a mask cannot be read.
    """
    pixels = record.read().pixels
    found = segment(pixels, "stain")
    cells = _in_reading_order(_cells(record, found, pixels), pixels.shape[0])
    numbered = [replace(cell, number=number) for number, cell in enumerate(cells, start=1)]
    middles = [_middle(cell.box) for cell in numbered]
    crop_boxes = [centre_box(crop, middles) for crop in crops if record.name in crop.fields]
    mask_boxes = field_boxes(record.read_white_mask(), middles) if record.white_mask else []
    exact = _by_field_mask(numbered, mask_boxes)
    exact, strange = _by_crops(exact, [box for box in crop_boxes if box is not None])
    exact = [_within(cell, pixels.shape[1], pixels.shape[0]) for cell in exact]
    stained = stained_objects(pixels, found.red_cell_diameter)
    drawn = [*(cell.box for cell in exact), *strange]
    loose = [Loose(box, "mask-crop") for box in strange]
    loose += [Loose(thing.box, "stain") for thing in stained if not thing.covered_by(drawn)]
    return FieldProposals(record.name, tuple(exact), tuple(loose))


def _cells(record: FieldRecord, found: Segmentation, pixels: NDArray[np.uint8]) -> list[Proposal]:
    """Proposals by stain and centroids, not yet numbered."""
    size = pixels.shape[:2]
    unit = found.red_cell_diameter or FALLBACK_RED_CELL * max(size)
    owners = [_owner(point, found, REACH * unit) for point in record.blast_points]
    blasts = [region for region in found.regions if owners.count(region.label) == 1]
    usual = median([region.area for region in blasts or found.regions]) if found.regions else 0.0
    look = {region.label: _look(region, found, pixels) for region in found.regions}
    reference = (
        (median([look[region.label][0] for region in blasts]), median([look[region.label][1] for region in blasts]))
        if blasts
        else None
    )
    cells = []
    for region in found.regions:
        own = [point for point, owner in zip(record.blast_points, owners, strict=True) if owner == region.label]
        if len(own) > 1:
            boxes = _shares(found, region, own, FURTHER * float(np.sqrt(usual / np.pi)))
            kinds: list[Kind] = ["blast" if index < len(own) else "healthy" for index in range(len(boxes))]
            cells += [_proposal(kind, box, "watershed") for kind, box in zip(kinds, boxes, strict=True) if box]
        else:
            kind = "blast" if own else _kind(region, usual, look[region.label], reference)
            cells.append(_proposal(kind, region.box, "stain"))
    half = TYPICAL_CELL * unit / 2
    for x, y in (point for point, owner in zip(record.blast_points, owners, strict=True) if owner == 0):
        box = (max(0.0, x - half), max(0.0, y - half), min(float(size[1]), x + half), min(float(size[0]), y + half))
        cells.append(_proposal("blast", box, "point"))
    return cells


def _proposal(kind: Kind, box: Box, source: str) -> Proposal:
    x0, y0, x1, y1 = (float(round(value)) for value in box)
    return Proposal(0, kind, (x0, y0, x1, y1), source, (x0, y0, x1, y1))


def _within(cell: Proposal, width: int, height: int) -> Proposal:
    """The same, cut off at the picture's edge: what was found in a smaller picture may stand a pixel outside."""
    boxes = [(max(0.0, x0), max(0.0, y0), min(x1, width), min(y1, height)) for x0, y0, x1, y1 in (cell.box, cell.plain)]
    return replace(cell, box=boxes[0], plain=boxes[1])


def _look(region: Region, found: Segmentation, pixels: NDArray[np.uint8]) -> tuple[float, float]:
    """Grey level of a region's nucleus (of all of it where it shows none), and its ratio of red to blue."""
    x0, y0, x1, y1 = (round(value) for value in region.box)
    own = found.labels[y0:y1, x0:x1] == region.label
    core = own & found.nucleus[y0:y1, x0:x1]
    red, _, blue = pixels[y0:y1, x0:x1][core if core.any() else own].mean(axis=0)
    return region.mean_stain, float(red) / max(float(blue), 1.0)


def _kind(region: Region, usual: float, look: tuple[float, float], blast: tuple[float, float] | None) -> Kind:
    """Class of a region without a centroid; ``look`` is its own, ``blast`` that of the field's blasts, where known."""
    if region.solidity < RAGGED or (region.at_border and region.area < WHOLE * usual):
        return "ignore"
    if blast is not None and (look[0] > blast[0] + PALE * (255 - blast[0]) or look[1] > REDDER * blast[1]):
        return "ignore"
    return "healthy"


def _owner(point: Point, found: Segmentation, reach: float) -> int:
    """Number of the region that a centroid lies in, or of the nearest within reach; 0 for none."""
    height, width = found.labels.shape
    column, row = min(max(round(point[0]), 0), width - 1), min(max(round(point[1]), 0), height - 1)
    label = int(found.labels[row, column])
    if label:
        return label
    left, top = max(0, int(column - reach)), max(0, int(row - reach))
    window = found.labels[top : int(row + reach) + 1, left : int(column + reach) + 1]
    rows, columns = np.nonzero(window)
    if rows.size == 0:
        return 0
    nearest = np.hypot(rows + top - point[1], columns + left - point[0]).argmin()
    return int(window[rows[nearest], columns[nearest]])


def _shares(found: Segmentation, region: Region, points: Sequence[Point], smallest: float) -> list[Box | None]:
    """Boxes of the cells of a region that holds several centroids, then of cells in it without one."""
    x0, y0, x1, y1 = (round(value) for value in region.box)
    own = found.labels[y0:y1, x0:x1] == region.label
    seeds = [(x - x0, y - y0) for x, y in points]
    seeds += further_points(own, seeds, smallest)
    return [
        None if box is None else (box[0] + x0, box[1] + y0, box[2] + x0, box[3] + y0)
        for box in boxes_of(part(own, seeds), len(seeds))
    ]


def _by_field_mask(cells: Sequence[Proposal], boxes: Sequence[Box | None]) -> list[Proposal]:
    """The same cells, with the box of the field's mask where it shows the same cell."""
    if not boxes:
        return list(cells)
    return [
        replace(cell, box=box, source="mask-field") if box is not None and overlap(cell.box, box) >= SAME else cell
        for cell, box in zip(cells, boxes, strict=True)
    ]


def _by_crops(cells: Sequence[Proposal], boxes: Iterable[Box]) -> tuple[list[Proposal], list[Box]]:
    """The same cells, with the boxes of the crops' masks; and the boxes that show none of them."""
    known: list[Proposal] = list(cells)
    strange: list[Box] = []
    for box in boxes:
        overlaps = [overlap(cell.box, box) for cell in known]
        best = int(np.argmax(overlaps)) if overlaps else -1
        if best >= 0 and overlaps[best] >= SAME:
            known[best] = replace(known[best], box=box, source="mask-crop")
        elif not any(overlap(other, box) >= SAME for other in strange):
            strange.append(box)
    return known, strange


def _in_reading_order(cells: Iterable[Proposal], height: int) -> list[Proposal]:
    def place(cell: Proposal) -> tuple[int, float, float]:
        x, y = _middle(cell.box)
        return int(y * BANDS // height), x, y

    return sorted(cells, key=place)


def _middle(box: Box) -> Point:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
