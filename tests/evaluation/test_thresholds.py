"""The operating threshold is the best one, and the curves pass through what is counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allcad_core.evaluation.curves import curves, threshold_curves
from allcad_core.evaluation.thresholds import choose

ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(-8, 8)), min_size=2, max_size=40).filter(
    lambda rows: 0 < sum(truth for truth, _ in rows) < len(rows)
)


def balanced(odds: np.ndarray, truth: np.ndarray, threshold: float) -> float:
    said = odds >= threshold
    return float(said[truth == 1].mean() + (~said[truth == 0]).mean()) / 2


@given(ROWS)
def test_no_threshold_is_better_by_more_than_its_standard_error(rows: list[tuple[int, int]]) -> None:
    truth, odds = np.array([row[0] for row in rows]), np.array([row[1] for row in rows], np.float64)
    chosen = balanced(odds, truth, choose(odds, truth))
    best = max(balanced(odds, truth, level) for level in np.arange(-9, 10, 0.5))
    largest_error = np.sqrt(sum(0.25 / (int((truth == label).sum()) + 4) for label in (0, 1))) / 2
    assert best - largest_error <= chosen <= best


@given(ROWS)
def test_the_plain_answer_is_left_for_a_better_one_only(rows: list[tuple[int, int]]) -> None:
    truth, odds = np.array([row[0] for row in rows]), np.array([row[1] for row in rows], np.float64)
    level = choose(odds, truth)
    assert level == 0 or balanced(odds, truth, level) > balanced(odds, truth, 0.0)


def test_a_clear_shift_moves_the_threshold_and_a_doubtful_one_does_not() -> None:
    many = np.repeat([1.0, 4.0], 50)
    assert choose(many, np.repeat([0, 1], 50)) == 2.5
    few = np.r_[np.full(20, -2.0), 1.0, np.full(20, 4.0)]
    assert choose(few, np.repeat([0, 1], [21, 20])) == 0


def test_among_equals_the_plain_answer_is_kept() -> None:
    assert choose(np.array([-3.0, -1.0, 2.0, 4.0]), np.array([0, 0, 1, 1])) == 0


@pytest.mark.parametrize("truth", [0, 1])
def test_a_class_alone_moves_no_threshold(truth: int) -> None:
    assert choose(np.array([1.0, 2.0]), np.full(2, truth)) == 0


def test_threshold_curves_pass_through_what_is_counted() -> None:
    truth, chances = np.array([1, 1, 0, 0]), np.array([0.9, 0.4, 0.4, 0.1])
    lines = threshold_curves(truth, chances)
    at = lines.threshold.index(0.4)
    assert (lines.recall[at], lines.specificity[at], lines.accuracy[at]) == (1.0, 0.5, 0.75)
    assert lines.precision[at] == pytest.approx(2 / 3)
    assert (lines.recall[0], lines.specificity[0]) == (1.0, 0.0)
    assert (lines.recall[-1], lines.specificity[-1]) == (0.0, 1.0)
    assert np.isnan(lines.precision[-1])


def test_curves_of_both_classes_and_of_one() -> None:
    rng = np.random.default_rng(0)
    truth = np.tile([0, 1], 50)
    found = curves(truth, np.clip(truth * 0.3 + rng.random(100) * 0.7, 0, 1))
    assert found.roc is not None
    assert found.precision_recall is not None
    assert (found.roc.recall[0], found.roc.recall[-1]) == (0, 1)
    assert len({len(found.roc.recall), len(found.roc.threshold), len(found.roc.false_positive_rate)}) == 1
    assert sum(entry.count for entry in found.calibration) == 100
    assert all(entry.low <= entry.share <= entry.high for entry in found.calibration)
    alone = curves(np.zeros(10, np.int64), rng.random(10))
    assert (alone.roc, alone.precision_recall) == (None, None)
    assert np.isnan(alone.thresholds.recall).all()
