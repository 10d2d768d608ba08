"""Free-response curve of blasts: how many are found at how many false ones a field (Bunch et al. 1977)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allcad_core.evaluation.detector_metrics import DRAWS, Floats, Matches
from allcad_core.evaluation.metrics import ENDS, Estimate

RATES = (0.1, 0.5, 1.0)
"""False blasts a field at which recall is told."""


@dataclass(frozen=True, slots=True)
class FreeResponse:
    """Recall at a number of false blasts a field, and the confidence that gives it (``None``: no box at all is allowed)."""

    false_per_field: float
    recall: Estimate
    confidence: float | None


def free_response(matches: Matches, rates: tuple[float, ...] = RATES, seed: int = 0) -> tuple[FreeResponse, ...]:
    """Recall at each rate, thresholds free, at IoU 0.5, with bootstrap intervals by field.

    Args:
        matches: of the blasts.
        rates: false boxes a field, over all fields.
        seed: of the bootstrap.
    """
    fields = matches.truths.size
    chances = np.full(fields, 1 / max(fields, 1))
    drawn = np.random.default_rng(seed).multinomial(fields, chances, DRAWS).astype(np.float64)
    found = []
    for rate in rates:
        value, place = _recall(matches, np.ones(fields), rate)
        values = np.array([_recall(matches, weights, rate)[0] for weights in drawn])
        values = values[np.isfinite(values)]
        low, high = np.quantile(values, ENDS) if values.size else (None, None)
        estimate = Estimate(value, low, high) if np.isfinite(value) else Estimate(None)
        found.append(FreeResponse(rate, estimate, None if place < 0 else float(matches.scores[place])))
    return tuple(found)


def _recall(matches: Matches, weights: Floats, rate: float) -> tuple[float, int]:
    """Best recall at no more than so many false boxes a field, and the place of the last box that is let in."""
    total = float(weights @ matches.truths)
    if not total:
        return float("nan"), -1
    own = weights[matches.owners]
    false = np.cumsum(matches.counted[0] & ~matches.found[0], dtype=np.float64)
    if own.size:
        false = np.cumsum((matches.counted[0] & ~matches.found[0]) * own)
    # Boxes of one score come in together.
    last = np.r_[matches.scores[1:] != matches.scores[:-1], True] if own.size else np.zeros(0, np.bool_)
    allowed = np.flatnonzero((false <= rate * weights.sum() + 1e-9) & last)
    if not allowed.size:
        return 0.0, -1
    right = np.cumsum(matches.found[0] * own)
    return float(right[allowed[-1]] / total), int(allowed[-1])
