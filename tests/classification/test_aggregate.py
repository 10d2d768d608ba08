"""A field judged by its cells: more blasts speak louder, healthy company softer, and an empty field is no blast."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from allcad_core import models
from allcad_core.classification.aggregate import CellAggregate, features
from allcad_core.errors import ModelError
from allcad_core.training.plans import draft_card


def test_no_cell_shows_nothing() -> None:
    assert features(np.empty(0)).tolist() == [0.0, 0.0]


def test_blasts_are_counted_and_set_against_all_white_cells() -> None:
    alone, among = features(np.ones(3)), features(np.array([1.0] * 3 + [0.0] * 6))
    assert alone[0] == pytest.approx(among[0])
    assert alone[0] == pytest.approx(np.log(4))
    assert (alone[1], among[1]) == (pytest.approx(3 / 4), pytest.approx(3 / 10))


def test_one_doubtful_cell_alone_is_not_the_whole_field() -> None:
    assert features(np.array([0.5]))[1] == pytest.approx(0.25)


def test_its_answer_is_the_difference_of_its_outputs() -> None:
    judge = CellAggregate(draft_card("best_field"), np.array([[-1.0, -2.0], [1.0, 2.0]]), np.array([0.5, -0.5]))
    cells = [np.empty(0), np.array([1.0, 0.0])]
    expected = [-1.0, -1.0 + 2 * np.log(2) + 4 / 3]
    assert judge.log_odds(cells) == pytest.approx(expected)
    assert judge.probabilities(cells) == pytest.approx(1 / (1 + np.exp(-np.array(expected))))
    assert judge.log_odds([]).size == 0
    assert judge.cells == "best_cell"


def test_the_one_that_ships_says_what_its_network_says() -> None:
    judge, network = CellAggregate.load("best_field"), models.load("best_field", "cpu")
    chances = np.array([0.9, 0.2, 0.7, 0.05])
    with torch.inference_mode():
        normal, leukaemia = network(torch.from_numpy(features(chances)).float()).tolist()
    assert judge.log_odds([chances])[0] == pytest.approx(leukaemia - normal, rel=1e-5)


def test_weights_of_something_else_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "read_arrays", lambda _: {"other": np.zeros(3)})
    with pytest.raises(ModelError, match="no aggregate"):
        CellAggregate.load("best_field")
