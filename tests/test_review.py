"""A review: edits beside the analysis, nothing changed in place, undone without a trace, saved and loaded."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allcad_core.errors import DataError
from allcad_core.intervals import wilson
from allcad_core.results import Add, Cell, Delete, Edit, Relabel
from allcad_core.review import Change, Review, apply, as_json, changes, checked_box, from_json, overlap
from tests.analyses import analysis

LABELS = st.sampled_from(["blast", "healthy", "unsure"])


def place(column: int) -> tuple[float, float, float, float]:
    """Boxes that do not touch."""
    return 60.0 * column, 20.0, 60.0 * column + 50, 70.0


FIELD = analysis(
    Cell(place(0), "blast", 0.9, 0.95),
    Cell(place(1), "healthy", 0.8, 0.1, flags=("uncertain",)),
    Cell(place(2), "healthy", 0.7, 0.2),
    Cell(place(3), "blast", 0.1, 0.9),
)

boxes = st.one_of(
    st.sampled_from([cell.box for cell in FIELD.every_cell]),
    st.builds(lambda x, y, side: (x, y, x + side, y + side), st.floats(0, 500), st.floats(0, 400), st.floats(5, 60)),
)
edits = st.lists(
    st.one_of(st.builds(Relabel, boxes, LABELS), st.builds(Add, boxes, LABELS), st.builds(Delete, boxes)), max_size=12
)


@given(edits)
def test_apply_changes_nothing_in_place(steps: list[Edit]):
    before = replace(FIELD)
    apply(FIELD, steps)
    assert before == FIELD


@given(edits, edits)
def test_edits_in_two_goes_are_the_edits_in_one(first: list[Edit], second: list[Edit]):
    assert apply(apply(FIELD, first), second) == apply(FIELD, [*first, *second])


@given(edits)
def test_the_models_own_word_is_never_lost(steps: list[Edit]):
    assert apply(FIELD, steps).by_models == FIELD


@given(edits)
def test_undo_restores_each_state_and_redo_goes_back_to_it(steps: list[Edit]):
    review = Review(FIELD.sha256)
    states = [review]
    for step in steps:
        review = review.then(step)
        states.append(review)
    for state in reversed(states):
        assert apply(FIELD, review.edits) == apply(FIELD, state.edits)
        review = review.undo()
    assert review.edits == ()
    assert review.undo() == review
    for _ in steps:
        review = review.redo()
    assert review.edits == tuple(steps)
    assert review.redo() == review


@given(edits)
def test_cells_that_stay_keep_their_order_and_drawn_ones_come_last(steps: list[Edit]):
    left = [cell.box for cell in apply(FIELD, steps).every_cell]
    known = [cell.box for cell in FIELD.every_cell]
    drawn = [cell for cell in apply(FIELD, steps).every_cell if cell.p_blast is None]
    kept = left[: len(left) - len(drawn)]
    assert kept == [box for box in known if box in kept]
    assert all(cell.reviewed for cell in drawn)


@given(edits)
def test_counts_are_those_of_the_cells_and_cannot_tell_leaves_the_differential(steps: list[Edit]):
    reviewed = apply(FIELD, steps)
    labels = [cell.label for cell in reviewed.cells]
    assert (reviewed.counts.blast, reviewed.counts.healthy) == (labels.count("blast"), labels.count("healthy"))
    assert reviewed.counts.total == len(labels) - labels.count("unsure")
    assert reviewed.blast_fraction == wilson(labels.count("blast"), reviewed.counts.total)
    assert reviewed.reviewed == sum(cell.reviewed for cell in reviewed.cells)


@given(edits)
def test_changes_lead_from_the_models_counts_to_the_persons(steps: list[Edit]):
    reviewed = apply(FIELD, steps)
    for label in ("blast", "healthy", "unsure"):
        told = changes(reviewed)
        gained = sum(one.after == label for one in told) - sum(one.before == label for one in told)
        before = [cell.label for cell in FIELD.every_cell].count(label)
        assert [cell.label for cell in reviewed.every_cell].count(label) == before + gained


@given(edits)
def test_a_review_that_was_saved_loads_as_it_was(steps: list[Edit]):
    review = Review(FIELD.sha256, tuple(steps))
    assert from_json(as_json([review])) == (review,)


def test_relabelling_shows_in_counts_share_and_suggestion():
    reviewed = apply(FIELD, [Relabel(place(1), "blast"), Relabel(place(2), "unsure")])
    assert (reviewed.counts.blast, reviewed.counts.healthy, reviewed.counts.unsure) == (2, 0, 1)
    assert reviewed.blast_fraction == wilson(2, 2)
    assert reviewed.suggestion.headline == "2 of 2 white cells look like blasts."
    assert (reviewed.reviewed, len(reviewed.cells)) == (2, 3)
    assert not reviewed.cells[1].to_review
    assert reviewed.cells[1].p_blast == 0.1  # what the model said stays


def test_a_cell_below_the_score_is_shown_once_a_person_spoke():
    assert [cell.box for cell in apply(FIELD, [Relabel(place(3), "blast")]).at(0.9).cells] == [place(0), place(3)]


def test_what_was_done_in_the_end_is_told_once():
    steps = [Relabel(place(0), "healthy"), Relabel(place(0), "blast"), Delete(place(2)), Relabel(place(1), "blast")]
    reviewed = apply(FIELD, [*steps, Add((300, 300, 340, 340), "healthy"), Add(place(8), "blast"), Delete(place(8))])
    assert changes(reviewed) == (
        Change("confirmed", place(0), "blast", "blast"),
        Change("relabelled", place(1), "healthy", "blast"),
        Change("deleted", place(2), "healthy", None),
        Change("added", (300, 300, 340, 340), None, "healthy"),
    )


def test_a_review_follows_to_what_another_model_found():
    x0, y0, x1, y1 = place(1)
    moved = replace(FIELD, every_cell=(Cell((x0 + 4, y0 - 3, x1 + 4, y1 - 3), "healthy", 0.9),))
    after = apply(moved, [Relabel(place(1), "blast"), Relabel(place(5), "unsure"), Delete(place(2))])
    assert [(cell.label, cell.reviewed) for cell in after.every_cell] == [("blast", True), ("unsure", True)]


def test_a_drawn_box_is_cut_at_the_edge_and_refused_outside():
    assert apply(FIELD, [Add((600, 400, 700, 500), "blast")]).every_cell[-1].box == (600, 400, 640, 480)
    with pytest.raises(DataError, match="outside the picture of 640 x 480"):
        apply(FIELD, [Add((700, 0, 800, 50), "blast")])


@pytest.mark.parametrize(
    "text",
    [
        "nothing",
        "{}",
        "[1]",
        '[{"edits": []}]',
        '[{"sha256": "a", "edits": [{"kind": "paint", "box": [0, 0, 9, 9]}]}]',
        '[{"sha256": "a", "edits": [{"kind": ["add"], "box": [0, 0, 9, 9]}]}]',
        '[{"sha256": "a", "edits": [{"kind": "add", "box": [0, 0, 9], "label": "blast"}]}]',
        '[{"sha256": "a", "edits": [{"kind": "add", "box": [0, 0, NaN, 9], "label": "blast"}]}]',
        '[{"sha256": "a", "edits": [{"kind": "add", "box": [9, 0, 0, 9], "label": "blast"}]}]',
        '[{"sha256": "a", "edits": [{"kind": "relabel", "box": [0, 0, 9, 9], "label": "ignore"}]}]',
        '[{"sha256": "a", "edits": 3}]',
    ],
)
def test_what_is_no_review_is_refused_with_a_sentence(text: str):
    with pytest.raises(DataError):
        from_json(text)


def test_an_analysis_carries_its_review():
    text = json.dumps([{"sha256": "a", "cells": [], "review": {"edits": [{"kind": "delete", "box": [0, 0, 9, 9]}]}}])
    assert from_json(text) == (Review("a", (Delete((0, 0, 9, 9)),)),)
    assert from_json('[{"sha256": "a", "review": null}]') == (Review("a"),)


def test_a_slip_of_the_hand_is_no_box():
    with pytest.raises(DataError, match="too small"):
        checked_box([10, 10, 12, 40], least=4)
    assert checked_box([10, 10, 14, 40], least=4) == (10, 10, 14, 40)


def test_overlap_is_intersection_over_union():
    assert overlap(place(0), place(0)) == 1
    assert overlap(place(0), place(1)) == 0


@pytest.mark.parametrize("side", ["1" + 400 * "0", "1e400", "NaN", "true"])
def test_a_side_that_no_picture_has_is_refused(side: str):
    text = f'[{{"sha256": "a", "edits": [{{"kind": "delete", "box": [0, 0, 9, {side}]}}]}}]'
    with pytest.raises(DataError, match="A box is four numbers"):
        from_json(text)
