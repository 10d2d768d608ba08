"""One result that all show: views at a confidence, counts, and that it travels between processes."""

import copy
import dataclasses
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allcad_core.intervals import wilson
from allcad_core.results import (
    Cell,
    Counts,
    FieldOpinion,
    Note,
    Quality,
    Relabel,
    in_micrometres,
)
from tests.analyses import analysis

scores = st.floats(0, 1)
cells = st.builds(
    Cell,
    box=st.just((0.0, 0.0, 50.0, 50.0)),
    label=st.sampled_from(["blast", "healthy", "unsure"]),
    score=scores,
    p_blast=st.none() | scores,
    reviewed=st.booleans(),
)


def cell(label: str = "blast", score: float = 0.9, **more: object) -> Cell:
    return Cell((10, 20, 60, 70), label, score, **more)


def test_cells_below_the_confidence_are_hidden_and_not_lost():
    field = analysis(cell(score=0.9), cell(score=0.25), cell(score=0.2))
    assert [shown.score for shown in field.cells] == [0.9, 0.25]
    assert len(field.every_cell) == 3


def test_what_a_person_reviewed_stays_at_any_confidence():
    field = analysis(cell(score=0.1, reviewed=True), confidence=0.9)
    assert field.counts == Counts(1, 0, 0)


@given(st.lists(cells, max_size=12), scores, scores)
def test_another_confidence_is_the_same_as_having_begun_with_it(every, first, second):
    seen = analysis(*every, confidence=first).at(second)
    fresh = analysis(*every, confidence=second)
    assert seen == fresh
    assert (seen.cells, seen.counts, seen.suggestion) == (fresh.cells, fresh.counts, fresh.suggestion)
    assert seen.blast_fraction == fresh.blast_fraction


@given(st.lists(cells, max_size=12), scores, scores)
def test_a_higher_confidence_shows_a_part_of_what_a_lower_one_shows(every, one, other):
    low, high = sorted((one, other))
    field = analysis(*every)
    assert set(map(id, field.at(high).cells)) <= set(map(id, field.at(low).cells))


@given(st.lists(cells, max_size=12))
def test_every_shown_cell_is_counted_once(every):
    field = analysis(*every)
    counts = field.counts
    assert counts.blast + counts.healthy + counts.unsure == len(field.cells)
    assert counts.total == counts.blast + counts.healthy


def test_cells_that_nobody_can_tell_leave_the_share():
    field = analysis(cell("blast"), cell("healthy"), cell("unsure"), cell("unsure"))
    assert field.blast_fraction == wilson(1, 2)


def test_no_cell_gives_no_share():
    assert analysis().blast_fraction.value is None
    assert analysis().suggestion.kind == "no_white_cells"


def test_a_warning_reaches_the_suggestion():
    blurred = Note("blurred", "smear.png is blurred.")
    assert analysis(cell(), warnings=(blurred,)).suggestion.kind == "cannot_tell"


def test_nothing_is_changed_in_place():
    field = analysis(cell())
    with pytest.raises(dataclasses.FrozenInstanceError):
        field.confidence = 0.5
    with pytest.raises(dataclasses.FrozenInstanceError):
        field.every_cell[0].label = "healthy"
    assert field.at(0.95).cells == ()
    assert len(field.cells) == 1


def test_a_result_travels_between_processes_and_into_dictionaries():
    field = analysis(cell(), cell(measures={"nc_ratio": 0.8}, probabilities={"litecnn": 0.9}))
    assert pickle.loads(pickle.dumps(field)) == field  # noqa: S301  # our own bytes
    assert copy.deepcopy(field) == field
    assert dataclasses.asdict(field)["every_cell"][0]["measures"] == {}


def test_equal_results_are_one_in_a_set():
    assert len({analysis(cell(measures={"nc_ratio": 0.8})), analysis(cell(measures={"nc_ratio": 0.8}))}) == 1


SEEN = Quality(0.1, 220.0, 0.05, None, 2, 40.0, 0.18)


def test_areas_and_diameters_in_micrometres():
    measures = {"area": 900.0, "nucleus_area": 400.0, "diameter": 34.0, "nc_ratio": 0.44}
    found = in_micrometres(measures, 0.5)
    assert found == {"area_um2": 225.0, "nucleus_area_um2": 100.0, "diameter_um": 17.0}
    assert in_micrometres(measures, None) == {}


def test_a_known_scale_takes_the_place_of_that_by_red_cells():
    field = dataclasses.replace(analysis(cell()), quality=SEEN)
    assert field.um_per_px == 0.18
    assert field.scaled(0.07).um_per_px == 0.07
    assert field.scaled(0.07).quality.red_cell_px == 40.0
    assert field.scaled(None) is field


def test_an_analysis_that_nobody_measured_has_no_scale():
    assert analysis(cell()).um_per_px is None
    assert analysis(cell()).scaled(0.07).um_per_px is None


BLASTS, HEALTHY = 3 * (cell(),), 3 * (cell("healthy"),)


@pytest.mark.parametrize(
    ("every", "chance", "agreement", "words"),
    [
        (BLASTS, 0.97, "agree", "97\u00a0% for leukaemia and agrees with the counts."),
        (BLASTS, 0.2, "disagree", "20\u00a0% for leukaemia against the counts: look closer."),
        (HEALTHY, 0.02, "agree", "2\u00a0% for leukaemia and agrees with the counts."),
        (HEALTHY, 0.4, "disagree", "40\u00a0% for leukaemia against the counts: look closer."),
        (HEALTHY + BLASTS[:1], 0.4, None, "40\u00a0% for leukaemia."),
        ((), 0.4, None, "40\u00a0% for leukaemia."),
    ],
)
def test_the_field_model_is_set_against_the_counts(every, chance, agreement, words):
    field = dataclasses.replace(analysis(*every), opinion=FieldOpinion("best_field", chance, 0.35))
    assert field.agreement == agreement
    assert field.opinion_told.endswith(words)


def test_without_a_field_model_nothing_is_told():
    assert (analysis(*BLASTS).agreement, analysis(*BLASTS).opinion_told) == (None, "")


def test_after_a_review_the_field_model_has_seen_the_models_cells_only():
    field = dataclasses.replace(
        analysis(*BLASTS), opinion=FieldOpinion("best_field", 0.9, 0.35), edits=(Relabel((0, 0, 9, 9), "healthy"),)
    )
    assert "before the review" in field.opinion_told
