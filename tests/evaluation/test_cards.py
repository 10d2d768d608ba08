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
from allcad_core.evaluation.cards import refresh
from allcad_core.evaluation.classifiers import report
from allcad_core.predictions import CellPrediction, FieldPrediction, path_of, read, write
from allcad_core.training.plans import draft_card

if TYPE_CHECKING:
    from tests.evaluation.conftest import House


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    for name in ("lightweight", "yolo11n"):
        models.write_card(replace(draft_card(name), sha256="0" * 64, storage="fp16"), tmp_path / "weights")
    return tmp_path / "weights"


def test_a_card_gets_figures_of_every_protocol_a_temperature_and_a_threshold(house: House, weights: Path) -> None:
    for protocol in ("session", "field"):
        for fold, names in enumerate((("Im001_1", "Im003_0"), ("Im002_1", "Im004_0"))):
            odds = {name: (1 if name.endswith("1") else -1) * np.array([3.0, 2.0, -1.0, 4.0]) for name in names}
            house.cells("lightweight", fold, odds, protocol)
    card = refresh("lightweight", house.data, house.results, weights)
    assert card == models.card("lightweight", weights)
    assert [figure.protocol for figure in card.figures] == ["session"] * 6 + ["field"] * 6
    rows = read(CellPrediction, "cell", "field", "lightweight", house.results)
    assert card.temperature == pytest.approx(pooled(rows), abs=1e-4)
    odds_of = np.array([row.log_odds for row in rows])
    said = 1 / (1 + np.exp(-odds_of / card.temperature)) >= card.threshold
    assert said.tolist() == (odds_of >= -1).tolist()  # finds every blast and calls one healthy cell of four so


def test_figures_are_those_of_the_report(house: House, weights: Path) -> None:
    for fold, names in enumerate((("Im001_1", "Im003_0"), ("Im002_1", "Im004_0"))):
        house.cells("lightweight", fold, {names[0]: [2.0, 1.0, -1.0], names[1]: [-3.0, -1.0, 1.5]})
    card = refresh("lightweight", house.data, house.results, weights)
    found = report("lightweight", "cell", "field", house.data, house.results)
    figures = {figure.name: figure for figure in card.figures}
    for name, estimate in (
        ("accuracy", found.headline.accuracy),
        ("sensitivity", found.headline.recall),
        ("AUROC", found.headline.auroc),
    ):
        shown = (figures[name].value, figures[name].low, figures[name].high)
        assert shown == pytest.approx((estimate.value, estimate.low, estimate.high), abs=1e-4)
    assert {figure.source for figure in card.figures} == {"results/cell/field/lightweight, ALL-IDB1"}


def test_further_sets_are_told_in_a_word(house: House, weights: Path) -> None:
    rows = [
        CellPrediction(name, f"{name}-{n}", 0, 0, 9, 9, truth, 3.0 * truth - 1 - n % 3, fold)
        for fold, (name, truths) in enumerate((("ALL-IDB2", (0, 1)), ("Aria", (0, 1)), ("PBC", (0,))))
        for n, truth in enumerate(truths * 10)
    ]
    for fold in range(3):
        part = [row for row in rows if row.fold == fold]
        write(part, CellPrediction, path_of("cell", "source", "lightweight", fold, house.results))
    card = refresh("lightweight", house.data, house.results, weights)
    assert [figure.name for figure in card.figures] == [
        "AUROC on ALL-IDB2", "balanced accuracy on ALL-IDB2", "AUROC on Aria", "balanced accuracy on Aria",
        "false blasts on PBC",
    ]  # fmt: skip


def test_a_field_classifier_tells_its_shortcut(house: House, weights: Path) -> None:
    models.write_card(replace(models.card("lightweight", weights), name="whole", task="field"), weights)
    for fold in range(2):
        rows = [
            FieldPrediction("ALL-IDB1", f"Im00{n}_{n % 2}", n % 2, 4.0 * (n % 2) - 2, 1.0, fold)
            for n in range(1 + 4 * fold, 5 + 4 * fold)
        ]
        write(rows, FieldPrediction, path_of("field", "session", "whole", fold, house.results))
    card = refresh("whole", house.data, house.results, weights)
    shortcut = next(figure for figure in card.figures if "painted over" in figure.name)
    assert (shortcut.value, card.figures[0].value) == (0.5, 1.0)


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
