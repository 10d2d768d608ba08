"""The cell that a crop is about, and pictures with nothing but cells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allcad_core.classification.crops import central, central_box
from allcad_core.classification.masking import mask_out
from allcad_core.ground import BALANCED
from allcad_core.results import Box

MIDDLE: Box = (80, 80, 120, 120)
CORNER: Box = (0, 0, 60, 60)
NEAR: Box = (30, 30, 98, 98)
HOLDS: Box = (10, 10, 105, 105)
SPECK: Box = (98, 98, 102, 102)


@pytest.mark.parametrize(
    ("boxes", "areas", "expected"),
    [
        ([], [], None),
        ([CORNER], [2800], CORNER),  # nothing holds the middle: the only one there is
        ([CORNER, NEAR], [2800, 3600], NEAR),  # the nearer one
        ([CORNER, MIDDLE], [2800, 1250], MIDDLE),
        ([HOLDS, MIDDLE], [7000, 1800], MIDDLE),  # both hold it: the more central one
        ([NEAR, HOLDS], [3600, 7000], HOLDS),  # holding comes before being near
        ([SPECK, NEAR], [12, 3600], NEAR),  # a platelet in the middle is no cell
        ([SPECK], [12], SPECK),
    ],
)
def test_the_cell_in_the_middle_is_meant(boxes: list[Box], areas: list[float], expected: Box | None) -> None:
    assert central_box(boxes, areas, 200, 200) == expected


@given(st.lists(st.tuples(st.integers(0, 150), st.integers(0, 90), st.integers(1, 60)), min_size=1, max_size=8))
def test_the_order_of_the_regions_does_not_matter(places: list[tuple[int, int, int]]) -> None:
    boxes: list[Box] = [(x, y, x + side, y + side) for x, y, side in places]
    areas = [float(side**2) for *_, side in places]
    first = central_box(boxes, areas, 200, 150)
    last = central_box(boxes[::-1], areas[::-1], 200, 150)
    assert first is not None
    assert last is not None

    def rank(box: Box) -> tuple[bool, float]:
        holds = box[0] <= 100 <= box[2] and box[1] <= 75 <= box[3]
        return not holds, np.hypot((box[0] + box[2]) / 2 - 100, (box[1] + box[3]) / 2 - 75)

    assert rank(first) == rank(last)
    assert central(boxes, areas, 200, 150) is not None


def test_outside_the_mask_lies_ground_and_inside_the_picture() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    keep = np.zeros((20, 30), bool)
    keep[5:10, 7:20] = True
    before = picture.copy()
    masked = mask_out(picture, keep)
    assert masked.dtype == np.uint8
    assert np.array_equal(masked[keep], picture[keep])
    assert (masked[~keep] == BALANCED).all()
    assert np.array_equal(picture, before)
