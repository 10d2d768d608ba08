"""The rule from counts to a suggestion: where its lines lie, and that its words stay honest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allcad_core.suggestion import DOUBT_CODES, suggest

NBSP = "\u00a0"
small = st.integers(0, 300)


@pytest.mark.parametrize(
    ("blasts", "healthy", "kind"),
    [
        (0, 0, "no_white_cells"),
        (0, 1, "no_blasts"),
        (0, 34, "no_blasts"),
        (1, 0, "few_suspicious"),  # one cell can be a mistake, whatever its share
        (2, 0, "few_suspicious"),
        (3, 0, "blasts_suspected"),
        (3, 12, "blasts_suspected"),  # exactly 20 %
        (3, 13, "few_suspicious"),  # just under it
        (7, 28, "blasts_suspected"),
        (19, 81, "few_suspicious"),
        (20, 80, "blasts_suspected"),
    ],
)
def test_the_lines_of_the_rule(blasts, healthy, kind):
    assert suggest(blasts, healthy).kind == kind


@pytest.mark.parametrize("code", sorted(DOUBT_CODES))
@pytest.mark.parametrize("counts", [(0, 0), (0, 9), (1, 9), (9, 1)])
def test_a_doubtful_picture_is_never_judged(code, counts):
    suggestion = suggest(*counts, ["pages", code])
    assert suggestion.kind == "cannot_tell"
    assert any("picture" in reason or "cells" in reason or "stain" in reason for reason in suggestion.reasons)
    assert code not in suggestion.reasons


@given(small, small, st.lists(st.sampled_from(["pages", "extension", "something new"])))
def test_other_warnings_change_nothing(blasts, healthy, codes):
    assert suggest(blasts, healthy, codes) == suggest(blasts, healthy)


@given(small, small, st.sets(st.sampled_from([*sorted(DOUBT_CODES), "pages"])))
def test_every_sentence_is_whole_and_honest(blasts, healthy, codes):
    suggestion = suggest(blasts, healthy, codes)
    for sentence in (suggestion.headline, suggestion.detail, *suggestion.reasons):
        assert sentence.endswith(".")
        assert "!" not in sentence
        assert not any(word in sentence.lower() for word in ("detects", "diagnoses", "confident", "patient has"))
        assert " %" not in sentence  # the space before a per cent sign does not break
    if blasts + healthy:
        assert "not a diagnosis" in suggestion.text


@given(st.integers(1, 300), small)
def test_the_counts_are_named_with_their_interval(blasts, healthy):
    suggestion = suggest(blasts, healthy)
    assert f"{blasts} of {blasts + healthy} white cell" in suggestion.headline
    assert f"{NBSP}% (" in suggestion.reasons[0]


@given(small, small)
def test_more_blasts_never_calm_the_suggestion(blasts, healthy):
    rank = ["no_white_cells", "no_blasts", "few_suspicious", "blasts_suspected"]
    assert rank.index(suggest(blasts + 1, healthy).kind) >= rank.index(suggest(blasts, healthy).kind)


def test_the_words_of_the_look():
    assert suggest(12, 9).text == (
        "12 of 21 white cells look like blasts. "
        "This suggests a smear that a specialist should look at. It is not a diagnosis."
    )
    assert suggest(1, 33).headline == "1 of 34 white cells looks like a blast."
    assert suggest(1, 0).headline == "1 of 1 white cell looks like a blast."
    none = suggest(0, 34)
    assert none.headline == "No white cell looks like a blast."
    assert none.detail.startswith(f"34 were counted; blasts may still be elsewhere on the slide (0 to 10{NBSP}%).")
    assert suggest(0, 1).detail.startswith("1 was counted")


def test_negative_counts_are_refused():
    with pytest.raises(ValueError, match="not a proportion"):
        suggest(-1, 5)
