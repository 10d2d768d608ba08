"""A recipe on one's own fields with boxes: what it found, what it missed, and files that cannot be used."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from allcad_core.cli import FAILED, main
from allcad_core.errors import DataError
from allcad_core.evaluation import own_boxes
from allcad_core.images import SmearImage
from allcad_core.results import Cell, FieldAnalysis, Models, Timing

BLAST = (20.0, 20.0, 60.0, 60.0)
HEALTHY = (90.0, 20.0, 130.0, 60.0)


def answer(image: SmearImage, recipe: str | None, *, device: str | None = None) -> FieldAnalysis:
    """Finds the blast, and one box where nothing is."""
    cells = (Cell(BLAST, "blast", 0.9, 0.9), Cell((140.0, 90.0, 155.0, 105.0), "healthy", 0.4, 0.1))
    return FieldAnalysis(
        image.name, image.width, image.height, image.sha256, recipe or "regions", Models("regions", None, None), "cpu",
        "torch", 0.25, cells, (), Timing(1, 1, 1, 1, 4),
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two fields of 160 by 120 px with boxes as YOLO's text; one of them is broken."""
    monkeypatch.setattr(own_boxes, "analyse", answer)
    made = tmp_path / "mine"
    made.mkdir()
    pixels = np.full((120, 160, 3), 220, np.uint8)
    cv2.circle(pixels, (40, 40), 18, (90, 50, 140), -1)
    Image.fromarray(pixels).save(made / "field.png")
    lines = [
        f"{kind} {(x0 + x1) / 320} {(y0 + y1) / 240} {(x1 - x0) / 160} {(y1 - y0) / 120}"
        for kind, (x0, y0, x1, y1) in ((1, BLAST), (0, HEALTHY))
    ]
    (made / "field.txt").write_text("\n".join(lines) + "\n")
    (made / "classes.txt").write_text("healthy\nblast\n")
    (made / "broken.png").write_text("words")
    (made / "broken.txt").write_text("1 0.5 0.5 0.1 0.1\n")
    return made


def test_what_was_found_stands_beside_what_was_drawn(folder: Path):
    told: list[str] = []
    found = own_boxes.evaluate(folder, "yolo11n", tell=lambda name, _number, _count: told.append(name))
    assert (found.recipe, found.confidence) == ("yolo11n", 0.25)
    (field,) = found.shown
    assert [(box.label, box.score) for box in found.shown[field]] == [("blast", 0.9), ("healthy", 0.4)]
    assert [cell.kind for cell in found.truth[field]] == ["blast", "healthy"]
    assert np.allclose(found.truth[field][0].box, BLAST, atol=0.1)
    assert [one.file.startswith("broken") for one in found.refused] == [True]
    assert field in told


def test_pictures_without_boxes_are_nothing_for_a_detector(tmp_path: Path):
    (tmp_path / "blast").mkdir()
    (tmp_path / "healthy").mkdir()
    for name in ("blast/a.png", "healthy/b.png"):
        Image.new("RGB", (20, 20)).save(tmp_path / name)
    with pytest.raises(DataError, match="has boxes"):
        own_boxes.evaluate(tmp_path)


def test_a_zip_file_gives_the_same_and_its_figures_count_what_was_missed(folder: Path, tmp_path: Path):
    packed = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", folder.parent, folder.name))  # the folder itself
    found, unpacked = own_boxes.evaluate(packed), own_boxes.evaluate(folder)
    assert list(found.shown.values()) == list(unpacked.shown.values())
    figures = own_boxes.report(found)
    assert (figures.model, figures.truth) == ("regions", {"blast": 1, "healthy": 1})
    classes = figures.parts["all"].classes
    assert classes["blast"].recall.value == classes["blast"].precision.value == 1.0
    assert classes["healthy"].recall.value == 0.0, "one is missed, and one box lies where nothing is"
    assert figures.parts["all"].counts.white_cells.mean_absolute.value == 0.0


@pytest.mark.parametrize("model", ["yolo11n", "all"])
def test_the_terminal_tells_the_same_and_names_what_cannot_be_used(
    folder: Path, capsys: pytest.CaptureFixture[str], model: str
):
    assert main(["evaluate", "detect", model, "--data", str(folder)]) == FAILED
    told = capsys.readouterr()
    assert "broken" in told.err
    assert "yolo11n" in told.out
    assert ("regions" in told.out) == (model == "all")
    assert main(["evaluate", "detect", model, "--data", str(folder), "--json"]) == FAILED
    assert json.loads(capsys.readouterr().out)["yolo11n"]["truth"] == {"blast": 1, "healthy": 1}
