"""What must hold of the annotation: checks against centroids, stain and the experts' masks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from allcad_core.annotation.build import Exclusion, FieldAnnotation
from allcad_core.annotation.expert_masks import centre_box
from allcad_core.annotation.stained import StainedObject, stained_objects
from allcad_core.datasets import CropRecord, FieldRecord
from allcad_core.datasets.base import size_of
from allcad_core.datasets.boxes import COUNTED
from allcad_core.detection.base import iou
from allcad_core.results import Box, holds

TWICE = 0.5
"""Two counted boxes with more overlap (intersection over union) than this would be one cell counted twice."""
MEDIAN_OVERLAP, LEAST_OVERLAP, SHARE_ABOVE = 0.85, 0.65, 0.95
"""Against exact boxes: the median overlap reaches the first, and this share of boxes is above the second."""

Fields = Mapping[str, FieldAnnotation]
Progress = Callable[[str, int], None]
"""Called with the name of a field and its number from 0."""


@dataclass(frozen=True, slots=True)
class ExactBox:
    """The exact box of a crop's centre cell and what the annotation has there.

    Attributes:
        crop, field: names.
        box: by the expert's mask, in pixels of the field.
        overlap: intersection over union with the best box of the annotation; 0 where there is none.
        excluded: what the annotation says where it holds the thing for no white cell; else empty.
    """

    crop: str
    field: str
    box: Box
    overlap: float
    excluded: str = ""


@dataclass(frozen=True)
class ExactComparison:
    """Boxes built without the experts' masks against the exact ones.

    Attributes:
        boxes: every exact box, those of excluded things among them.
        without: names of crops that give no exact box (cell cut by the crop, touching another one, no mask).
    """

    boxes: tuple[ExactBox, ...]
    without: tuple[str, ...]

    @property
    def overlaps(self) -> list[float]:
        """Of all that the annotation holds for cells, sorted."""
        return sorted(one.overlap for one in self.boxes if not one.excluded)

    @property
    def median(self) -> float:
        """Median overlap; nan where nothing can be compared."""
        return median(self.overlaps) if self.overlaps else float("nan")

    @property
    def above(self) -> float:
        """Share of boxes with more overlap than ``LEAST_OVERLAP``; nan where nothing can be compared."""
        return float(np.mean([one > LEAST_OVERLAP for one in self.overlaps])) if self.overlaps else float("nan")

    @property
    def passes(self) -> bool:
        """Whether both bounds are kept."""
        return self.median >= MEDIAN_OVERLAP and self.above >= SHARE_ABOVE


def centroids(fields: Fields, records: Iterable[FieldRecord]) -> list[str]:
    """Every expert centroid lies in exactly one blast box, and every blast box holds exactly one; sentences else."""
    found = []
    for record in records:
        blasts = {marked.id: marked.cell.box for marked in fields[record.name].boxes if marked.cell.kind == "blast"}
        held: dict[str, int] = dict.fromkeys(blasts, 0)
        for point in record.blast_points:
            holders = [key for key, box in blasts.items() if holds(box, point)]
            for key in holders:
                held[key] += 1
            if len(holders) != 1:
                where = f"{record.name}: the centroid at {point[0]:g}, {point[1]:g} lies in"
                found.append(f"{where} {_boxes(holders)}." if holders else f"{where} no blast box.")
        if record.points_known:
            found += [
                f"{record.name}: blast {key} holds {number or 'no'} centroid{'s' if number > 1 else ''}."
                for key, number in held.items()
                if number != 1
            ]
    return found


def counted_twice(fields: Fields) -> list[str]:
    """No two counted boxes overlap by more than ``TWICE``; sentences else."""
    found = []
    for name, one in fields.items():
        counted = [marked for marked in one.boxes if marked.cell.kind in COUNTED]
        table = np.triu(iou([marked.cell.box for marked in counted], [marked.cell.box for marked in counted]), 1)
        for row, column in np.argwhere(table > TWICE):
            share = f"{table[row, column]:.2f}"
            found.append(f"{name}: boxes {counted[row].id} and {counted[column].id} overlap by {share}.")
    return found


def leaving(fields: Fields, records: Iterable[FieldRecord]) -> list[str]:
    """Every box lies within its picture; sentences else."""
    found = []
    for record in records:
        width, height = size_of(record.path)
        for marked in fields[record.name].boxes:
            box = marked.cell.box
            if box[2] > width or box[3] > height:
                found.append(f"{record.name}: box {marked.id} leaves the picture of {width} x {height} px.")
    return found


def unspoken(fields: Fields, records: Sequence[FieldRecord], progress: Progress | None = None) -> list[str]:
    """Every stained object of nucleus size lies in a box or in a place that a row excludes; sentences else.

    Raises:
        ImageError: a picture cannot be read.
    """
    found = []
    for number, record in enumerate(records):
        if progress:
            progress(record.name, number)
        found += unspoken_in(fields[record.name], stained_in(record))
    return found


def stained_in(record: FieldRecord) -> tuple[StainedObject, ...]:
    """Stained objects of nucleus size of a field, by the size of its red cells. Raises ImageError."""
    from allcad_core.segmentation import segment

    pixels = record.read().pixels
    return stained_objects(pixels, segment(pixels, "stain").red_cell_diameter)


def unspoken_in(annotation: FieldAnnotation, objects: Iterable[StainedObject]) -> list[str]:
    """Sentences about stained objects of one field of which the annotation says nothing."""
    places = [*annotation.exclusions, *annotation.deleted]
    boxes = [marked.cell.box for marked in annotation.boxes] + [box for box in map(_box_of, places) if box]
    points = [place.place for place in places if len(place.place) == 2]
    return [
        f"{annotation.name}: nothing is said about the stained object at {' '.join(f'{side:g}' for side in one.box)}."
        for one in objects
        if not one.covered_by(boxes) and not any(holds(one.box, point) for point in points)
    ]


def exact(without_masks: Fields, crops: Iterable[CropRecord]) -> ExactComparison:
    """Compare with the exact boxes of the centre cells of the crops.

    Args:
        without_masks: the annotation built with the experts' masks left out.
        crops: those without origin are passed over.

    Raises:
        DataError: a mask cannot be read.
    """
    boxes, without = [], []
    for crop in crops:
        name = next((name for name in crop.fields if name in without_masks), None)
        if name is None:
            continue
        annotation = without_masks[name]
        own = [marked.cell.box for marked in annotation.boxes]
        box = centre_box(crop, [((x0 + x1) / 2, (y0 + y1) / 2) for x0, y0, x1, y1 in own])
        if box is None:
            without.append(crop.name)
            continue
        best = float(iou([box], own).max()) if own else 0.0
        excluded = _excluded(annotation, box) if best < TWICE else ""
        boxes.append(ExactBox(crop.name, name, box, best, excluded))
    return ExactComparison(tuple(boxes), tuple(without))


def sentence(found: ExactComparison) -> str:
    """What the comparison came to."""
    if not found.overlaps:
        return "No crop has a mask and an origin: nothing is compared with exact boxes."
    others = sum(bool(one.excluded) for one in found.boxes)
    return (
        f"Exact boxes: {len(found.overlaps)}. Median overlap {found.median:.3f}, {100 * found.above:.1f} % above "
        f"{LEAST_OVERLAP}. Crops that show no white cell: {others}; that give no exact box: {len(found.without)}."
    )


def _excluded(annotation: FieldAnnotation, box: Box) -> str:
    """Why the thing in ``box`` is no white cell, where a row says so."""
    for place in (*annotation.exclusions, *annotation.deleted):
        own = _box_of(place)
        if own and iou([own], [box])[0, 0] >= TWICE:
            return place.note
        if len(place.place) == 2 and holds(box, place.place):
            return place.note
    return ""


def _box_of(place: Exclusion) -> Box | None:
    return place.place if len(place.place) == 4 else None


def _boxes(keys: Sequence[str]) -> str:
    return f"the blast boxes {' and '.join(keys)}"
