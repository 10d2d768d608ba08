"""Reports of classifiers: judged by other folds only, told apart by sitting and kind, written as files."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from allcad_core.errors import DataError, UnknownNameError
from allcad_core.evaluation import classifiers, judged, origins, tables
from allcad_core.evaluation.origins import Origin
from allcad_core.predictions import CellPrediction, FieldPrediction, path_of, write

if TYPE_CHECKING:
    from tests.evaluation.conftest import House


def cells(
    dataset: str, fold: int, *, shift: float = 0.0, count: int = 40, classes: tuple[int, ...] = (0, 1), seed: int = 0
) -> list[CellPrediction]:
    """Cells of which most are on their side of ``shift``."""
    rng = np.random.default_rng((seed, fold))
    return [
        CellPrediction(dataset, f"{dataset}-{fold}-{place}", 0, 0, 9, 9, truth, float(odds), fold)
        for place in range(count)
        for truth in [classes[place % len(classes)]]
        for odds in [shift + (4 * truth - 2) + rng.normal(0, 1.5)]
    ]


def store(rows: list[CellPrediction], results: Path, protocol: str = "field", model: str = "made") -> None:
    for fold in {row.fold for row in rows}:
        part = [row for row in rows if row.fold == fold]
        write(part, CellPrediction, path_of("cell", protocol, model, fold, results))


def test_the_threshold_of_a_fold_comes_from_the_others() -> None:
    rows = [*cells("ALL-IDB2", 0), *cells("ALL-IDB2", 1), *cells("ALL-IDB2", 2, shift=6.0)]
    rules = {fold: rule for (_, fold), rule in judged.rules_of(rows).items()}
    moved = [row if row.fold != 2 else CellPrediction(*row_values(row, log_odds=-row.log_odds)) for row in rows]
    again = {fold: rule for (_, fold), rule in judged.rules_of(moved).items()}
    assert rules[2] == again[2]
    assert rules[0] != again[0]


def row_values(row: CellPrediction, log_odds: float) -> tuple[object, ...]:
    return (row.dataset, row.image, row.x0, row.y0, row.x1, row.y1, row.truth, log_odds, row.fold)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        pytest.param([("PBC", 1, (0,)), ("ALL-IDB2", 1, (0, 1)), ("Aria", 1, (0, 1))], ("ALL-IDB2",), id="expert labels first"),
        pytest.param([("Aria", 1, (0, 1)), ("Aria", 2, (0, 1))], ("Aria",), id="weak labels where there are no others"),
        pytest.param([("PBC", 1, (0,))], (), id="nothing to choose by"),
    ],
)  # fmt: skip
def test_a_set_of_one_class_is_judged_by_other_sets(
    others: list[tuple[str, int, tuple[int, ...]]], expected: tuple[str, ...]
) -> None:
    rows = cells("PBC", 0, classes=(0,))
    for dataset, fold, classes in others:
        rows += cells(dataset, fold, classes=classes)
    rule = judged.rules_of(rows)["PBC", 0]
    assert rule.chosen_on == expected
    assert (rule == judged.Rule()) == (not expected)


def test_a_shifted_model_is_better_at_the_threshold_of_the_other_folds(tmp_path: Path) -> None:
    store([row for fold in range(5) for row in cells("ALL-IDB2", fold, shift=2.5)], tmp_path)
    found = classifiers.report("made", "cell", "field", results=tmp_path)
    assert (found.dataset, found.pictures, found.missing_folds, found.calibrated) == ("ALL-IDB2", 200, (), True)
    half, chosen = found.at_half.overall.measures, found.at_chosen.overall.measures
    assert half.accuracy.value is not None
    assert chosen.accuracy.value is not None
    assert chosen.accuracy.value > half.accuracy.value + 0.05
    assert chosen.auroc == half.auroc
    matrix = found.at_half.overall.matrix
    wrong = found.wrong(0.5)
    assert len(wrong) == matrix.false + matrix.missed > 0
    sure = [abs(entry.probability - entry.truth) for entry in wrong]
    assert sure == sorted(sure, reverse=True)


def test_sittings_and_cameras_come_with_the_results(tmp_path: Path) -> None:
    rows = [row for fold in range(3) for row in cells("ALL-IDB2", fold)]
    store(rows, tmp_path, "session")
    listed = {
        (row.dataset, row.image): Origin(
            row.dataset, row.image, f"f{row.fold}", f"f{row.fold}", "ABC"[row.fold], "Canon"
        )
        for row in rows
    }
    origins.write(listed, tmp_path)
    found = classifiers.report("made", "cell", "session", results=tmp_path)
    assert list(found.at_chosen.by_session) == ["A", "B", "C"]
    assert found.headline == found.at_chosen.mean_over_folds != found.at_chosen.overall.measures
    assert {entry.origin.camera for entry in found.judged} == {"Canon"}
    parts = [figures.matrix.total for figures in found.at_chosen.by_session.values()]
    assert sum(parts) == found.at_chosen.overall.matrix.total


def test_a_stored_list_of_pictures_is_read_as_it_was_written(tmp_path: Path) -> None:
    listed = {("PBC", "LY_1"): Origin("PBC", "LY_1", "LY_1", "LY_1", kind="lymphocyte")}
    origins.write(listed, tmp_path)
    assert origins.stored(tmp_path) == listed
    (tmp_path / origins.FILE).write_text("dataset,nonsense\na,b\n")
    with pytest.raises(DataError, match="not a list of pictures"):
        origins.stored(tmp_path)


def test_pictures_that_are_not_listed_are_looked_up_in_the_data(house: House) -> None:
    found = origins.known([("ALL-IDB1", "Im001_1"), ("elsewhere", "x")], house.data, house.results)
    assert (found["ALL-IDB1", "Im001_1"].session, found["ALL-IDB1", "Im001_1"].camera) == ("A", "Camera")
    assert found["elsewhere", "x"] == Origin("elsewhere", "x", "x", "x")


def test_the_stored_list_is_what_the_data_say(data_root: Path) -> None:
    read = origins.read(data_root)
    listed = origins.stored()
    assert {key: listed.get(key) for key in read} == read


def field_rows(blank: float) -> list[FieldPrediction]:
    return [
        FieldPrediction("ALL-IDB1", f"Im{place:03d}_{place % 2}", place % 2, 6.0 * (place % 2) - 3, blank * (place % 2) - blank / 2, place % 4)
        for place in range(1, 41)
    ]  # fmt: skip


@pytest.mark.parametrize(("blank", "expected"), [(2.0, 1.0), (-2.0, 0.0)])
def test_the_shortcut_is_scored_on_the_painted_fields(tmp_path: Path, blank: float, expected: float) -> None:
    for fold in range(4):
        part = [row for row in field_rows(blank) if row.fold == fold]
        write(part, FieldPrediction, path_of("field", "random4", "made", fold, tmp_path))
    found = classifiers.report("made", "field", "random4", results=tmp_path)
    assert found.at_half.overall.measures.accuracy.value == 1
    assert found.shortcut is not None
    assert found.shortcut.at_half.overall.measures.accuracy.value == expected
    assert found.classes == ("normal", "ALL")


def test_one_fold_is_told_uncalibrated_and_chen17_in_two_scorings(tmp_path: Path) -> None:
    rows = [
        FieldPrediction("ALL-IDB1", name, int(name.endswith("1")), 3.0 if name.endswith("1") else -3.0, 0.0, 0)
        for name in ("Im003_1", "Im008_1", "Im009_1", "Im040_0", "Im044_0")
    ]
    write(rows, FieldPrediction, path_of("field", "chen17", "made", 0, tmp_path))
    found = classifiers.report("made", "field", "chen17", results=tmp_path)
    assert not found.calibrated
    assert found.rules[0] == judged.Rule()
    assert [figures.matrix.total for figures in found.at_half.by_subset.values()] == [5, 3]


def test_folds_that_are_missing_are_named(tmp_path: Path) -> None:
    store([*cells("ALL-IDB2", 0), *cells("ALL-IDB2", 3)], tmp_path)
    assert classifiers.report("made", "cell", "field", results=tmp_path).missing_folds == (1, 2, 4)


def test_each_set_of_source_has_a_report_of_its_own(tmp_path: Path) -> None:
    store([*cells("ALL-IDB2", 0), *cells("Aria", 1), *cells("PBC", 2, classes=(0,))], tmp_path, "source")
    found = classifiers.reports("made", "cell", "source", results=tmp_path)
    assert [report.dataset for report in found] == ["ALL-IDB2", "Aria", "PBC"]
    assert found[0].other_sets == {"Aria": 40, "PBC": 40}
    assert found[2].at_chosen.overall.measures.auroc.value is None
    assert found[2].curves.roc is None


def test_unknown_names_are_refused(tmp_path: Path) -> None:
    store(cells("ALL-IDB2", 0), tmp_path)
    with pytest.raises(DataError, match="No results of 'other'"):
        classifiers.report("other", "cell", "field", results=tmp_path)
    with pytest.raises(UnknownNameError, match="Known: ALL-IDB2"):
        classifiers.report("made", "cell", "field", results=tmp_path, dataset="Aria")
    with pytest.raises(UnknownNameError, match="task"):
        classifiers.report("made", "detect", "field", results=tmp_path)


def test_files_say_what_the_report_says(tmp_path: Path) -> None:
    store([row for fold in range(5) for row in cells("ALL-IDB2", fold)], tmp_path)
    found = classifiers.report("made", "cell", "field", results=tmp_path)
    files = {path.name: path for path in tables.write(found, tmp_path / "out")}
    assert set(files) == {
        "report.json", "figures.csv", "predictions.csv", "misjudged.csv", "roc.csv", "precision_recall.csv",
        "thresholds.csv", "calibration.csv",
    }  # fmt: skip
    whole = json.loads(files["report.json"].read_text(encoding="utf-8"))
    assert whole["at_chosen"]["overall"]["measures"]["auroc"]["value"] == found.at_chosen.overall.measures.auroc.value
    assert len(whole["judged"]) == found.pictures
    with files["misjudged.csv"].open(encoding="utf-8") as stream:
        wrong = list(csv.DictReader(stream))
    assert [row["image"] for row in wrong] == [entry.origin.image for entry in found.wrong()]
    assert all(row["truth"] != row["said"] for row in wrong)
    with files["figures.csv"].open(encoding="utf-8") as stream:
        accuracy = [
            row for row in csv.DictReader(stream)
            if (row["threshold"], row["part"], row["measure"]) == ("out of fold", "all", "accuracy")
        ]  # fmt: skip
    assert [float(row["value"]) for row in accuracy] == pytest.approx([found.at_chosen.overall.measures.accuracy.value])
