"""The judge of fields is fitted on other folds' stored cells, and judges its own fold by the cells alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from allcad_core import predictions
from allcad_core.classification.aggregate import features
from allcad_core.errors import DataError
from allcad_core.predictions import BoxPrediction, CellPrediction, FieldPrediction
from allcad_core.training import aggregates
from allcad_core.training.plans import plan

PLAN = plan("best_field")


def region(image: str, odds: float, fold: int) -> BoxPrediction:
    return BoxPrediction(image, 0, 0, 9, 9, "", 1.0, odds, fold)


def nothing(image: str, fold: int) -> BoxPrediction:
    return BoxPrediction(image, 0, 0, 0, 0, "", 0.0, 0.0, fold)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Two folds, each with a field of leukaemia and two healthy ones, one of them empty."""
    for fold in (0, 1):
        ill, well, empty = f"Im00{fold + 1}_1", f"Im01{fold}_0", f"Im02{fold}_0"
        rows = [
            *(region(ill, 5.0 + fold, fold) for _ in range(4)),
            region(well, -4.0 + fold, fold),
            nothing(empty, fold),
        ]
        path = predictions.path_of("detect", "session", "regions-best_cell", fold, tmp_path)
        predictions.write(rows, BoxPrediction, path)
        cells = [
            CellPrediction("ALL-IDB2", f"{fold}-{n}", 0, 0, 9, 9, n % 2, (-3.0, 3.0)[(n % 10 > 0) == n % 2], fold)
            for n in range(40)
        ]
        predictions.write(cells, CellPrediction, predictions.path_of("cell", "session", "best_cell", fold, tmp_path))
    return tmp_path


def test_a_fold_is_judged_by_what_the_other_taught(results: Path) -> None:
    path = aggregates.run("best_field", PLAN, "session", 1, results)
    rows = {row.image: row for row in predictions.read_file(FieldPrediction, path)}
    assert {name: row.truth for name, row in rows.items()} == {"Im002_1": 1, "Im011_0": 0, "Im021_0": 0}
    heat = aggregates.temperature_of("best_cell", "session", results, without=1)
    taught = np.stack([features(expit(odds / heat)) for odds in (np.full(4, 5.0), np.array([-4.0]), np.empty(0))])
    expected = LogisticRegression(class_weight="balanced").fit(taught, [1, 0, 0])
    asked = features(expit(np.full(4, 6.0) / heat))
    assert rows["Im002_1"].log_odds == pytest.approx(float(expected.decision_function([asked])[0]), abs=1e-3)
    assert rows["Im002_1"].log_odds > 0 > rows["Im011_0"].log_odds


def test_an_empty_field_and_one_painted_over_are_the_same(results: Path) -> None:
    path = aggregates.run("best_field", PLAN, "session", 0, results)
    rows = {row.image: row for row in predictions.read_file(FieldPrediction, path)}
    assert rows["Im020_0"].log_odds == rows["Im001_1"].blank_log_odds == rows["Im010_0"].blank_log_odds


def test_cells_of_other_sets_join_with_the_label_of_their_field(results: Path) -> None:
    rows = [
        *(CellPrediction("Aria", "Pre-1", 0, 0, 9, 9, 1, 3.0, 0) for _ in range(2)),
        CellPrediction("Aria", "Benign-1", 0, 0, 9, 9, 0, 1.0, 1),
        CellPrediction("ALL-IDB2", "Im001_1", 0, 0, 9, 9, 1, 3.0, 1),
    ]
    predictions.write(rows, CellPrediction, predictions.path_of("cell", "session", "best_cell", 0, results))
    found = {(one.dataset, one.image): one for one in aggregates.fields_of("best_cell", "session", results)}
    assert found["Aria", "Pre-1"].log_odds.tolist() == [3.0, 3.0]
    assert (found["Aria", "Pre-1"].truth, found["Aria", "Benign-1"].truth) == (1, 0)
    assert {name for name, _ in found} == {"ALL-IDB1", "Aria"}


def test_its_temperature_is_the_other_folds_and_the_experts(results: Path) -> None:
    path = predictions.path_of("cell", "session", "best_cell", 0, results)
    louder = [replace(row, log_odds=4 * row.log_odds) for row in predictions.read_file(CellPrediction, path)]
    weak = [CellPrediction("Aria", str(n), 0, 0, 9, 9, n % 2, 0.1, 0) for n in range(400)]
    predictions.write([*louder, *weak], CellPrediction, path)
    quiet, loud = (aggregates.temperature_of("best_cell", "session", results, without=fold) for fold in (0, 1))
    assert loud == pytest.approx(4 * quiet, rel=0.01)


def test_fields_of_one_class_teach_nothing(results: Path) -> None:
    fields = [one for one in aggregates.fields_of("best_cell", "session", results) if one.truth]
    with pytest.raises(DataError, match="needs fields with leukaemia and fields without"):
        aggregates.fit(fields, 1.0)


def test_without_stored_cells_it_says_what_to_train(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="allcad train best_cell --protocol session"):
        aggregates.run("best_field", PLAN, "session", 0, tmp_path)
