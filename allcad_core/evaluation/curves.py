"""The curves behind the figures: ROC, precision and recall, calibration, and every measure against the threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allcad_core.evaluation.metrics import BINS, Floats, Ints, mass_bins
from allcad_core.intervals import wilson

STEPS = 200
"""Steps of the threshold curves between 0 and 1."""

Line = tuple[float, ...]


@dataclass(frozen=True)
class Roc:
    """Receiver operating characteristic: a point for each threshold, from the strictest on."""

    false_positive_rate: Line
    recall: Line
    threshold: Line


@dataclass(frozen=True)
class PrecisionRecall:
    """Precision against recall: a point for each threshold, from the most lenient on."""

    recall: Line
    precision: Line
    threshold: Line


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin of the calibration: mean probability, observed share of blasts with Wilson's interval, how many."""

    probability: float
    share: float
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class ThresholdCurves:
    """Measures against the threshold; not a number where one is not defined."""

    threshold: Line
    accuracy: Line
    balanced_accuracy: Line
    precision: Line
    recall: Line
    specificity: Line
    f1: Line


@dataclass(frozen=True)
class Curves:
    """All curves of some pictures; ROC and precision-recall are ``None`` where a class is missing."""

    roc: Roc | None
    precision_recall: PrecisionRecall | None
    calibration: tuple[Bin, ...]
    thresholds: ThresholdCurves


def curves(truth: Ints, probability: Floats) -> Curves:
    """Curves of calibrated probabilities.

    Args:
        truth: int64 (n,), 1 blast, 0 healthy; n at least 1.
        probability: float64 (n,), of blast.
    """
    both = 0 < int(truth.sum()) < truth.size
    return Curves(
        _roc(truth, probability) if both else None,
        _precision_recall(truth, probability) if both else None,
        calibration_bins(truth, probability),
        threshold_curves(truth, probability),
    )


def _roc(truth: Ints, probability: Floats) -> Roc:
    from sklearn.metrics import roc_curve

    false, recall, threshold = roc_curve(truth, probability)
    return Roc(_line(false), _line(recall), _line(np.minimum(threshold, 1.0)))


def _precision_recall(truth: Ints, probability: Floats) -> PrecisionRecall:
    from sklearn.metrics import precision_recall_curve

    precision, recall, threshold = precision_recall_curve(truth, probability)
    return PrecisionRecall(_line(recall), _line(precision), _line(np.r_[threshold, 1.0]))


def calibration_bins(truth: Ints, probability: Floats) -> tuple[Bin, ...]:
    """Bins of equal mass, from the least probability up. Arguments as ``curves``."""
    return tuple(_bin(truth[part], probability[part]) for part in mass_bins(probability, BINS))


def _bin(truth: Ints, probability: Floats) -> Bin:
    share = wilson(int(truth.sum()), truth.size)
    value, low, high = (float(bound or 0.0) for bound in (share.value, share.low, share.high))
    return Bin(float(probability.mean()), value, low, high, truth.size)


def threshold_curves(truth: Ints, probability: Floats) -> ThresholdCurves:
    """Every measure at evenly spaced thresholds; called a blast is what reaches the threshold."""
    levels = np.linspace(0, 1, STEPS + 1)
    blasts, healthy = np.sort(probability[truth == 1]), np.sort(probability[truth == 0])
    found = blasts.size - np.searchsorted(blasts, levels, side="left")
    false = healthy.size - np.searchsorted(healthy, levels, side="left")
    with np.errstate(divide="ignore", invalid="ignore"):
        recall, specificity = found / blasts.size, 1 - false / healthy.size
        return ThresholdCurves(
            _line(levels),
            _line((found + healthy.size - false) / truth.size),
            _line((recall + specificity) / 2),
            _line(found / (found + false)),
            _line(recall),
            _line(specificity),
            _line(2 * found / (blasts.size + found + false)) if blasts.size else (float("nan"),) * levels.size,
        )


def _line(values: Floats) -> Line:
    return tuple(float(value) for value in values)
