"""Figures and calibration of cards from stored predictions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from allcad_core import models
from allcad_core.errors import DataError
from allcad_core.evaluation.calibration import pooled
from allcad_core.evaluation.cards import cell_figures, refresh
from allcad_core.intervals import wilson
from allcad_core.predictions import CellPrediction, read
from allcad_core.training.plans import draft_card

if TYPE_CHECKING:
    from tests.evaluation.conftest import House


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    for name in ("lightweight", "yolo11n"):
        models.write_card(replace(draft_card(name), sha256="0" * 64, storage="fp16"), tmp_path / "weights")
    return tmp_path / "weights"


def figure(name: str, value: float, model: str) -> None: ...


def test_a_card_gets_figures_of_every_protocol_and_a_temperature(house: House, weights: Path) -> None:
    for protocol in ("session", "field"):
        for fold, names in enumerate((("Im001_1", "Im003_0"), ("Im002_1", "Im004_0"))):
            odds = {name: (1 if name.endswith("1") else -1) * np.array([3.0, 2.0, -1.0, 4.0]) for name in names}
            house.cells("lightweight", fold, odds, protocol)
    card = refresh("lightweight", house.data, house.results, weights)
    assert card == models.card("lightweight", weights)
    assert [figure.protocol for figure in card.figures] == ["session"] * 4 + ["field"] * 4
    assert card.temperature == pytest.approx(
        pooled(read(CellPrediction, "cell", "field", "lightweight", house.results)), abs=1e-4
    )


def test_one_protocol_is_enough(house: House, weights: Path) -> None:
    house.cells("lightweight", 0, {"Im001_1": [1.0, -2.0], "Im003_0": [-1.0, -3.0]}, "session")
    card = refresh("lightweight", house.data, house.results, weights)
    assert {figure.protocol for figure in card.figures} == {"session"}
    assert card.temperature != 1.0


def test_a_detector_s_card_tells_recall_and_false_blasts(house: House, weights: Path) -> None:
    house.boxes("yolo11n", 0, [("Im001_1", 30, 30, "blast", 0.9, 0), ("Im002_1",)], "session")
    house.boxes("yolo11n", 1, [("Im003_0", 30, 30, "blast", 0.9, 0), ("Im004_0",)], "session")
    card = refresh("yolo11n", house.data, house.results, weights)
    assert {figure.name: figure.value for figure in card.figures} == {
        "blast recall by centroid": 0.25,
        "false blasts a healthy field": 0.5,
    }
    assert card.temperature == 1.0


def test_without_predictions_there_is_nothing_to_tell(house: House, weights: Path) -> None:
    with pytest.raises(DataError, match="Run: allcad train lightweight"):
        refresh("lightweight", house.data, house.results, weights)


def test_damaged_predictions_are_not_passed_over(house: House, weights: Path) -> None:
    house.cells("lightweight", 0, {"Im001_1": [1.0, -2.0], "Im003_0": [-1.0, -3.0]}, "session")
    damaged = house.results / "cell" / "field" / "lightweight" / "fold0.csv"
    damaged.parent.mkdir(parents=True)
    damaged.write_text("image,x0\na,1\n")
    with pytest.raises(DataError, match="not a file of predictions"):
        refresh("lightweight", house.data, house.results, weights)
