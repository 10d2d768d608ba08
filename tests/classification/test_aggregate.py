"""A field judged by its cells: more blasts speak louder, healthy company softer, and an empty field is no blast."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from allcad_core.classification.aggregate import CellAggregate, build, features
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
    network = build()
    with torch.no_grad():
        network.weight.copy_(torch.tensor([[-1.0, -2.0], [1.0, 2.0]]))
        network.bias.copy_(torch.tensor([0.5, -0.5]))
    judge = CellAggregate(draft_card("best_field"), network, torch.device("cpu"))
    cells = [np.empty(0), np.array([1.0, 0.0])]
    expected = [-1.0, -1.0 + 2 * np.log(2) + 4 / 3]
    assert judge.log_odds(cells) == pytest.approx(expected)
    assert judge.probabilities(cells) == pytest.approx(1 / (1 + np.exp(-np.array(expected))))
    assert judge.log_odds([]).size == 0
    assert judge.cells == "best_cell"
