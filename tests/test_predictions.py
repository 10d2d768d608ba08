"""Stored predictions: what was written comes back, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from allcad_core.errors import DataError
from allcad_core.predictions import BoxPrediction, CellPrediction, path_of, read, write

CELLS = [
    CellPrediction("ALL-IDB1", "Im001_1", 1.5, 2, 30.25, 40, 1, -3.25, 0),
    CellPrediction("ALL-IDB1", 'Im, with "all"_0', 0, 0, 10, 10, 0, 7.0, 0),
]
BOXES = [BoxPrediction("Im001_1", 1, 2, 3, 4, "", 0.5, 0.25, 1), BoxPrediction("Im002_0", 0, 0, 0, 0, "", 0, 0, 1)]


def store(folder: Path, content: str) -> None:
    path = path_of("cell", "field", "tiny", 0, folder)
    path.parent.mkdir(parents=True)
    path.write_text(content)


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    write(CELLS, CellPrediction, path_of("cell", "field", "tiny", 0, tmp_path))
    write(BOXES, BoxPrediction, path_of("detect", "field", "tiny", 1, tmp_path))
    assert read(CellPrediction, "cell", "field", "tiny", tmp_path) == CELLS
    assert read(BoxPrediction, "detect", "field", "tiny", tmp_path) == BOXES


def test_numbers_keep_four_places(tmp_path: Path) -> None:
    row = CellPrediction("ALL-IDB1", "a", 1 / 3, 2e-7, 123456.78912, 100, 1, -1 / 3, 0)
    write([row], CellPrediction, path_of("cell", "field", "tiny", 0, tmp_path))
    (back,) = read(CellPrediction, "cell", "field", "tiny", tmp_path)
    for name in ("x0", "y0", "x1", "y1", "log_odds"):
        assert getattr(back, name) == pytest.approx(getattr(row, name), abs=5.1e-5)


def test_all_folds_are_read_together(tmp_path: Path) -> None:
    for fold in (1, 0):
        row = CellPrediction("ALL-IDB1", f"Im00{fold}_1", 0, 0, 1, 1, 1, 0.5, fold)
        write([row], CellPrediction, path_of("cell", "field", "tiny", fold, tmp_path))
    assert [row.fold for row in read(CellPrediction, "cell", "field", "tiny", tmp_path)] == [0, 1]


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = path_of("cell", "field", "tiny", 0, tmp_path)
    write(CELLS, CellPrediction, path)
    with pytest.raises(TypeError):
        write([CELLS[0], None], CellPrediction, path)  # type: ignore[list-item]
    assert read(CellPrediction, "cell", "field", "tiny", tmp_path) == CELLS


def test_missing_results_say_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="allcad train tiny --protocol session"):
        read(CellPrediction, "cell", "session", "tiny", tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        "image,x0\na,1\n",
        "image,x0,y0,x1,y1,truth,log_odds,fold\na,1,2,3,4,yes,0,0\n",
        "image,x0,y0,x1,y1,truth,log_odds,fold\na,1,2\n",
        "image,x0,y0,x1,y1,truth,log_odds,fold,more\na,1,2,3,4,1,0,0,9\n",
        "image,x0,y0,x1,y1,truth,log_odds,fold\na,1,2,3,4,1,0,0,9\n",
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, content: str) -> None:
    store(tmp_path, content)
    with pytest.raises(DataError, match=r"fold0\.csv in .* is not a file of predictions"):
        read(CellPrediction, "cell", "field", "tiny", tmp_path)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = path_of("cell", "field", "tiny", 0, tmp_path)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(DataError):
        read(CellPrediction, "cell", "field", "tiny", tmp_path)
