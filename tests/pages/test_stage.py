"""Stage: scenes of a smear, a game that can be played again, and sentences where something is missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from allcad_core.ui.explorer import pictures
from allcad_core.ui.stage import game
from allcad_core.ui.stage.game import Card, Round

Visit = Callable[..., AppTest]
Words = Callable[[AppTest], str]


def _round(seed: int, recipe: str = "regions") -> Round:
    card = Card(b"jpeg", (0.2, 0.2, 0.8, 0.8), "blast", "It is a blast.", "Why.", "hard.", 0.9, "blast")
    return Round(seed, game.GENERATED, recipe, (card,) * game.CELLS, "Generated cells.")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Seeds of the rounds that were asked for."""
    asked: list[int] = []

    def make(seed: int, recipe: str) -> Round:
        asked.append(seed)
        return _round(seed, recipe)

    monkeypatch.setattr(game, "generated_round", make)
    monkeypatch.setattr(pictures, "files", lambda _: {})
    return asked


def _shown(visitor: AppTest) -> dict[str, Any]:
    """What the component was given."""
    (stage,) = visitor.get("bidi_component")
    return dict(json.loads(stage.proto.json))


def test_the_scenes_of_the_first_sample_are_ready_and_the_game_follows(visit: Visit, made: list[int]):
    visitor = visit("stage")
    assert not visitor.exception
    data = _shown(visitor)
    assert [scene["name"] for scene in data["scenes"]][:4] == ["Smear", "Mask", "Boxes", "Doubt"]
    assert data["scenes"][2]["sentence"] == "3 of 5 white cells look like blasts."
    assert [mark["kind"] for mark in data["scenes"][2]["marks"]].count("blast") == 3
    assert made == [1]
    assert len(data["game"]["cards"]) == game.CELLS


def test_two_models_that_agree_are_said_to(visit: Visit, made: list[int]):
    doubt = _shown(visit("stage"))["scenes"][3]
    assert doubt["sentence"] == "Two models agree on all 5 cells."
    assert {mark["kind"] for mark in doubt["marks"]} == {"quiet"}
    assert made == [1]


def test_the_matrix_comes_from_stored_results(visit: Visit, made: list[int]):
    from allcad_core.ui.explorer import work

    scene = _shown(visit("stage"))["scenes"][4]
    counts = work.load("cell", "lightweight", "session").matrix()
    assert scene["matrix"]["counts"] == [[counts[1, 1], counts[1, 0]], [counts[0, 1], counts[0, 0]]]
    assert scene["sentence"].startswith(f"Of {int(counts.sum())} cells never seen")
    assert made == [1]


def test_the_address_names_the_round(visit: Visit, made: list[int]):
    visitor = visit("stage", round="7")
    assert (_shown(visitor)["seed"], made) == (7, [7])


@pytest.mark.parametrize("odd", ["-3", "x", "", "99999999"])
def test_an_odd_address_is_no_error(visit: Visit, made: list[int], odd: str):
    visitor = visit("stage", round=odd)
    assert not visitor.exception
    assert 0 <= made[0] <= game.LARGEST_SEED


def test_another_round_is_one_number_away_and_an_old_one_is_kept(visit: Visit, made: list[int]):
    visitor = visit("stage")
    visitor.number_input[0].set_value(2).run()
    assert (_shown(visitor)["game"]["seed"], made) == (2, [1, 2])
    visitor.number_input[0].set_value(1).run()
    assert (_shown(visitor)["game"]["seed"], made) == (1, [1, 2])


def test_without_a_data_folder_the_page_says_how_to_play_photographs(visit: Visit, made: list[int], text: Words):
    assert "$ALLCAD_DATA" in text(visit("stage"))
    assert made == [1]


def test_models_that_cannot_be_used_leave_a_sentence(visit: Visit, house: Any, made: list[int], text: Words):
    house.break_down("The weight file is damaged. Restore it from the repository.")
    visitor = visit("stage")
    assert not visitor.exception
    assert "The weight file is damaged." in text(visitor)
    assert made == []


def test_a_game_without_its_model_leaves_the_scenes(
    visit: Visit, made: list[int], text: Words, monkeypatch: pytest.MonkeyPatch
):
    from allcad_core.errors import ModelError

    def refuse(_seed: int, _recipe: str) -> Round:
        raise ModelError("The weight file is missing.")

    monkeypatch.setattr(game, "generated_round", refuse)
    visitor = visit("stage")
    assert "The weight file is missing." in text(visitor)
    assert _shown(visitor)["game"] is None
    assert made == []
