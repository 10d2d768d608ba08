"""One field through several models, and where they agree."""

from __future__ import annotations

from dataclasses import replace

import pytest

from allcad_core import analysis, compared, models
from allcad_core.errors import ModelError, UnknownNameError
from allcad_core.images import SmearImage
from allcad_core.recipes import recipe, recipes
from allcad_core.results import Cell, FieldAnalysis, Models, Timing


def found(*cells: tuple[tuple[float, float, float, float], str, float]) -> FieldAnalysis:
    """An analysis with these boxes, labels and scores."""
    return FieldAnalysis(
        "field.png", 400, 300, "0" * 64, "any", Models("regions", None, None), "cpu", "torch", 0.25,
        tuple(Cell(box, label, score) for box, label, score in cells), (), Timing(),
    )  # fmt: skip


LEFT, RIGHT = (10.0, 10.0, 60.0, 60.0), (200.0, 100.0, 260.0, 160.0)
SHIFTED = (12.0, 11.0, 62.0, 61.0)


def test_boxes_that_overlap_are_one_place_with_a_word_of_each_model():
    (place,) = compared.places({"a": found((LEFT, "blast", 0.9)), "b": found((SHIFTED, "blast", 0.5))})
    assert place.box == LEFT
    assert (place.label("a"), place.label("b")) == ("blast", "blast")
    assert place.agreed


def test_another_class_and_a_missed_cell_are_disputes():
    answers = {
        "a": found((LEFT, "blast", 0.9), (RIGHT, "healthy", 0.8)),
        "b": found((SHIFTED, "healthy", 0.7)),
    }
    first, second = compared.places(answers)
    assert [first.agreed, second.agreed] == [False, False]
    assert second.label("b") is None
    assert compared.disputed((first, second)) == (first, second)
    assert compared.by_answer(second) == (("healthy", ("a",)), (None, ("b",)))


def test_cells_under_the_confidence_of_their_model_are_no_answer():
    (place,) = compared.places({"a": found((LEFT, "blast", 0.9)), "b": found((LEFT, "blast", 0.1))})
    assert place.label("b") is None


def test_two_cells_of_one_model_are_two_places_however_they_overlap():
    assert len(compared.places({"a": found((LEFT, "blast", 0.9), (SHIFTED, "healthy", 0.8))})) == 2


def test_each_cell_of_a_model_belongs_to_one_place_and_the_nearest_takes_it():
    near = (14.0, 10.0, 64.0, 60.0)
    answers = {"a": found((LEFT, "blast", 0.9), (near, "healthy", 0.8)), "b": found((near, "healthy", 0.5))}
    assert sorted(place.label("b") or "" for place in compared.places(answers)) == ["", "healthy"]
    assert sum(place.agreed for place in compared.places(answers)) == 1


@pytest.mark.parametrize(
    ("one", "other", "says"),
    [
        ([(LEFT, "blast", 0.9)], [(LEFT, "blast", 0.8)], "All 2 models agree on 1 white cell: 1 blast."),
        (
            [(LEFT, "blast", 0.9)],
            [(LEFT, "healthy", 0.8)],
            "The models disagree on 1 of 1 white cell; they count 0 to 1 blasts.",
        ),
        ([(LEFT, "healthy", 0.9)], [(LEFT, "healthy", 0.8)], "All 2 models agree on 1 white cell: 0 blasts."),
        ([], [], "No model shows a white cell."),
    ],
)
def test_the_agreement_is_a_sentence(one, other, says):
    answers = {"a": found(*one), "b": found(*other)}
    assert compared.summary(compared.places(answers), answers) == says


def test_one_model_alone_is_not_compared():
    answers = {"a": found((LEFT, "blast", 0.9))}
    assert compared.summary(compared.places(answers), answers) == "One model alone cannot be compared."


def further() -> str:
    """A cell classifier that ships and is part of no recipe."""
    own = {entry.classifier for entry in recipes()}
    return next(name for name, card in models.cards().items() if card.task == "cell" and name not in own)


def test_every_recipe_and_every_further_classifier_can_look():
    known = {entry.name: entry for entry in compared.looks()}
    assert set(known) >= {entry.name for entry in recipes()} | {f"regions-{further()}"}
    assert known[f"regions-{further()}"].classifier == further()
    assert f"regions-{recipe('regions').classifier}" not in known


@pytest.mark.slow
def test_an_answer_is_that_of_analyse(generated):
    image = SmearImage(generated.pixels, "field.png", "generated", "0" * 64)
    answers = dict(compared.look_at(image, ["regions", f"regions-{further()}"]))
    alone = analysis.analyse(image, "regions")
    assert answers["regions"].every_cell == alone.every_cell
    assert answers["regions"].warnings == alone.warnings
    other = answers[f"regions-{further()}"]
    assert {cell.box for cell in other.every_cell} == {cell.box for cell in alone.every_cell}
    assert other.models.classifier == further()
    assert replace(other, recipe="regions").every_cell != alone.every_cell


def test_an_unknown_model_is_refused(generated):
    image = SmearImage(generated.pixels, "field.png", "generated", "0" * 64)
    with pytest.raises(UnknownNameError, match="no model called 'nobody'"):
        list(compared.look_at(image, ["nobody"]))


def test_a_broken_model_stops_no_other(generated, monkeypatch):
    image = SmearImage(generated.pixels, "field.png", "generated", "0" * 64)

    def broken(_image, _prepared, chosen, _where):
        if chosen.name == "regions":
            raise ModelError("The weight file is damaged.")
        return found()

    monkeypatch.setattr(compared, "prepare", lambda *_: None)
    monkeypatch.setattr(compared, "answer", broken)
    answers = dict(compared.look_at(image, ["regions", "yolo11n"]))
    assert isinstance(answers["regions"], ModelError)
    assert isinstance(answers["yolo11n"], FieldAnalysis)
