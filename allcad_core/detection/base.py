"""What every detector gives, and how boxes are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from allcad_core.results import Box, Label


@dataclass(frozen=True, eq=False)
class Detections:
    """Boxes of white cells in one field, best first.

    Attributes:
        boxes: float64 (n, 4), x0, y0, x1, y1 in px of the field.
        scores: float64 (n,), 0..1.
        labels: one a box, or ``None`` from a detector that finds cells without telling them apart.
    """

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    labels: tuple[Label, ...] | None = None

    def box_list(self) -> list[Box]:
        """The boxes as plain tuples, as cells and stored predictions carry them."""
        return [(x0, y0, x1, y1) for x0, y0, x1, y1 in self.boxes.tolist()]


def iou(one: ArrayLike, other: ArrayLike) -> NDArray[np.float64]:
    """Intersection over union of every box of ``one`` (n, 4) with every box of ``other`` (m, 4): float64 (n, m)."""
    first = np.asarray(one, np.float64).reshape(-1, 1, 4)
    second = np.asarray(other, np.float64).reshape(1, -1, 4)
    overlap = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    shared = np.prod(np.clip(overlap, 0, None), axis=-1)
    areas = [np.prod(np.clip(boxes[..., 2:] - boxes[..., :2], 0, None), axis=-1) for boxes in (first, second)]
    union = areas[0] + areas[1] - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0), np.float64)


def match(boxes: ArrayLike, candidates: ArrayLike, least: float = 0.3) -> Sequence[int | None]:
    """For each box the index of the candidate that overlaps it most, or ``None`` under an IoU of ``least``."""
    table = iou(boxes, candidates)
    if table.shape[1] == 0:
        return [None] * table.shape[0]
    best = table.argmax(axis=1)
    return [int(index) if row[index] >= least else None for row, index in zip(table, best, strict=True)]
