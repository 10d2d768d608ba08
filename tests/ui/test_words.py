"""Words and number formats, as the pages write them."""

from __future__ import annotations

import pytest

from allcad_core.intervals import wilson
from allcad_core.results import Cell
from allcad_core.ui import words

BOX = (0.0, 0.0, 9.0, 9.0)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.94, "0.94"),
        (0.99, "0.99"),
        (0.991, "> 0.99"),
        (1.0, "> 0.99"),
        (0.0, "< 0.01"),
        (0.01, "0.01"),
        (None, "\N{EN DASH}"),
    ],
)
def test_a_probability_is_never_certain(value: float | None, written: str):
    assert words.probability(value) == written


def test_a_share_stands_with_a_no_break_space_and_its_ends_with_an_en_dash():
    share = wilson(12, 21)
    assert words.percent(share.value) == "57\N{NO-BREAK SPACE}%"
    assert words.interval(share) == "37\N{EN DASH}76"


def test_nothing_counted_is_a_dash():
    share = wilson(0, 0)
    assert words.percent(share.value) == words.interval(share) == "\N{EN DASH}"


@pytest.mark.parametrize(
    ("milliseconds", "written"), [(0.4, "0 ms"), (210, "210 ms"), (1440, "1.4 s"), (61000, "61.0 s")]
)
def test_times_are_said_as_a_person_says_them(milliseconds: float, written: str):
    assert words.duration(milliseconds) == written


@pytest.mark.parametrize(
    ("flags", "reviewed", "asked"),
    [
        (("uncertain",), False, True),
        (("disagree", "border"), False, True),
        (("border",), False, False),
        ((), False, False),
        (("uncertain",), True, False),
    ],
)
def test_only_doubts_that_no_person_settled_are_to_review(flags: tuple[str, ...], reviewed: bool, asked: bool):
    assert words.to_review(Cell(BOX, "blast", 0.9, 0.6, flags=flags, reviewed=reviewed)) is asked


def test_suspicion_is_the_calibrated_probability_where_there_is_one():
    assert words.suspicion(Cell(BOX, "blast", 0.4, 0.8)) == 0.8
    assert words.suspicion(Cell(BOX, "blast", 0.4)) == 0.4
    assert words.suspicion(Cell(BOX, "healthy", 0.4)) == pytest.approx(0.6)


def test_a_warning_without_words_of_its_own_still_reads():
    assert words.short_warning("blurred") == "Blurred"
    assert words.short_warning("some_new_code") == "Some new code"
