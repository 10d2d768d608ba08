"""Comparing boxes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allcad_core.detection import match
from allcad_core.detection.base import iou

numbers = st.integers(0, 40)
boxes = st.tuples(numbers, numbers, st.integers(1, 30), st.integers(1, 30)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)


@given(boxes, boxes)
def test_overlap_equals_counted_pixels(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    painted = np.zeros((2, 80, 80), bool)
    for plane, (x0, y0, x1, y1) in zip(painted, (one, other), strict=True):
        plane[y0:y1, x0:x1] = True
    expected = (painted[0] & painted[1]).sum() / (painted[0] | painted[1]).sum()
    assert iou([one], [other])[0, 0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((0, 0, 10, 10), (0, 0, 10, 10), 1.0),
        ((0, 0, 10, 10), (10, 0, 20, 10), 0.0),  # only touching
        ((0, 0, 10, 10), (5, 0, 15, 10), 1 / 3),
        ((5, 5, 5, 5), (5, 5, 5, 5), 0.0),  # no area
        ((5, 5, 3, 3), (0, 0, 10, 10), 0.0),  # turned inside out
    ],
)
def test_overlap_of_known_boxes(one: tuple[int, ...], other: tuple[int, ...], expected: float) -> None:
    assert iou([one], [other])[0, 0] == pytest.approx(expected)


def test_a_table_has_a_row_a_box_and_a_column_a_candidate() -> None:
    assert iou(np.zeros((3, 4)), np.zeros((2, 4))).shape == (3, 2)
    assert iou([], np.zeros((2, 4))).shape == (0, 2)


def test_each_box_gets_the_candidate_that_overlaps_it_most() -> None:
    candidates = [(0, 0, 10, 10), (2, 0, 12, 10), (100, 0, 110, 10)]
    assert match([(2, 0, 12, 10), (99, 0, 109, 10), (50, 50, 60, 60)], candidates) == [1, 2, None]


def test_little_overlap_is_no_match() -> None:
    assert match([(0, 0, 10, 10)], [(5, 0, 15, 10)], least=0.34) == [None]
    assert match([(0, 0, 10, 10)], [(5, 0, 15, 10)], least=0.33) == [0]


def test_without_candidates_nothing_matches() -> None:
    assert match([(0, 0, 10, 10)], []) == [None]
    assert match([], [(0, 0, 10, 10)]) == []
