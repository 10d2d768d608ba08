"""What is said on stage can be read from three metres, and claims no more than twelve cells can show."""

from __future__ import annotations

import itertools

import pytest

from allcad_core.intervals import wilson
from allcad_core.ui.stage import told


@pytest.mark.parametrize(("blasts", "total"), [(0, 0), (0, 5), (1, 1), (1, 34), (12, 21), (0, 120)])
def test_a_scene_says_at_most_ten_words(blasts: int, total: int):
    for sentence in (told.boxes_sentence(blasts, total), told.differ_sentence(blasts, total)):
        assert len(sentence.split()) <= told.MOST_WORDS
        assert sentence.endswith(".")


def test_one_cell_is_spoken_of_in_the_singular():
    assert told.boxes_sentence(1, 34) == "1 of 34 white cells looks like a blast."
    assert told.boxes_sentence(1, 1) == "1 of 1 white cell looks like a blast."


def test_every_score_comes_with_wilsons_interval():
    lines = told.scores(12)
    assert len(lines) == 13
    for right, line in enumerate(lines):
        assert line == f"{right} of 12: {wilson(right, 12)}"


def test_a_lead_is_called_more_than_luck_only_where_the_sign_test_says_so():
    for visitor, model in itertools.product(range(13), repeat=2):
        if visitor + model > 12:
            continue
        sentence = told.verdicts(12)[visitor][model]
        assert ("more than luck" in sentence) == (visitor != model and told.sign_test(visitor, model) < 0.05)


def test_the_sign_test_agrees_with_scipy():
    from scipy.stats import binomtest

    for one, other in [(0, 1), (2, 3), (1, 8), (0, 6), (5, 5), (7, 0)]:
        assert told.sign_test(one, other) == pytest.approx(binomtest(one, one + other).pvalue)


def test_reasons_are_what_was_measured_and_what_is_typical():
    measures = {"nc_ratio": 0.73, "diameter": 96.0, "solidity": 0.97}
    why = told.why("blast", measures, 64.0)
    assert "the nucleus fills 73" in why.lower()
    assert "1.5 red cells across" in why
    assert "smooth" in why
    assert told.TYPICAL["blast"] in why


def test_a_cell_that_was_not_measured_has_the_typical_reason_alone():
    assert told.why("monocyte", {}, None) == told.TYPICAL["monocyte"]


@pytest.mark.parametrize(
    ("measures", "word"),
    [({"diameter": 70.0}, "small"), ({"diameter": 120.0, "solidity": 0.8}, "notched"), ({"diameter": 120.0}, "large")],
)
def test_why_a_blast_is_hard_follows_its_form(measures: dict[str, float], word: str):
    assert word in told.hard("blast", measures, 64.0)
