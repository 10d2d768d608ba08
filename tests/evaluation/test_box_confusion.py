"""Boxes and true cells are paired whatever their class, best first; one pairing serves every threshold."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from allcad_core.datasets.boxes import CellBox
from allcad_core.evaluation.box_confusion import meetings
from allcad_core.evaluation.points import Labelled


def cell(kind: str, x: float, width: float = 20) -> CellBox:
    return CellBox(kind, (x, 0.0, x + width, 20.0), "hand")  # type: ignore[arg-type]


def box(label: str, x: float, score: float, width: float = 20) -> Labelled:
    return Labelled((x, 0.0, x + width, 20.0), label, score)


def told(found: list[Labelled], truth: list[CellBox]) -> set[tuple[str, str]]:
    return {
        (pair.cell.kind if pair.cell else "extra", pair.box.label if pair.box else "missed")
        for pair in meetings({"f": found}, {"f": truth})
    }


def test_a_box_meets_the_cell_below_it_even_under_another_name():
    assert told([box("healthy", 2, 0.9)], [cell("blast", 0)]) == {("blast", "healthy")}


def test_a_cell_without_box_is_missed_and_a_box_without_cell_is_extra():
    assert told([box("blast", 100, 0.9)], [cell("blast", 0)]) == {("blast", "missed"), ("extra", "blast")}


def test_of_two_boxes_on_one_cell_the_surer_one_counts_and_the_other_is_extra():
    pairs = meetings({"f": [box("healthy", 0, 0.3), box("blast", 2, 0.8)]}, {"f": [cell("blast", 0)]})
    assert [(pair.cell is not None, pair.box.label if pair.box else "") for pair in pairs] == [
        (True, "blast"),
        (False, "healthy"),
    ]


def test_a_box_on_what_is_ignored_is_neither_right_nor_wrong():
    assert told([box("blast", 0, 0.9)], [cell("ignore", 0, 200)]) == set()


def test_less_than_half_an_overlap_is_no_meeting():
    assert ("blast", "missed") in told([box("blast", 8, 0.9)], [cell("blast", 0)])  # 12 of 28 shared


def test_a_field_that_nobody_looked_at_has_missed_cells_only():
    assert [pair.box for pair in meetings({}, {"f": (cell("blast", 0),)})] == [None]


SIDES = st.integers(0, 60)
BOXES = st.lists(st.tuples(st.sampled_from(["blast", "healthy"]), SIDES, st.integers(1, 99)), max_size=7)
CELLS = st.lists(st.tuples(st.sampled_from(["blast", "healthy", "ignore"]), SIDES), max_size=5)


@given(BOXES, CELLS, st.integers(0, 100))
def test_hiding_boxes_under_a_threshold_leaves_all_other_pairs(boxes, cells, percent):
    found = [box(label, x, score / 100 + place / 10_000) for place, (label, x, score) in enumerate(boxes)]
    truth = {"f": [cell(kind, x) for kind, x in cells]}
    least = percent / 100
    whole = {(pair.cell, pair.box) for pair in meetings({"f": found}, truth)}
    again = {(pair.cell, pair.box) for pair in meetings({"f": [one for one in found if one.score >= least]}, truth)}
    hidden = {(c, None if b is not None and b.score < least else b) for c, b in whole}
    assert {pair for pair in hidden if pair != (None, None)} == again


def test_counts_are_those_of_a_plain_loop():
    random = np.random.default_rng(3)
    truth = {"f": [cell("blast", 30 * place) for place in range(6)]}
    found = [box("blast", 30 * place + float(random.uniform(-12, 12)), 0.5) for place in range(6)]
    expected = sum(abs(one.box[0] - 30 * place) <= 20 / 3 for place, one in enumerate(found))  # IoU of 1/2 at a third
    pairs = meetings({"f": found}, truth)
    assert sum(pair.cell is not None and pair.box is not None for pair in pairs) == expected
