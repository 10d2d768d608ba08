"""Figures of a two-class classifier with their intervals: Wilson's for shares, a bootstrap of whole fields for the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from allcad_core.intervals import EN_DASH, wilson

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

BOOTSTRAP = 1000
"""Times that fields are drawn anew."""
BINS = 10
"""Bins of equal mass of the calibration error."""
ENDS = (0.025, 0.975)
"""Quantiles between which a 95 % percentile interval lies."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure in 0..1 with its 95 % interval; ``None`` where it needs a class that is not there."""

    value: float | None
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        """In per cent with one decimal, the interval joined by an en dash; the dash alone for nothing."""
        if self.value is None:
            return EN_DASH
        if self.low is None or self.high is None:
            return f"{100 * self.value:.1f}\N{NO-BREAK SPACE}%"
        return f"{100 * self.value:.1f}\N{NO-BREAK SPACE}% ({100 * self.low:.1f}{EN_DASH}{100 * self.high:.1f})"


NOTHING = Estimate(None)


@dataclass(frozen=True, slots=True)
class Matrix:
    """The confusion matrix: blasts called blasts, blasts missed, healthy cells called blasts, healthy cells spared."""

    found: int
    missed: int
    false: int
    spared: int

    @property
    def blasts(self) -> int:
        """How many there are."""
        return self.found + self.missed

    @property
    def healthy(self) -> int:
        """How many there are."""
        return self.false + self.spared

    @property
    def total(self) -> int:
        """All of them."""
        return self.blasts + self.healthy


@dataclass(frozen=True, slots=True)
class Measures:
    """The nine measures, each with its interval; *blast* stands for *leukaemia* where whole fields are judged.

    Attributes:
        accuracy: share judged right.
        balanced_accuracy: mean of recall and specificity.
        precision: share of blasts among what was called so.
        recall: share of the blasts that were called so (sensitivity).
        f1: harmonic mean of precision and recall.
        specificity: share of the healthy that were called so.
        auroc: chance that a blast gets more probability than a healthy cell, ties counted half.
        average_precision: precision, averaged over the blasts from the surest on.
        calibration_error: mean distance between probability and observed share in bins of equal mass (ECE).
    """

    accuracy: Estimate = NOTHING
    balanced_accuracy: Estimate = NOTHING
    precision: Estimate = NOTHING
    recall: Estimate = NOTHING
    f1: Estimate = NOTHING
    specificity: Estimate = NOTHING
    auroc: Estimate = NOTHING
    average_precision: Estimate = NOTHING
    calibration_error: Estimate = NOTHING

    def items(self) -> tuple[tuple[str, Estimate], ...]:
        """Name and estimate of each measure."""
        return tuple((entry.name, getattr(self, entry.name)) for entry in fields(self))


NAMES: tuple[str, ...] = tuple(entry.name for entry in fields(Measures))


@dataclass(frozen=True, slots=True)
class Figures:
    """What was counted and measured over some pictures."""

    matrix: Matrix
    measures: Measures


@dataclass(frozen=True, eq=False)
class Sample:
    """What a classifier said of some pictures.

    Attributes:
        truth: int64 (n,), 1 blast, 0 healthy.
        said: bool (n,), called a blast.
        probability: float64 (n,), of blast.
        groups: str or int (n,), the same for pictures that are drawn together.
    """

    truth: Ints
    said: Bools
    probability: Floats
    groups: NDArray[np.str_]

    def part(self, chosen: Bools) -> Sample:
        """Those that are chosen."""
        return Sample(self.truth[chosen], self.said[chosen], self.probability[chosen], self.groups[chosen])


def figures(sample: Sample, seed: int = 0) -> Figures:
    """Matrix and measures of a sample.

    Args:
        sample: at least one picture.
        seed: of the bootstrap.
    """
    matrix, values = confusion(sample), values_of(sample)
    drawn = ends_of(drawn_values(sample, draws(sample.groups, seed)))
    shares = {
        "accuracy": wilson(matrix.found + matrix.spared, matrix.total),
        "precision": wilson(matrix.found, matrix.found + matrix.false),
        "recall": wilson(matrix.found, matrix.blasts),
        "specificity": wilson(matrix.spared, matrix.healthy),
    }
    estimates = {name: Estimate(values[name], *drawn[name]) for name in NAMES}
    estimates |= {name: Estimate(share.value, share.low, share.high) for name, share in shares.items()}
    return Figures(matrix, Measures(**estimates))


def mean_over_folds(samples: Sequence[Sample], seed: int = 0) -> Measures:
    """Each measure as the mean over folds in which it is defined; fields are drawn anew within each fold.

    Args:
        samples: one a fold.
        seed: of the bootstrap.
    """
    values = [values_of(sample) for sample in samples]
    drawn = [drawn_values(sample, draws(sample.groups, seed + fold)) for fold, sample in enumerate(samples)]
    found = {}
    for name in NAMES:
        defined = [index for index, entry in enumerate(values) if entry[name] is not None]
        if defined:
            mean = float(np.mean([values[index][name] for index in defined]))
            ends = ends_of({name: np.mean([drawn[index][name] for index in defined], axis=0)})[name]
            found[name] = Estimate(mean, *ends)
    return Measures(**found)


def confusion(sample: Sample) -> Matrix:
    """Count right and wrong."""
    blast, said = sample.truth == 1, sample.said
    counts = (blast & said, blast & ~said, ~blast & said, ~blast & ~said)
    return Matrix(*(int(which.sum()) for which in counts))


