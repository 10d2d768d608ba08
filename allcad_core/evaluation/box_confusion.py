"""Which true cell each box of a detector lies on: what its confusion matrix is counted from, at any threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from allcad_core.datasets.boxes import CellBox
from allcad_core.evaluation.points import Labelled
from allcad_core.results import Box

Floats = NDArray[np.float64]

IOU = 0.5
"""From which overlap on a box lies on a cell; likewise the share of a box that covers what is ignored."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A true cell with the box that lies on it, or one of them alone.

    Attributes:
        field: name of the field.
        cell: ``None`` for a box on which no cell lies, an *extra* one.
        box: ``None`` for a cell on which no box lies at any score, a *missed* one.
    """

    field: str
    cell: CellBox | None
    box: Labelled | None

    @property
    def place(self) -> Box:
        """Where to look in the field: the true box, else that of the detector."""
        if self.cell is not None:
            return self.cell.box
        assert self.box is not None
        return self.box.box


def meetings(
    detections: Mapping[str, Sequence[Labelled]], truth: Mapping[str, Sequence[CellBox]], iou: float = IOU
) -> tuple[Meeting, ...]:
    """Pair boxes and true cells whatever their class, best score first, each box with the free cell it overlaps most.

    Since boxes come by score, hiding those under a threshold leaves all other pairs as they are: one pairing serves every
    threshold. Boxes without a cell that lie on what is ignored are left out, as they are neither right nor wrong.

    Args:
        detections: by field, one label a box.
        truth: by field; its keys say which fields count.
        iou: least overlap, intersection over union.
    """
    found: list[Meeting] = []
    for name, cells in truth.items():
        wanted = [cell for cell in cells if cell.kind != "ignore"]
        ignored = _array([cell.box for cell in cells if cell.kind == "ignore"])
        boxes = sorted(detections.get(name, ()), key=lambda box: -box.score)
        owners = _owners(_array([box.box for box in boxes]), _array([cell.box for cell in wanted]), iou)
        taken = {owner: box for owner, box in zip(owners, boxes, strict=True) if owner is not None}
        found += [Meeting(name, cell, taken.get(number)) for number, cell in enumerate(wanted)]
        free = [box for owner, box in zip(owners, boxes, strict=True) if owner is None]
        found += [Meeting(name, None, box) for box in free if not _lies_on(box.box, ignored, iou)]
    return tuple(found)


def _array(boxes: Sequence[Box]) -> Floats:
    return np.array(boxes, np.float64).reshape(-1, 4)


def _owners(boxes: Floats, cells: Floats, iou: float) -> list[int | None]:
    """Index of the cell that each box lies on; boxes best first."""
    if not len(cells):
        return [None] * len(boxes)
    shared = _shared(boxes, cells)
    overlap = shared / (_area(boxes)[:, None] + _area(cells)[None] - shared)
    free = np.ones(len(cells), np.bool_)
    owners: list[int | None] = []
    for row in overlap:
        best = int(np.where(free, row, -1.0).argmax())
        lies = bool(free[best]) and row[best] >= iou
        owners.append(best if lies else None)
        free[best] &= not lies
    return owners


def _lies_on(box: Box, ignored: Floats, share: float) -> bool:
    one = _array([box])
    return bool((_shared(one, ignored) >= share * _area(one)[:, None]).any())


def _shared(one: Floats, other: Floats) -> Floats:
    overlap = np.minimum(one[:, None, 2:], other[None, :, 2:]) - np.maximum(one[:, None, :2], other[None, :, :2])
    return np.asarray(np.prod(np.clip(overlap, 0, None), axis=-1), np.float64)


def _area(boxes: Floats) -> Floats:
    return np.asarray(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), np.float64)
