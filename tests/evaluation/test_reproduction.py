"""The papers' table beside ours: only what stands, gaps and leaks said."""

from __future__ import annotations

from pathlib import Path

import pytest

from allcad_core.evaluation.published import TABLE_1
from allcad_core.evaluation.reproduction import OURS, lines, markdown
from allcad_core.predictions import CellPrediction, FieldPrediction, path_of, write


def fields(results: Path, protocol: str, folds: int, model: str = "lightweight", blank: float = 1.0) -> None:
    for fold in range(folds):
        rows = [
            FieldPrediction("ALL-IDB1", f"Im{number:03d}_{number % 2}", number % 2, 4.0 * (number % 2) - 2, blank, fold)
            for number in range(1, 41)
            if number % folds == fold or folds == 1
        ]
        write(rows, FieldPrediction, path_of("field", protocol, model, fold, results))


def row_of(text: str, *words: str) -> list[str]:
    (line,) = (line for line in text.splitlines() if line.startswith("|") and all(word in line for word in words))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_without_results_every_row_says_so_and_the_papers_come_first(tmp_path: Path) -> None:
    found = lines(results=tmp_path)
    assert [line.published for line in found] == [*TABLE_1, *[None] * len(OURS)]
    text = markdown(found)
    assert row_of(text, "Whole-image CNN")[2:] == ["99.22 %", *["not trained yet"] * 4]
    assert row_of(text, "ResRandSVM")[2:] == ["\N{EN DASH}", *["not trained yet"] * 3, ""]
    assert "128 of 129" in text


def test_what_is_missing_is_told_from_what_is_left_out(tmp_path: Path) -> None:
    planned = {("resnet50_field", "field"): ("random4", "session"), ("resnet50", "cell"): ("random4",)}
    text = markdown(lines(results=tmp_path, planned=planned))
    assert row_of(text, "ResNet50", "fields")[3:6] == ["not trained yet", "left out", "not trained yet"]
    assert row_of(text, "ResNet50", "crops")[3:6] == ["not trained yet", "left out", "left out"]


def test_the_shortcut_names_its_protocol_where_it_is_not_the_papers_split(tmp_path: Path) -> None:
    fields(tmp_path, "session", 3, "best_field", blank=-1.0)
    assert row_of(markdown(lines(results=tmp_path)), "best_field")[6].endswith("), `session`")


def test_ours_stand_beside_the_papers_with_the_shortcut(tmp_path: Path) -> None:
    fields(tmp_path, "random4", 4)
    fields(tmp_path, "session", 3, blank=-1.0)
    row = row_of(markdown(lines(results=tmp_path)), "Proposed CNN", "fields")
    assert row[2] == "99 %"
    assert row[3].startswith("100.0\N{NO-BREAK SPACE}%")
    assert row[4] == "not trained yet"
    assert row[5].startswith("100.0\N{NO-BREAK SPACE}%")
    assert row[6].startswith("50.0\N{NO-BREAK SPACE}%")


@pytest.mark.parametrize("name", ["lightweight_field", "field_lightweight"])
def test_results_under_a_name_with_its_task_are_found(tmp_path: Path, name: str) -> None:
    fields(tmp_path, "random4", 4, name)
    line = next(line for line in lines(results=tmp_path) if (line.model, line.task) == ("lightweight", "field"))
    assert line.on_papers_split is not None
    assert line.on_papers_split.model == name


def test_part_of_the_folds_is_marked(tmp_path: Path) -> None:
    rows = [CellPrediction("ALL-IDB2", f"Im{n}_{n % 2}", 0, 0, 9, 9, n % 2, 1.0, 0) for n in range(9)]
    write(rows, CellPrediction, path_of("cell", "random4", "svm", 0, tmp_path))
    text = markdown(lines(results=tmp_path))
    assert row_of(text, "SVM on hand measures")[3].endswith("*")
    assert "still to be trained: svm random4" in text


def test_the_two_scorings_of_chen17_are_told(tmp_path: Path) -> None:
    rows = [
        FieldPrediction("ALL-IDB1", name, int(name[-1]), 4.0 * int(name[-1]) - 2, 0.0, 0)
        for name in ("Im003_1", "Im009_1", "Im040_0")
    ]
    write(rows, FieldPrediction, path_of("field", "chen17", "whole_image", 0, tmp_path))
    assert "on the 17 of Chen et al." in markdown(lines(results=tmp_path))