def values_of(sample: Sample) -> dict[str, float | None]:
    """The measures; ``None`` where one is not defined. The two that need ranks are scikit-learn's."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    truth, chance = sample.truth, sample.probability
    matrix = confusion(sample)
    both = bool(matrix.blasts and matrix.healthy)
    recall, specificity = _share(matrix.found, matrix.blasts), _share(matrix.spared, matrix.healthy)
    return {
        "accuracy": _share(matrix.found + matrix.spared, matrix.total),
        "balanced_accuracy": None if recall is None or specificity is None else (recall + specificity) / 2,
        "precision": _share(matrix.found, matrix.found + matrix.false),
        "recall": recall,
        "f1": _share(2 * matrix.found, matrix.blasts + matrix.found + matrix.false) if matrix.blasts else None,
        "specificity": specificity,
        "auroc": float(roc_auc_score(truth, chance)) if both else None,
        "average_precision": float(average_precision_score(truth, chance)) if matrix.blasts else None,
        "calibration_error": calibration_error(truth, chance),
    }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def calibration_error(truth: Ints, probability: Floats, bins: int = BINS) -> float:
    """Expected calibration error of the blast probability in bins of equal mass (Nguyen & O'Connor 2015).

    Args:
        truth: int64 (n,), 1 blast, 0 healthy.
        probability: float64 (n,), of blast.
        bins: as many pictures in each, as far as that goes.

    >>> calibration_error(np.array([0, 1, 1, 1]), np.array([0.0, 0.5, 1.0, 1.0]), bins=4)
    0.125
    """
    parts = mass_bins(probability, bins)
    return float(sum(abs(float((probability[part] - truth[part]).sum())) for part in parts) / truth.size)


def mass_bins(probability: Floats, bins: int = BINS) -> list[Ints]:
    """Indices of the pictures of each bin, from the least probability up, as many in each as can be; no bin is empty."""
    order = np.argsort(probability, kind="stable")
    return [part for part in np.array_split(order, bins) if part.size]


def draws(groups: NDArray[np.str_], seed: int) -> Floats:
    """How often each picture is drawn: float64 (BOOTSTRAP, n); pictures of a group are drawn together."""
    names, owner = np.unique(groups, return_inverse=True)
    chances = np.full(names.size, 1 / names.size)
    drawn = np.random.default_rng(seed).multinomial(names.size, chances, BOOTSTRAP)
    return np.asarray(drawn[:, owner], np.float64)


def drawn_values(sample: Sample, weights: Floats) -> dict[str, Floats]:
    """Each measure of each draw, float64 (draws,); not a number where a draw does not define it."""
    blast, said = (sample.truth == 1).astype(np.float64), sample.said.astype(np.float64)
    found, false = weights @ (blast * said), weights @ ((1 - blast) * said)
    blasts, healthy = weights @ blast, weights @ (1 - blast)
    with np.errstate(divide="ignore", invalid="ignore"):
        recall, specificity = found / blasts, 1 - false / healthy
        precision = found / (found + false)
        return {
            "accuracy": (found + healthy - false) / (blasts + healthy),
            "balanced_accuracy": (recall + specificity) / 2,
            "precision": precision,
            "recall": recall,
            "f1": np.where(blasts > 0, 2 * found / (blasts + found + false), np.nan),
            "specificity": specificity,
            **_drawn_ranks(blast, sample.probability, weights),
            "calibration_error": _drawn_calibration(blast, sample.probability, weights),
        }


def _drawn_ranks(blast: Floats, probability: Floats, weights: Floats) -> dict[str, Floats]:
    """AUROC and average precision of each draw; equal probabilities are one step of either curve."""
    order = np.argsort(-probability, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(probability[order]) != 0])
    blasts = np.add.reduceat(weights[:, order] * blast[order], starts, axis=1)
    healthy = np.add.reduceat(weights[:, order] * (1 - blast[order]), starts, axis=1)
    below = healthy.sum(axis=1, keepdims=True) - np.cumsum(healthy, axis=1)
    area = (blasts * (below + healthy / 2)).sum(axis=1) / (blasts.sum(axis=1) * healthy.sum(axis=1))
    called = np.cumsum(blasts + healthy, axis=1)
    precision = np.divide(np.cumsum(blasts, axis=1), called, out=np.zeros_like(called), where=called > 0)
    return {"auroc": area, "average_precision": (precision * blasts).sum(axis=1) / blasts.sum(axis=1)}


def _drawn_calibration(blast: Floats, probability: Floats, weights: Floats) -> Floats:
    """Calibration error of each draw, in the bins of the sample itself."""
    gaps = [np.abs(weights[:, part] @ (probability - blast)[part]) for part in mass_bins(probability)]
    return np.asarray(np.sum(gaps, axis=0) / weights.sum(axis=1))


def ends_of(drawn: Mapping[str, Floats]) -> dict[str, tuple[float | None, float | None]]:
    """Percentile intervals over the draws that define a measure."""
    found: dict[str, tuple[float | None, float | None]] = {}
    for name, values in drawn.items():
        defined = values[np.isfinite(values)]
        low, high = np.quantile(defined, ENDS) if defined.size else (None, None)
        found[name] = (None, None) if low is None or high is None else (float(low), float(high))
    return found
