"""The operating threshold: chosen by one rule on pictures that the fold at hand does not hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RULE = (
    "the threshold nearest to a probability of 0.5 whose balanced accuracy lies within one standard error of the largest "
    "(Youden 1950; Breiman et al. 1984)"
)


def choose(log_odds: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """The log odds from which a cell is called a blast, by ``RULE``.

    The very largest balanced accuracy of a hundred pictures is mostly luck, and on the next hospital's stain luck turns:
    networks were trained on as many blasts as healthy cells, so 0.5 is left only where the pictures speak against it.

    Args:
        log_odds: float64 (n,), more for a blast.
        truth: int64 (n,), 1 blast, 0 healthy; both must be there, else the threshold is 0.

    >>> choose(np.array([-3.0, -1.0, 1.0, 2.0, 4.0]), np.array([0, 0, 0, 1, 1]))
    1.5
    >>> choose(np.array([1.0] * 50 + [4.0] * 50), np.array([0] * 50 + [1] * 50))
    2.5
    """
    blasts = int(truth.sum())
    healthy = truth.size - blasts
    if not blasts or not healthy:
        return 0.0
    order = np.argsort(log_odds, kind="stable")
    levels, labels = log_odds[order], truth[order]
    # Calling everything from place k on a blast: k = 0 calls all, k = n none.
    missed = np.r_[0, np.cumsum(labels == 1)]
    spared = np.r_[0, np.cumsum(labels == 0)]
    between = np.r_[levels[0] - 1, (levels[1:] + levels[:-1]) / 2, levels[-1] + 1]
    possible = np.r_[True, np.diff(levels) > 0, True]
    gain = np.where(possible, spared / healthy - missed / blasts, -np.inf)
    best = int(np.argmax(gain))
    error = np.hypot(_error(blasts - missed[best], blasts), _error(spared[best], healthy))
    good = np.flatnonzero(gain >= gain[best] - error)
    # Zero itself may lie between the two levels around a place: then it is as good as their middle.
    low, high = np.r_[-np.inf, levels][good], np.r_[levels, np.inf][good]
    if bool(((low < 0) & (high >= 0)).any()):
        return 0.0
    return float(between[good][np.argmin(np.abs(between[good]))])


def _error(hits: int, count: int) -> float:
    """Standard error of a proportion, two successes and two failures added (Agresti & Coull 1998), so that it is never 0."""
    share = (hits + 2) / (count + 4)
    return float(np.sqrt(share * (1 - share) / (count + 4)))
