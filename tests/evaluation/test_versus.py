"""Two classifiers on the same pictures, in figures and in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from allcad_core.errors import DataError
from allcad_core.evaluation.versus import Stored, compare, mcnemar
from allcad_core.predictions import CellPrediction, FieldPrediction, path_of, write


def store(results: Path, model: str, wrong: int, protocol: str = "field", count: int = 60) -> None:
    """Sixty crops of which the first so many blasts are missed."""
    rows = [
        CellPrediction("ALL-IDB2", f"Im{place:03d}_{place % 2}", 0, 0, 9, 9, place % 2, odds, place % 5)
        for place in range(count)
        for odds in [-4.0 if place % 2 and place < 2 * wrong else 8.0 * (place % 2) - 4]
    ]
    for fold in range(5):
        write(
            [row for row in rows if row.fold == fold], CellPrediction, path_of("cell", protocol, model, fold, results)
        )


def stored(model: str, protocol: str = "field", task: str = "cell") -> Stored:
    return Stored(model, task, protocol)


def test_twins_are_not_told_apart(tmp_path: Path) -> None:
    for name in ("one", "two"):
        store(tmp_path, name, 4)
    found = compare(stored("one"), stored("two"), results=tmp_path)
    assert (found.pictures, found.first_only, found.second_only, found.p_value) == (60, 0, 0, 1.0)
    assert found.differences["accuracy"].value == found.differences["auroc"].value == 0
    assert "chance alone can explain" in found.sentence


@pytest.mark.parametrize("order", [("weak", "strong"), ("strong", "weak")])
def test_a_plain_gain_is_told_whichever_comes_first(tmp_path: Path, order: tuple[str, str]) -> None:
    store(tmp_path, "weak", 20)
    store(tmp_path, "strong", 0)
    found = compare(*map(stored, order), results=tmp_path)
    assert {found.first_only, found.second_only} == {0, 20}
    assert found.differences["accuracy"].told_apart
    assert found.sentence.startswith(
        "On the same 60 pictures of ALL-IDB2, strong is right more often than weak: 100.0\N{NO-BREAK SPACE}% against "
        "66.7\N{NO-BREAK SPACE}%, by 33.3 points"
    )
    assert "strong alone is right on 20 and weak alone on 0" in found.sentence


def test_one_model_under_two_protocols_names_them(tmp_path: Path) -> None:
    store(tmp_path, "one", 20)
    store(tmp_path, "one", 0, "random4")
    found = compare(stored("one"), stored("one", "random4"), results=tmp_path)
    assert "one (random4) is right more often than one (field)" in found.sentence


def test_only_what_both_judged_is_compared(tmp_path: Path) -> None:
    store(tmp_path, "one", 0)
    store(tmp_path, "two", 0, count=50)
    found = compare(stored("one"), stored("two"), results=tmp_path)
    assert (found.pictures, found.left_out) == (50, 10)


def test_cells_of_one_field_are_told_apart_by_their_boxes(tmp_path: Path) -> None:
    for name, sign in (("one", 1), ("two", -1)):
        for fold in range(2):
            rows = [
                CellPrediction("ALL-IDB1", f"Im00{fold}_1", x, 0, x + 9, 9, truth, sign * (4.0 * truth - 2), fold)
                for x, truth in ((0.0, 1), (20.0, 0))
            ]
            write(rows, CellPrediction, path_of("cell", "field", name, fold, tmp_path))
    found = compare(stored("one"), stored("two"), results=tmp_path)
    assert (found.pictures, found.both_right + found.first_only) == (4, 4)


def test_a_field_and_a_cell_are_not_compared(tmp_path: Path) -> None:
    store(tmp_path, "one", 0)
    row = FieldPrediction("ALL-IDB1", "Im001_1", 1, 2.0, 0.0, 0)
    write([row], FieldPrediction, path_of("field", "field", "one", 0, tmp_path))
    with pytest.raises(DataError, match="nothing to compare"):
        compare(stored("one"), stored("one", task="field"), results=tmp_path)


def test_contradicting_truths_are_refused(tmp_path: Path) -> None:
    for name, truth in (("one", 1), ("two", 0)):
        row = CellPrediction("ALL-IDB2", "Im001_1", 0, 0, 9, 9, truth, 1.0, 0)
        write([row], CellPrediction, path_of("cell", "field", name, 0, tmp_path))
    with pytest.raises(DataError, match="contradict each other"):
        compare(stored("one"), stored("two"), results=tmp_path)


@pytest.mark.parametrize(
    ("sets", "images", "says"),
    [
        (("ALL-IDB1", "ALL-IDB2"), ("Im001_1", "Im001_1"), "judged ALL-IDB1 and two .* judged ALL-IDB2"),
        (("ALL-IDB2", "ALL-IDB2"), ("Im001_1", "Im002_1"), "no picture both"),
    ],
)
def test_no_shared_picture_is_refused(
    tmp_path: Path, sets: tuple[str, str], images: tuple[str, str], says: str
) -> None:
    for name, dataset, image in zip(("one", "two"), sets, images, strict=True):
        row = CellPrediction(dataset, image, 0, 0, 9, 9, 1, 1.0, 0)
        write([row], CellPrediction, path_of("cell", "field", name, 0, tmp_path))
    with pytest.raises(DataError, match=says):
        compare(stored("one"), stored("two"), results=tmp_path)


@pytest.mark.parametrize(
    ("first", "second", "expected"), [(0, 0, 1.0), (0, 5, 2 / 32), (3, 3, 1.0), (10, 2, 0.0385742)]
)
def test_the_exact_test_counts_coins(first: int, second: int, expected: float) -> None:
    assert mcnemar(first, second) == pytest.approx(expected, abs=1e-6)
