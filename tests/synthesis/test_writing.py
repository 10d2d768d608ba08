"""Generated fields as files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from allcad_core.synthesis import Scene, generate, write
from allcad_core.synthesis.writing import CLASSES

SIZE = (480, 360)
SCENE = Scene(white_density=2500)


def boxes_of(text: str, size: tuple[int, int]) -> list[tuple[str, list[float]]]:
    """YOLO's text form read by its definition: class, middle, width and height in shares of the picture."""
    found = []
    for line in text.splitlines():
        name, *shares = line.split()
        x, y, width, height = np.array(shares, float) * [*size, *size]
        found.append((CLASSES[int(name)], [x - width / 2, y - height / 2, x + width / 2, y + height / 2]))
    return found


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> tuple[Path, list[Path]]:
    """Two fields in a folder."""
    folder = tmp_path_factory.mktemp("written") / "deeper"
    return folder, write(folder, 2, 30, SIZE, scene=SCENE)


def test_each_field_comes_with_boxes_and_masks(written):
    folder, paths = written
    assert [path.name for path in paths] == ["smear-000030.png", "smear-000031.png"]
    names = {path.name for path in folder.iterdir()}
    endings = (".png", ".txt", ".nuclei.png", ".bodies.png")
    assert names == {"manifest.json", *(f"smear-00003{n}{ending}" for n in (0, 1) for ending in endings)}


def test_files_hold_what_was_generated(written):
    folder, paths = written
    for number, path in enumerate(paths):
        field = generate(30 + number, SIZE, SCENE)
        assert np.array_equal(np.asarray(Image.open(path)), field.pixels)
        bodies = np.asarray(Image.open(folder / f"{path.stem}.bodies.png"))
        assert bodies.dtype == np.uint16
        assert np.array_equal(bodies, field.bodies)
        assert np.array_equal(np.asarray(Image.open(folder / f"{path.stem}.nuclei.png")), field.nuclei)


def test_boxes_go_through_yolo_text_and_come_back(written):
    folder, _ = written
    field = generate(30, SIZE, SCENE)
    found = boxes_of((folder / "smear-000030.txt").read_text("utf-8"), SIZE)
    assert [name for name, _ in found] == [cell.label for cell in field.cells]
    assert np.allclose([box for _, box in found], [cell.box for cell in field.cells], atol=1e-4)
    assert CLASSES == ("blast", "healthy")


def test_the_manifest_says_how_to_make_each_field_again(written):
    folder, _ = written
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    entry = manifest["fields"][1]
    field = generate(entry["seed"], (entry["width"], entry["height"]), SCENE)
    assert entry["file"] == "smear-000031.png"
    assert [cell["box"] for cell in entry["cells"]] == [list(cell.box) for cell in field.cells]
    assert entry["counts"] == {name: sum(cell.label == name for cell in field.cells) for name in CLASSES}
    assert entry["scene"]["white_density"] == SCENE.white_density


def test_jpeg_is_written_where_asked_and_progress_is_told(tmp_path):
    steps = []
    paths = write(
        tmp_path, 1, 4, (128, 96), progress=lambda *step: steps.append(step), picture_format="jpg", quality=80
    )
    with Image.open(paths[0]) as picture:
        assert picture.format == "JPEG"
    assert steps == [("smear-000004.jpg", 1, 1)]
