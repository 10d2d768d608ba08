"""Two classifiers on the same held-out cells: what either gets right, and what the second adds to the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from allcad_core.datasets import allidb1
from allcad_core.errors import DataError
from allcad_core.evaluation.points import BOOTSTRAP
from allcad_core.predictions import RESULTS, CellPrediction, read

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CellFigures:
    """What a classifier gets right; a figure is ``None`` where it needs a class that is not there.

    Attributes:
        accuracy: share of cells labelled right at a probability of 0.5.
        balanced_accuracy: mean of that share over both classes.
        auroc: chance that a blast gets more log odds than a healthy cell, ties counted half.
    """

    accuracy: float | None
    balanced_accuracy: float | None
    auroc: float | None


@dataclass(frozen=True)
class Pair:
    """Both classifiers over the same cells, with the number of blasts and healthy cells among them."""

    blasts: int
    healthy: int
    first: CellFigures
    second: CellFigures


@dataclass(frozen=True)
class Comparison:
    """Two classifiers under one protocol.

    Attributes:
        first, second: their names.
        protocol: which folds.
        pooled: over all cells; the folds' log odds are ranked together as they are.
        by_session: over the cells of each sitting.
        auroc_difference: AUROC of the second minus the first, pooled, with its 95 % percentile bootstrap interval over
            fields (value, low, high); not a number where it is not defined.
    """

    first: str
    second: str
    protocol: str
    pooled: Pair
    by_session: dict[str, Pair]
    auroc_difference: tuple[float, float, float]


def compare(first: str, second: str, protocol: str, data: Path, results: Path = RESULTS) -> Comparison:
    """Compare the stored predictions of two classifiers, cell by cell.

    Raises:
        DataError: predictions or data are missing, or the two judged other cells.
    """
    ones, others = (
        sorted(
            (row for row in read(CellPrediction, "cell", protocol, name, results) if row.dataset == allidb1.NAME),
            key=_cell,
        )
        for name in (first, second)
    )
    if [_cell(row) for row in ones] != [_cell(row) for row in others]:
        raise DataError(f"'{first}' and '{second}' judged other cells under '{protocol}', so they cannot be compared.")
    truth = np.array([row.truth for row in ones], np.int64)
    odds = np.array([[row.log_odds for row in rows] for rows in (ones, others)], np.float64)
    fields = np.array([row.image for row in ones])
    session_of = {record.name: str(record.session) for record in allidb1.fields(data)}
    sessions = np.array([session_of.get(name, "unknown") for name in fields])
    return Comparison(
        first,
        second,
        protocol,
        _pair(truth, odds),
        {str(name): _pair(truth[sessions == name], odds[:, sessions == name]) for name in np.unique(sessions)},
        auroc_difference(truth, odds[0], odds[1], fields),
    )


def auroc(truth: Ints, odds: Floats) -> float:
    """Area under the ROC curve by ranks (Mann & Whitney 1947); not a number where a class is missing.

    Args:
        truth: int64 (n,), 1 blast, 0 healthy.
        odds: float64 (n,), more for a blast.
    """
    blasts = int(truth.sum())
    healthy = truth.size - blasts
    if not blasts or not healthy:
        return float("nan")
    above = float(rankdata(odds)[truth == 1].sum()) - blasts * (blasts + 1) / 2
    return above / (blasts * healthy)


def auroc_difference(
    truth: Ints, first: Floats, second: Floats, fields: Sequence[str] | NDArray[np.str_], seed: int = 0
) -> tuple[float, float, float]:
    """AUROC of the second minus the first, with a paired bootstrap interval: whole fields are drawn, for both at once.

    Args:
        truth: int64 (n,), 1 blast, 0 healthy.
        first: float64 (n,), log odds of the cells by one classifier.
        second: float64 (n,), those by the other.
        fields: name of the field of each cell.
        seed: of the bootstrap.

    Returns:
        The difference and the ends of its 95 % percentile interval; draws that lack a class are left out.
    """
    rng = np.random.default_rng(seed)
    names, owner = np.unique(np.asarray(fields), return_inverse=True)
    members = [np.flatnonzero(owner == index) for index in range(names.size)]
    differences = []
    for _ in range(BOOTSTRAP if names.size else 0):
        drawn = np.concatenate([members[index] for index in rng.integers(0, names.size, names.size)])
        differences.append(auroc(truth[drawn], second[drawn]) - auroc(truth[drawn], first[drawn]))
    defined = np.array([value for value in differences if not np.isnan(value)])
    if not defined.size:
        return (float("nan"),) * 3
    low, high = np.quantile(defined, [0.025, 0.975])
    return auroc(truth, second) - auroc(truth, first), float(low), float(high)


def _pair(truth: Ints, odds: Floats) -> Pair:
    blasts = int(truth.sum())
    return Pair(blasts, truth.size - blasts, _figures(truth, odds[0]), _figures(truth, odds[1]))


def _figures(truth: Ints, odds: Floats) -> CellFigures:
    right = (odds >= 0) == (truth == 1)
    shares = [float(right[truth == label].mean()) for label in (0, 1) if (truth == label).any()]
    both = len(shares) == 2
    return CellFigures(
        float(right.mean()) if right.size else None,
        sum(shares) / 2 if both else None,
        auroc(truth, odds) if both else None,
    )


def _cell(row: CellPrediction) -> tuple[str, float, float, float, float, int]:
    """Field, box and truth: the same for both classifiers."""
    return row.image, row.x0, row.y0, row.x1, row.y1, row.truth
