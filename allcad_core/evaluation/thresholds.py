"""The operating threshold: chosen by one rule on pictures that the fold at hand does not hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RULE = "largest balanced accuracy (Youden 1950); of several such thresholds the one nearest to a probability of 0.5"


def choose(log_odds: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """The log odds from which a cell is called a blast, by ``RULE``.

    Args:
        log_odds: float64 (n,), more for a blast.
        truth: int64 (n,), 1 blast, 0 healthy; both must be there, else the threshold is 0.

    >>> choose(np.array([-3.0, -1.0, 1.0, 2.0, 4.0]), np.array([0, 0, 0, 1, 1]))
    1.5
    """
    blasts = int(truth.sum())
    healthy = truth.size - blasts
    if not blasts or not healthy:
        return 0.0
    order = np.argsort(log_odds, kind="stable")
    levels, labels = log_odds[order], truth[order]
    # Calling everything from place k on a blast: k = 0 calls all, k = n none.
    missed = np.r_[0, np.cumsum(labels == 1)] / blasts
    spared = np.r_[0, np.cumsum(labels == 0)] / healthy
    between = np.r_[levels[0] - 1, (levels[1:] + levels[:-1]) / 2, levels[-1] + 1]
    possible = np.r_[True, np.diff(levels) > 0, True]
    gain = np.where(possible, spared - missed, -np.inf)
    best = np.flatnonzero(gain >= gain.max() - 1e-9)
    # Zero itself may lie between the two levels around a place: then it is as good as their middle.
    low, high = np.r_[-np.inf, levels][best], np.r_[levels, np.inf][best]
    if bool(((low < 0) & (high >= 0)).any()):
        return 0.0
    return float(between[best][np.argmin(np.abs(between[best]))])
