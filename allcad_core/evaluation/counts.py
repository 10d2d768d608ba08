"""What is done with boxes in the end: cells counted, their share of blasts, and a field called ill or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from allcad_core.datasets.boxes import CellBox
from allcad_core.evaluation.detector_metrics import match
from allcad_core.evaluation.metrics import ENDS, Estimate
from allcad_core.evaluation.points import Labelled
from allcad_core.intervals import Z_95, Proportion, wilson

Floats = NDArray[np.float64]

DRAWS = 1000


@dataclass(frozen=True, slots=True)
class CountError:
    """How far a counted number is from the true one, a field.

    Attributes:
        mean_absolute: with its bootstrap interval by field.
        bias: mean of counted minus true (Bland & Altman 1986).
        limits: bias minus and plus 1.96 standard deviations of the differences.
        correlation: Pearson's; ``None`` where either side is constant.
    """

    mean_absolute: Estimate
    bias: float
    limits: tuple[float, float]
    correlation: float | None


@dataclass(frozen=True, slots=True)
class Counts:
    """Figures of counting at one confidence.

    Attributes:
        blasts, white_cells: see ``CountError``. Boxes on what is ignored count on neither side.
        share: mean absolute error of the share of blasts over fields with true cells; a field in which no cell was
            counted has a share of 0.
        sensitivity: fields with a true blast in which a box says blast.
        specificity: fields without one in which no box does.
        false_blasts: mean number of blast boxes in fields without a true blast.
    """

    blasts: CountError
    white_cells: CountError
    share: Estimate
    sensitivity: Proportion
    specificity: Proportion
    false_blasts: Estimate


def counts(
    detections: Mapping[str, Sequence[Labelled]],
    truth: Mapping[str, Sequence[CellBox]],
    confidence: float,
    seed: int = 0,
) -> Counts:
    """Count the boxes from a confidence on and compare with the true boxes.

    Args:
        detections: by field, one label a box.
        truth: by field; its keys say which fields count.
        confidence: boxes under this are hidden.
        seed: of the bootstrap.
    """
    shown = {name: [d for d in detections.get(name, ()) if d.score >= confidence] for name in truth}
    counted = {kind: _counted(shown, truth, kind) for kind in ("blast", "healthy")}
    true = {kind: _true(truth, kind) for kind in counted}
    cells, true_cells = sum(counted.values()), sum(true.values())
    share = np.divide(counted["blast"], cells, out=np.zeros(len(truth)), where=cells > 0)
    true_share = np.divide(true["blast"], true_cells, out=np.zeros(len(truth)), where=true_cells > 0)
    ill = true["blast"] > 0
    called = counted["blast"] > 0
    return Counts(
        _error(counted["blast"], true["blast"], seed),
        _error(np.asarray(cells), np.asarray(true_cells), seed),
        _mean(np.abs(share - true_share)[true_cells > 0], seed),
        wilson(int((ill & called).sum()), int(ill.sum())),
        wilson(int((~ill & ~called).sum()), int((~ill).sum())),
        _mean(counted["blast"][~ill], seed),
    )


def _counted(shown: Mapping[str, Sequence[Labelled]], truth: Mapping[str, Sequence[CellBox]], kind: str) -> Floats:
    """Boxes of a label in each field, without those that lie on what is ignored."""
    matches = match(shown, truth, kind, np.array([0.5]))
    return np.bincount(matches.owners, matches.counted[0], len(truth)).astype(np.float64)


def _true(truth: Mapping[str, Sequence[CellBox]], kind: str) -> Floats:
    return np.array([sum(cell.kind == kind for cell in cells) for cells in truth.values()], np.float64)


def _error(counted: Floats, true: Floats, seed: int) -> CountError:
    difference = counted - true
    bias = float(difference.mean())
    spread = Z_95 * float(difference.std(ddof=1)) if difference.size > 1 else 0.0
    varied = difference.size > 1 and counted.std() > 0 and true.std() > 0
    correlation = float(np.corrcoef(counted, true)[0, 1]) if varied else None
    return CountError(_mean(np.abs(difference), seed), bias, (bias - spread, bias + spread), correlation)


def _mean(values: Floats, seed: int) -> Estimate:
    """Mean with its bootstrap interval over fields."""
    if not values.size:
        return Estimate(None)
    drawn = np.random.default_rng(seed).choice(values, (DRAWS, values.size)).mean(axis=1)
    low, high = np.quantile(drawn, ENDS)
    return Estimate(float(values.mean()), float(low), float(high))
