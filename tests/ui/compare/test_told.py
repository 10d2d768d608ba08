"""The sentences of the page Compare models."""

from __future__ import annotations

from dataclasses import replace

import pytest

from allcad_core.evaluation.latency import Times
from allcad_core.evaluation.speed import Speed
from allcad_core.evaluation.standings import Standing
from allcad_core.evaluation.versus import Difference, Stored, Versus
from allcad_core.evaluation.versus_boxes import BoxVersus
from allcad_core.stress import Stress
from allcad_core.ui.compare import told

DASH, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"


def cells(value: float, low: float, high: float) -> Versus:
    """``a`` right on 160 of 200, ``b`` on 160 + 200 value."""
    more = round(200 * value)
    one, other = Stored("a", "cell", "session"), Stored("b", "cell", "session")
    return Versus(
        one, other, "ALL-IDB2", 200, 0, 150, 10, 10 + more, 30 - more, 0.01,
        {"accuracy": Difference(0.8, 0.8 + value, value, low, high)},
    )  # fmt: skip


BOXES = BoxVersus("a", "b", "session", 92, 581, 446, 486, 66, 106, 87, 44, 0.003, 0.069, 0.002, 0.142)


def test_the_better_one_is_named_first_with_counts_and_points():
    headline, detail = told.verdict("cell", "a", "b", cells(0.1, 0.04, 0.15), None, "random4")
    assert headline == "b is the better of the two on sessions that it has not seen."
    assert detail == f"b is right on 180 of 200 cells of ALL-IDB2, a on 160: +10.0 points (4.0{DASH}15.0)."


def test_the_first_can_be_the_better_one():
    headline, detail = told.verdict("cell", "a", "b", cells(-0.05, -0.09, -0.01), None, "random4")
    assert headline.startswith("a is the better of the two")
    assert detail == f"a is right on 160 of 200 cells of ALL-IDB2, b on 150: +5.0 points (1.0{DASH}9.0)."


def test_an_interval_across_zero_shows_no_difference():
    headline, detail = told.verdict("cell", "a", "b", cells(0.02, -0.01, 0.05), None, "random4")
    assert headline == "No difference between a and b can be shown on new sessions."
    assert f"({MINUS}1.0 to +5.0)" in detail


def test_the_papers_split_is_told_beside_it():
    fair, leaky = cells(0.1, 0.04, 0.15), cells(0.02, -0.01, 0.05)
    _, detail = told.verdict("cell", "a", "b", fair, leaky, "random4")
    assert detail.endswith(f"On a random split no difference can be shown (+2.0 points ({MINUS}1.0 to +5.0)).")
    _, detail = told.verdict("cell", "a", "b", fair, cells(-0.05, -0.09, -0.01), "random4")
    assert detail.endswith(f"On a random split a leads by +5.0 points (1.0{DASH}9.0).")


def test_without_new_sessions_the_leaky_split_is_not_sold_as_an_answer():
    headline, detail = told.verdict("cell", "a", "b", None, cells(0.1, 0.04, 0.15), "random4")
    assert headline == "a and b cannot be compared on new sessions yet."
    assert detail.endswith("That split flatters both.")
    assert told.verdict("cell", "a", "b", None, None, "random4")[0] == "a and b cannot be compared yet."


def test_two_that_were_asked_about_different_pictures_are_led_to_one_that_was_asked_about_both():
    headline, detail = told.verdict("detect", "a", "b", None, None, "chen17", ["c", "d"])
    assert headline == "a and b cannot be compared yet."
    assert detail.endswith("Hold either against one that was asked about both: c or d.")


def test_detectors_are_told_by_cells_and_by_boxes_on_none():
    _, detail = told.verdict("detect", "a", "b", BOXES, None, "chen17")
    assert detail == (
        f"b finds and names 486 of 581 white cells, a 446: +6.9 points (0.2{DASH}14.2). "
        "Boxes on no cell: 44 against 87 on 92 fields."
    )
    turned = replace(BOXES, difference=-0.069, low=-0.142, high=-0.002)
    assert told.verdict("detect", "a", "b", turned, None, "chen17")[0].startswith("a is the better")


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        (10.0, 2.0, "slow takes 5.0 times as long on this machine as quick."),
        (2.0, 2.1, "Both take about as long on this machine."),
    ],
)
def test_the_pace_is_told_once_both_were_measured(first, second, says):
    one = Speed("slow", Times(first, first), "cell", "cpu")
    other = Speed("quick", Times(second, second), "cell", "cpu")
    assert told.pace(one, other) == says
    assert told.pace(one, None) == ""


def test_a_model_without_results_says_so():
    bare = Standing("regnet", "RegNet", "cell", None, None)
    assert told.standing_note(bare) == "no results stored yet"


def test_what_stress_did_is_a_sentence():
    assert told.stress_words(Stress()) == ""
    assert told.stress_words(Stress(blur=1.5, jpeg=30)) == "blur 1.5 px, JPEG quality 30"
    assert told.held({"a": 3, "b": 4}, {"a": 3, "b": 4}) == "Every model still counts as many blasts as before."
    assert told.held({"a": 3, "b": 4}, {"a": 3, "b": 9}) == (
        "1 of 2 models counts as many blasts as before; b went from 4 to 9 blasts."
    )
    assert told.held({}, {"a": 1}) == ""
