"""How two masks of one smear agree: the pixels that both, only one or only the other hold, and Dice over its cells."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

RESAMPLES = 1000
FEWEST_CELLS = 4
"""With fewer to draw from, an interval says nothing."""
SPECK = 0.0002
"""Objects under this share of the picture are no cells; together they are one part that every resample holds."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two masks of one picture.

    Attributes:
        both: pixels that both hold.
        only_one: pixels of the first alone; against the truth, what was taken too much.
        only_other: pixels of the second alone; against the truth, what was missed.
        low, high: ends of the 95 % interval of ``dice``; ``None`` where there are too few cells to draw from.
    """

    both: int
    only_one: int
    only_other: int
    low: float | None = None
    high: float | None = None

    @property
    def dice(self) -> float:
        """2 |A and B| / (|A| + |B|): 1 where both are empty."""
        total = 2 * self.both + self.only_one + self.only_other
        return 2 * self.both / total if total else 1.0

    @property
    def jaccard(self) -> float:
        """|A and B| / |A or B|, the share of what either holds on which they agree: 1 where both are empty."""
        total = self.both + self.only_one + self.only_other
        return self.both / total if total else 1.0


def agreement(one: Mask, other: Mask, seed: int = 0) -> Agreement:
    """Compare two masks.

    The interval is a percentile bootstrap over the cells of this picture: the 8-connected parts of what either mask
    holds are drawn again with replacement.

    Args:
        one: bool (height, width).
        other: bool (height, width).
        seed: of the bootstrap.

    >>> agreement(np.array([[True, True]]), np.array([[True, False]])).dice
    0.6666666666666666
    """
    both, first, second = one & other, int(one.sum()), int(other.sum())
    shared = int(both.sum())
    parts = _parts(one, other, both)
    low, high = _interval(parts, np.random.default_rng(seed)) if len(parts) > FEWEST_CELLS else (None, None)
    return Agreement(shared, first - shared, second - shared, low, high)


def _parts(one: Mask, other: Mask, both: Mask) -> NDArray[np.float64]:
    """Pixels shared and pixels held in all, a row a part; the first row is all specks together."""
    either = (one | other).view(np.uint8)
    count, numbers, stats, _ = cv2.connectedComponentsWithStats(either, connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA]
    large = areas >= SPECK * one.size
    large[0] = False
    held = either.view(bool)
    shared = np.bincount(numbers[both], minlength=count).astype(np.float64)
    total = np.bincount(numbers[held], minlength=count) + shared  # |A| + |B| = |A or B| + |A and B|
    rows = np.stack([shared, total], axis=1)
    small = rows[1:][~large[1:]].sum(axis=0)
    return np.concatenate([small[None], rows[large]])


def _interval(parts: NDArray[np.float64], rng: np.random.Generator) -> tuple[float, float]:
    cells = len(parts) - 1
    drawn = rng.multinomial(cells, np.full(cells, 1 / cells), size=RESAMPLES)
    shared, total = (drawn @ parts[1:] + parts[0]).T
    low, high = np.quantile(np.divide(2 * shared, total, out=np.ones_like(shared), where=total > 0), [0.025, 0.975])
    return float(low), float(high)


def dice_by_threshold(grey: NDArray[np.uint8], truth: Mask) -> NDArray[np.float64]:
    """Dice of the mask ``grey <= t`` with the truth for every grey level t, float64 (256,).

    Args:
        grey: uint8 (height, width).
        truth: bool (height, width).
    """
    inside = np.cumsum(np.bincount(grey[truth], minlength=256))
    taken = np.cumsum(np.bincount(grey.ravel(), minlength=256))
    total = taken + int(truth.sum())
    dice: NDArray[np.float64] = np.divide(2.0 * inside, total, out=np.ones(256), where=total > 0)
    return dice
