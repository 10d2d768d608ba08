"""Temperature scaling: one number that makes a network's probabilities as sure as they are right (Guo et al. 2017).

Targets are Platt's (1999): with n pictures of a class, (n + 1) / (n + 2) instead of 1. Where a few pictures are told apart
without an error, the likeliest temperature would else be 0, and every later mistake a certainty.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RANGE = (0.05, 20.0)
"""Temperatures that are tried."""


def calibrated(log_odds: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Probabilities 0..1 of log odds, of the same shape (Guo et al. 2017, equation 9, for two classes)."""
    from scipy.special import expit

    return np.asarray(expit(log_odds / temperature), np.float64)


def fit_temperature(log_odds: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """The temperature that makes the probabilities most likely.

    Args:
        log_odds: float64 (n,), logit of blast minus logit of healthy.
        truth: int64 (n,), 1 blast, 0 healthy.

    Returns:
        The temperature, within ``RANGE``.
    """
    from scipy.optimize import minimize_scalar

    counts = np.bincount(truth, minlength=2)[:2]
    own = ((counts + 1) / (counts + 2))[truth]  # how sure the class of each is
    signs = np.where(truth == 1, 1.0, -1.0)

    def loss(log_temperature: float) -> float:
        right = signs * log_odds / np.exp(log_temperature)
        return float((own * np.logaddexp(0, -right) + (1 - own) * np.logaddexp(0, right)).mean())

    low, high = np.log(RANGE)
    return float(np.exp(minimize_scalar(loss, bounds=(low, high), method="bounded").x))
