"""Two stored detectors on the same held-out fields: whose boxes find and name more white cells, and whose are false."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from allcad_core.datasets.boxes import CellBox, read_boxes
from allcad_core.errors import DataError
from allcad_core.evaluation import detector_report
from allcad_core.evaluation.box_confusion import meetings
from allcad_core.evaluation.metrics import draws, ends_of
from allcad_core.evaluation.points import Labelled
from allcad_core.evaluation.versus import mcnemar
from allcad_core.predictions import RESULTS

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class BoxVersus:
    """Two detectors, each at its default confidence.

    Attributes:
        first, second: their names.
        protocol: which folds.
        fields, cells: how many both looked at: fields, and drawn white cells in them.
        first_right, second_right: cells that were found and named right.
        first_only, second_only: cells that only one of them got right.
        first_extra, second_extra: boxes on no white cell.
        p_value: of the exact McNemar test, which takes the cells for independent.
        difference: share right of the second minus that of the first.
        low, high: ends of its 95 % interval, a paired bootstrap that draws whole fields.
    """

    first: str
    second: str
    protocol: str
    fields: int
    cells: int
    first_right: int
    second_right: int
    first_only: int
    second_only: int
    first_extra: int
    second_extra: int
    p_value: float
    difference: float
    low: float
    high: float

    @property
    def told_apart(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


def compare(
    first: str, second: str, protocol: str, results: Path = RESULTS, boxes: Path = detector_report.BOXES
) -> BoxVersus:
    """Compare two stored detectors on the fields that both looked at.

    Raises:
        DataError: nothing is stored of one, they share no field, or nobody drew boxes in one.
    """
    stored = [detector_report.stored(name, protocol, results) for name in (first, second)]
    shared = sorted(stored[0][0].keys() & stored[1][0].keys())
    drawn = read_boxes(boxes)
    if not shared or any(name not in drawn for name in shared):
        raise DataError(f"'{first}' and '{second}' looked at no field both in which boxes were drawn.")
    shown = [
        {name: [box for box in found[name] if box.score >= least] for name in shared} for found, _, least in stored
    ]
    return contrast(first, second, protocol, shown[0], shown[1], {name: drawn[name] for name in shared})


def contrast(
    first: str,
    second: str,
    protocol: str,
    ones: Mapping[str, Sequence[Labelled]],
    others: Mapping[str, Sequence[Labelled]],
    truth: Mapping[str, Sequence[CellBox]],
) -> BoxVersus:
    """The same, of boxes that are shown, by field. Raises DataError where no cell is drawn."""
    right, fields, extra = zip(*(_right(boxes, truth) for boxes in (ones, others)), strict=True)
    one, other = right
    if not one.size:
        raise DataError(f"No white cell is drawn in the fields that '{first}' and '{second}' looked at.")
    weights = draws(fields[0], 0)
    gain = other.astype(np.float64) - one.astype(np.float64)
    drawn = np.divide(weights @ gain, weights.sum(axis=1), out=np.zeros(len(weights)), where=weights.sum(axis=1) > 0)
    low, high = ends_of({"gain": drawn})["gain"]
    first_only, second_only = int((one & ~other).sum()), int((other & ~one).sum())
    return BoxVersus(
        first=first,
        second=second,
        protocol=protocol,
        fields=len(truth),
        cells=one.size,
        first_right=int(one.sum()),
        second_right=int(other.sum()),
        first_only=first_only,
        second_only=second_only,
        first_extra=extra[0],
        second_extra=extra[1],
        p_value=mcnemar(first_only, second_only),
        difference=float(gain.mean()),
        low=low or 0.0,
        high=high or 0.0,
    )


def _right(
    boxes: Mapping[str, Sequence[Labelled]], truth: Mapping[str, Sequence[CellBox]]
) -> tuple[Bools, NDArray[np.str_], int]:
    """Which drawn cells were found and named right, in which field each lies, and how many boxes lie on none."""
    pairs = meetings(boxes, truth)
    cells = [pair for pair in pairs if pair.cell is not None]
    right = [pair.box is not None and pair.cell is not None and pair.box.label == pair.cell.kind for pair in cells]
    fields = np.array([pair.field for pair in cells], np.str_)
    return np.array(right, np.bool_), fields, sum(pair.cell is None for pair in pairs)
