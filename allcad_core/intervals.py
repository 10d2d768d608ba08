"""Confidence intervals for counted things."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z_95 = 1.959963984540054
"""Standard normal quantile of 0.975: two-sided 95 % intervals."""

EN_DASH = "\N{EN DASH}"
"""Joins the ends of an interval; alone, it says that there is nothing to show."""


@dataclass(frozen=True, slots=True)
class Proportion:
    """A share with its interval, all in 0..1; all ``None`` where nothing was counted."""

    value: float | None
    low: float | None
    high: float | None

    def __str__(self) -> str:
        """In whole per cent with a no-break space, the interval joined by an en dash; the dash alone for nothing."""
        if self.value is None or self.low is None or self.high is None:
            return EN_DASH
        return f"{100 * self.value:.0f}\N{NO-BREAK SPACE}% ({100 * self.low:.0f}{EN_DASH}{100 * self.high:.0f})"


def wilson(successes: int, total: int, z: float = Z_95) -> Proportion:
    """Wilson score interval of a binomial share (Wilson 1927).

    It covers the error of counting only, not the error of the model that labelled what is counted.

    Args:
        successes: counted successes, 0 <= successes <= total.
        total: number of trials; 0 gives an empty proportion.
        z: standard normal quantile of the wanted coverage.

    Raises:
        ValueError: the counts are negative or ``successes`` exceeds ``total``.

    >>> share = wilson(12, 21)
    >>> round(share.low, 3), round(share.high, 3)
    (0.365, 0.755)
    """
    if not 0 <= successes <= total:
        raise ValueError(f"{successes} successes of {total} trials is not a proportion.")
    if total == 0:
        return Proportion(None, None, None)
    share = successes / total
    spread = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    centre = share + z * z / (2 * total)
    scale = 1 + z * z / total
    # At the ends the bound is the end itself; the formula misses it by a rounding error.
    low = 0.0 if successes == 0 else (centre - spread) / scale
    high = 1.0 if successes == total else (centre + spread) / scale
    return Proportion(share, low, high)
