"""Why the cells of an analysis were judged so: on the page, in the terminal's pictures, in figures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from allcad_core import images
from allcad_core.analysis import analyse
from allcad_core.cli import DONE, WRONG_USAGE, main
from allcad_core.cli.analyse import show
from allcad_core.explained import Explained, explain_cells, most_suspicious
from allcad_core.export import explained_png
from allcad_core.ground import balance
from allcad_core.images import SmearImage
from allcad_core.results import Cell, FieldAnalysis
from allcad_core.synthesis import GeneratedField


@pytest.fixture(scope="module")
def image(generated: GeneratedField) -> SmearImage:
    return images.from_array(generated.pixels, "field.png")


@pytest.fixture(scope="module")
def analysis(image: SmearImage) -> FieldAnalysis:
    return analyse(image, "regions", device="cpu")


@pytest.fixture(scope="module")
def explained(image: SmearImage, analysis: FieldAnalysis) -> list[Explained]:
    return explain_cells(image, analysis, range(len(analysis.every_cell)), "cpu")


def test_every_cell_is_explained_with_the_answer_of_the_analysis(
    analysis: FieldAnalysis, explained: list[Explained]
) -> None:
    assert len(explained) == len(analysis.every_cell) > 0
    for one, cell in zip(explained, analysis.every_cell, strict=True):
        assert one.classifier == analysis.models.classifier
        assert one.probability == pytest.approx(cell.p_blast, abs=1e-5)
        assert one.label == cell.label
        assert one.crop.shape[:2] == one.heat.shape
        assert one.inside is None or 0 <= one.inside <= 1


def test_a_crop_lies_where_it_says(image: SmearImage, explained: list[Explained]) -> None:
    one = explained[0]
    side = len(one.crop) / one.scale
    centre = one.corner[0] + side / 2 - 0.5, one.corner[1] + side / 2 - 0.5
    part = cv2.getRectSubPix(balance(image.pixels), (round(side), round(side)), centre)
    small = cv2.resize(part, one.crop.shape[:2], interpolation=cv2.INTER_AREA)
    assert np.corrcoef(small.ravel(), one.crop.ravel())[0, 1] > 0.98


def test_one_asked_for_is_the_same_as_one_of_many(
    image: SmearImage, analysis: FieldAnalysis, explained: list[Explained]
) -> None:
    (one,) = explain_cells(image, analysis, [1], "cpu")
    assert np.allclose(one.heat, explained[1].heat, atol=1e-4)


def test_without_a_classifier_nothing_is_explained(image: SmearImage, analysis: FieldAnalysis) -> None:
    silent = replace(analysis, models=replace(analysis.models, classifier=None))
    assert explain_cells(image, silent, [0]) == []
    assert explain_cells(image, analysis, []) == []


def made(inside: float | None, heat: float = 1.0) -> Explained:
    crop, places = np.full((40, 40, 3), 200, np.uint8), np.zeros((40, 40), np.float32)
    places[10:20, 10:20] = heat
    return Explained("lightweight", "blast", 0.9, crop, places, (100.0, 50.0), 2.0, inside)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (made(0.8), "lightweight says blast; 80\N{NO-BREAK SPACE}% of what spoke for it lies inside the cell."),
        (
            made(0.3),
            "only 30\N{NO-BREAK SPACE}% of what spoke for it lies inside the cell, so it judged the surroundings",
        ),
        (made(None), "lightweight says blast; bright is what spoke for it."),
        (made(None, heat=0), "nothing in the picture spoke for it more than empty ground does."),
    ],
)
def test_a_sentence_says_where_it_lies(one: Explained, words: str) -> None:
    assert words in one.sentence


def test_the_map_lies_on_the_same_place_of_another_cut() -> None:
    # Heat at 10..20 px of a crop at (100, 50) with 2 px a px of the field: the field's 105..110 and 55..60.
    photograph = np.full((60, 80, 3), 128, np.uint8)
    drawn = made(0.8).over(photograph, np.array([90.0, 45.0]), 3.0)
    rows, columns = np.nonzero(np.ptp(drawn, axis=2) > 40)
    expected = (3 * (105 - 90), 3 * (110 - 90), 3 * (55 - 45), 3 * (60 - 45))
    assert (columns.min(), columns.max() + 1, rows.min(), rows.max() + 1) == pytest.approx(expected, abs=4)
    assert drawn.shape == photograph.shape


def test_the_most_suspicious_cells_come_first(analysis: FieldAnalysis) -> None:
    cells = tuple(
        Cell((0, 0, 9, 9), "healthy", score, chance)
        for score, chance in ((0.9, 0.2), (0.8, 0.7), (0.6, 0.4), (0.1, 0.99))
    )
    shown = replace(analysis, every_cell=cells, confidence=0.25)
    assert most_suspicious(shown, 2) == [1, 2]
    assert most_suspicious(shown, 9) == [1, 2, 0]


def test_the_picture_shows_crop_and_map_side_by_side() -> None:
    cell = Cell((105, 55, 112, 62), "blast", 0.9, 0.9, outline=((106, 56), (112, 56), (112, 62), (106, 62)))
    picture = cv2.imdecode(np.frombuffer(explained_png(made(0.8), cell), np.uint8), cv2.IMREAD_COLOR)
    height, width = picture.shape[:2]
    assert width > 2 * height * 0.9
    seen, mapped = picture[:, : width // 2], picture[:, width // 2 :]
    assert np.ptp(seen[20:-20, 20:-20], axis=2).max() == 0  # the crop of this test is grey
    assert np.ptp(mapped[20:-20, 20:-20], axis=2).max() > 40


class TestTerminal:
    """``allcad analyse --explain``."""

    def test_it_writes_a_picture_a_cell_and_what_it_says(
        self, generated_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code = main(["analyse", str(generated_file), "--explain", "--explain-most", "2", "--out", str(tmp_path)])
        assert code == DONE
        rows = json.loads((tmp_path / "explained.json").read_text(encoding="utf-8"))
        assert len(rows) == 2
        assert rows[0]["probability"] >= rows[1]["probability"]
        table = (tmp_path / "cells.csv").read_text(encoding="utf-8").splitlines()
        for row in rows:
            assert row["image"] == str(generated_file)
            assert row["picture"] == f"field-cell-{row['cell']}-explained.png"
            assert row["sentence"].startswith(f"{row['classifier']} says {row['label']}")
            assert cv2.imread(str(tmp_path / row["picture"])) is not None
            probability = float(table[row["cell"]].split(",")[8])
            assert probability == pytest.approx(row["probability"], abs=1e-5)
        assert len(list(tmp_path.glob("*-explained.png"))) == 2

    def test_it_needs_a_place_to_write_to(self, generated_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["analyse", str(generated_file), "--explain"]) == WRONG_USAGE
        assert "--out DIR" in capsys.readouterr().err


def test_the_table_says_where_detector_and_classifier_differ(
    analysis: FieldAnalysis, capsys: pytest.CaptureFixture[str]
) -> None:
    def differing(count: int) -> FieldAnalysis:
        cells = tuple(Cell((0, 0, 9, 9), "blast", 0.9, 0.1, flags=("disagree",) * (i < count)) for i in range(3))
        return replace(
            analysis, every_cell=cells, models=replace(analysis.models, detector="yolo11n"), image=f"{count}.png"
        )

    show([differing(count) for count in range(3)])
    printed = capsys.readouterr().out
    name = analysis.models.classifier
    assert "0.png: yolo11n" not in printed
    assert f"1.png: yolo11n and {name} disagree on 1 cell; look at them." in printed
    assert f"2.png: yolo11n and {name} disagree on 2 cells; look at them." in printed
