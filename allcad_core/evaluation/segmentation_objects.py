"""How many white cells of full fields a method finds: regions against the experts' masks and against our boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from allcad_core.datasets import FieldRecord, allidb1
from allcad_core.datasets.boxes import COUNTED, CellBox, read_boxes
from allcad_core.detection.base import iou
from allcad_core.errors import DataError
from allcad_core.intervals import Proportion, wilson
from allcad_core.results import holds
from allcad_core.segmentation import Region, Segmentation, methods, segment

SAME = 0.5
"""Intersection over union from which a region and an object are the same."""
SMALLEST = 200
"""Pieces of an expert mask under so many px are slips of the pen."""
COVERED = 0.5
"""A region that lies in an ignored box to more than this share counts neither way."""


@dataclass(frozen=True, slots=True)
class ObjectFigures:
    """Objects of one method on full fields.

    Attributes:
        method: its name.
        truth: ``masks``, components of the experts' masks of whole cells, or ``boxes``, our boxes of white cells.
        fields: how many were looked at.
        objects, regions, same: how many there are, how many the method has, how many of them are the same.
        recall, precision: shares with Wilson's intervals.
        median_overlap: median IoU of the boxes that are the same.
        points, points_hit: expert centroids, and those inside a region's box of their own.
    """

    method: str
    truth: str
    fields: int
    objects: int
    regions: int
    same: int
    recall: Proportion
    precision: Proportion
    median_overlap: float
    points: int = 0
    points_hit: int = 0


def report(
    data: Path, names: Sequence[str] | None = None, *, boxes: bool = True, device: str | None = None
) -> list[ObjectFigures]:
    """Object figures of each method. Raises UnknownNameError and DataError."""
    records = allidb1.fields(data)
    drawn = read_boxes() if boxes else {}
    found = []
    for name in names or methods():
        against_masks, against_boxes = _Tally(), _Tally()
        for record in records:
            if record.white_mask is None and record.name not in drawn:
                continue
            made = segment(record.read().pixels, name, device)
            if record.white_mask is not None:
                against_masks.add(*_mask_overlaps(made, record.read_white_mask()))
            if record.name in drawn:
                against_boxes.add(*_box_overlaps(made.regions, drawn[record.name]))
                against_boxes.add_points(made.regions, record)
        if not against_masks.fields and not against_boxes.fields:
            raise DataError(f"No expert masks and no boxes of {allidb1.NAME} are at hand.")
        found += [tally.figures(name, truth) for truth, tally in
                  (("masks", against_masks), ("boxes", against_boxes)) if tally.fields]  # fmt: skip
    return found


class _Tally:
    """Counts over fields."""

    def __init__(self) -> None:
        self.fields = self.objects = self.regions = self.points = self.points_hit = 0
        self.overlaps: list[float] = []

    def add(self, table: NDArray[np.float64], regions: int) -> None:
        rows, columns = linear_sum_assignment(-table)
        values = table[rows, columns]
        self.fields += 1
        self.objects += table.shape[0]
        self.regions += regions
        self.overlaps += values[values >= SAME].tolist()

    def add_points(self, regions: Sequence[Region], record: FieldRecord) -> None:
        inside = np.array([[holds(one.box, point) for one in regions] for point in record.blast_points], np.float64)
        self.points += len(record.blast_points)
        if inside.size:
            rows, columns = linear_sum_assignment(-inside)
            self.points_hit += int(inside[rows, columns].sum())

    def figures(self, method: str, truth: str) -> ObjectFigures:
        same = len(self.overlaps)
        return ObjectFigures(
            method, truth, self.fields, self.objects, self.regions, same,
            wilson(same, self.objects), wilson(same, self.regions),
            float(np.median(self.overlaps)) if same else float("nan"), self.points, self.points_hit,
        )  # fmt: skip


def _mask_overlaps(found: Segmentation, mask: NDArray[np.bool_]) -> tuple[NDArray[np.float64], int]:
    """IoU of pixels of each component of a mask with each region, (objects, regions), and how many regions."""
    _, objects, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    keep = np.flatnonzero(stats[:, cv2.CC_STAT_AREA] >= SMALLEST)[1:]
    count = len(found.regions)
    numbers = np.zeros(len(stats), np.int64)
    numbers[keep] = np.arange(1, keep.size + 1)
    pairs = numbers[objects] * (count + 1) + found.labels
    table = np.bincount(pairs.ravel(), minlength=(keep.size + 1) * (count + 1)).reshape(keep.size + 1, count + 1)
    shared = table[1:, 1:].astype(np.float64)
    union = table[1:].sum(axis=1)[:, None] + table[:, 1:].sum(axis=0)[None] - shared
    return shared / np.maximum(union, 1), count


def _box_overlaps(regions: Sequence[Region], drawn: Sequence[CellBox]) -> tuple[NDArray[np.float64], int]:
    """IoU of each counted box with each region's box, and how many regions count."""
    counted = [one.box for one in drawn if one.kind in COUNTED]
    ignored = [one.box for one in drawn if one.kind not in COUNTED]
    table = (
        iou(counted, [region.box for region in regions])
        if counted and regions
        else np.zeros((len(counted), len(regions)))
    )
    taken = table.max(axis=0, initial=0) >= SAME
    left_out = sum(not hit and _covered(region, ignored) for hit, region in zip(taken, regions, strict=True))
    return table, len(regions) - left_out


def _covered(region: Region, boxes: Sequence[tuple[float, float, float, float]]) -> bool:
    x0, y0, x1, y1 = region.box
    area = (x1 - x0) * (y1 - y0)
    return any(
        max(0.0, min(x1, box[2]) - max(x0, box[0])) * max(0.0, min(y1, box[3]) - max(y0, box[1])) > COVERED * area
        for box in boxes
    )


def by_truth(figures: Sequence[ObjectFigures]) -> Mapping[str, list[ObjectFigures]]:
    """The same, by what they were compared with."""
    return {truth: [one for one in figures if one.truth == truth] for truth in ("masks", "boxes")}
