"""Stored detections become what a user would have seen, and figures of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from allcad_core.errors import DataError, UnknownNameError
from allcad_core.evaluation import suggestions
from allcad_core.evaluation.detection import out_of_fold, report
from allcad_core.recipes import recipe

if TYPE_CHECKING:
    from tests.evaluation.conftest import House

SURE = 6.0
"""Log odds of a cell that is surely a blast; with calibrated neighbours its probability is near 1."""


@pytest.fixture
def regions(house: House) -> House:
    """Region proposals of two folds: every blast found but one, one false blast."""
    calibrated = [SURE] * 40 + [-SURE]
    house.cells("best_cell", 0, {"Im001_1": calibrated, "Im003_0": [-odd for odd in calibrated]})
    house.cells("best_cell", 1, {"Im002_1": calibrated, "Im004_0": [-odd for odd in calibrated]})
    house.boxes(
        "regions-best_cell", 0,
        [("Im001_1", 30, 30, "", 0.9, SURE), ("Im001_1", 70, 30, "", 0.8, SURE), ("Im003_0",)],
    )  # fmt: skip
    house.boxes(
        "regions-best_cell", 1,
        [("Im002_1", 30, 30, "", 0.9, SURE), ("Im002_1", 70, 30, "", 0.9, -SURE), ("Im004_0", 50, 50, "", 0.9, SURE)],
    )  # fmt: skip
    return house


def test_the_classifier_labels_regions_and_lends_its_certainty(regions: House) -> None:
    found = out_of_fold("regions", "field", regions.results)
    assert set(found) == {"Im001_1", "Im002_1", "Im003_0", "Im004_0"}
    assert found["Im003_0"] == []
    assert [box.label for box in found["Im002_1"]] == ["blast", "healthy"]
    best = found["Im001_1"][0]
    assert 0.5 < best.score / 0.9 < 1
    assert best.box == (20, 20, 40, 40)


def test_boxes_of_a_detector_are_labelled_by_the_classifier_where_the_recipe_says_so(regions: House) -> None:
    for fold, names in ((0, ("Im001_1", "Im003_0")), (1, ("Im002_1", "Im004_0"))):
        rows = [(name, 30, 30, "healthy", 0.9, SURE) for name in names]
        regions.boxes("yolo11n-best_cell", fold, rows)
        regions.boxes("yolo11n", fold, [(*row[:5], 0.0) for row in rows])
    judged, own = (out_of_fold(name, "field", regions.results) for name in ("yolo11n-best_cell", "yolo11n"))
    assert {box.label for boxes in judged.values() for box in boxes} == {"blast"}
    assert {box.label for boxes in own.values() for box in boxes} == {"healthy"}


def test_figures_of_regions(regions: House) -> None:
    told = report("regions", "field", regions.data, regions.results)
    assert told.confidence == recipe("regions").default_confidence
    assert (told.overall.hit, told.overall.points) == (3, 4)
    assert (told.overall.false_blasts, told.overall.healthy_fields) == (1, 2)
    assert {name: (part.hit, part.points) for name, part in told.by_session.items()} == {"A": (2, 2), "B": (1, 2)}
    assert told.recall_at[1.0] == 0.75


def test_a_fold_s_own_cells_do_not_calibrate_its_boxes(regions: House) -> None:
    before = out_of_fold("regions", "field", regions.results)
    regions.cells("best_cell", 0, {"Im001_1": [0.1, -9.0], "Im003_0": [5.0, -5.0]})
    after = out_of_fold("regions", "field", regions.results)
    assert before["Im001_1"] == after["Im001_1"]
    assert before["Im002_1"] != after["Im002_1"]


def test_a_detector_s_own_labels_and_scores_are_used(house: House) -> None:
    house.boxes("yolo11n", 0, [("Im001_1", 30, 30, "blast", 0.9, 0), ("Im002_1", 30, 30, "healthy", 0.8, 0)], "session")
    house.boxes("yolo11n", 1, [("Im003_0",), ("Im004_0",)], "session")
    told = report("yolo11n", "session", house.data, house.results)
    assert told.overall.hit == 1
    assert told.overall.false_blasts == 0


def test_a_field_without_predictions_is_an_error(house: House) -> None:
    house.boxes("yolo11n", 0, [("Im001_1",), ("Im002_1",), ("Im003_0",)], "session")
    with pytest.raises(DataError, match="1 fields, Im004_0"):
        report("yolo11n", "session", house.data, house.results)
    with pytest.raises(DataError, match="Im004_0"):
        suggestions.table("yolo11n", "session", house.data, house.results)


def test_missing_results_and_unknown_recipes_are_told(house: House) -> None:
    with pytest.raises(DataError, match="allcad train"):
        report("regions", "field", house.data, house.results)
    with pytest.raises(UnknownNameError):
        report("oracle", "field", house.data, house.results)


def test_suggestions_are_counted_by_what_is_true(house: House) -> None:
    blasts = [("Im001_1", x, 30, "blast", 0.9, 0) for x in (30, 60, 90)]
    house.boxes("yolo11n", 0, [*blasts, ("Im002_1", 30, 30, "blast", 0.9, 0)], "session")
    house.boxes("yolo11n", 1, [("Im003_0",), ("Im004_0", 30, 30, "healthy", 0.9, 0)], "session")
    assert suggestions.table("yolo11n", "session", house.data, house.results) == {
        "ALL patients": {"blasts_suspected": 1, "few_suspicious": 1},
        "healthy people": {"no_white_cells": 1, "no_blasts": 1},
    }
