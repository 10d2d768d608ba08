"""What the benchmark of the live page holds against a drawn box, and what not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks.live import WINDOW, Film, judge

WHOLE, CUT, HEALTHY = (100.0, 100.0, 160.0, 160.0), (-30.0, 200.0, 30.0, 260.0), (300.0, 300.0, 350.0, 350.0)
SEEN_OF_CUT = (0.0, 200.0, 30.0, 260.0)


def film() -> Film:
    """One frame with a whole blast, a blast that the left edge halves, one outside, and a healthy cell."""
    outside = (WINDOW[0] + 5.0, 10.0, WINDOW[0] + 65.0, 70.0)
    labels = ("blast", "blast", "healthy", "blast")
    cells = [
        SimpleNamespace(box=box, label=label) for box, label in zip((WHOLE, CUT, HEALTHY, outside), labels, strict=True)
    ]
    smear: Any = SimpleNamespace(cells=cells)
    return Film(smear, np.zeros((1, 2), int))


def told(*boxes: tuple[float, ...]) -> tuple[float, float]:
    found = judge(film(), [(0, [(*box, "blast") for box in boxes])], 1.0)
    return found["recall"], found["precision"]


@pytest.mark.parametrize(
    ("boxes", "recall", "precision"),
    [
        ((WHOLE,), 1.0, 1.0),
        ((WHOLE, SEEN_OF_CUT), 1.0, 1.0),
        ((WHOLE, HEALTHY), 1.0, 0.5),
        ((WHOLE, SEEN_OF_CUT, HEALTHY, (500.0, 20.0, 560.0, 80.0)), 1.0, 1 / 3),
        ((SEEN_OF_CUT,), 0.0, 0.0),
        ((), 0.0, 0.0),
    ],
)
def test_a_box_on_a_blast_at_the_edge_counts_neither_way(
    boxes: tuple[tuple[float, ...], ...], recall: float, precision: float
) -> None:
    assert told(*boxes) == pytest.approx((recall, precision))


def test_what_is_seen_of_a_blast_ends_at_the_frame() -> None:
    assert film().blasts(0) == [WHOLE]
    assert film().cut(0) == [SEEN_OF_CUT]
