"""A smear is the same whichever way it is cut into windows, and no more of it is held than a window needs."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import tifffile

from allcad_core.errors import AllcadError
from allcad_core.synthesis import Scene, Smear, generate, write_slide
from allcad_core.synthesis import smear as smear_module
from allcad_core.synthesis.slides import windows

SIZE = (900, 700)
SCENE = Scene(white_density=1500, smudge_density=150, clustering=0.4, arrows=2, scale_bar=True, magnification=6)


def assembled(tile: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pixels, nuclei and bodies put together from tiles."""
    smear = Smear(SCENE, SIZE, 21)
    pixels = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    nuclei, bodies = np.zeros(SIZE[::-1], np.int32), np.zeros(SIZE[::-1], np.int32)
    for window in windows(SIZE, tile):
        x0, y0, x1, y1 = window
        pixels[y0:y1, x0:x1] = smear.pixels(window)
        nuclei[y0:y1, x0:x1], bodies[y0:y1, x0:x1] = smear.masks(window)
    return pixels, nuclei, bodies


@pytest.mark.parametrize("tile", [128, 208, 512])
def test_a_slide_does_not_depend_on_its_tiles(tile):
    whole = generate(21, SIZE, SCENE)
    pixels, nuclei, bodies = assembled(tile)
    assert np.array_equal(pixels, whole.pixels)
    assert np.array_equal(nuclei, whole.nuclei)
    assert np.array_equal(bodies, whole.bodies)


def test_a_slide_does_not_depend_on_what_was_kept(monkeypatch):
    whole = generate(21, SIZE, SCENE)
    monkeypatch.setattr(smear_module, "KEPT_PATCHES", 1)
    again = generate(21, SIZE, SCENE)
    assert np.array_equal(again.pixels, whole.pixels)
    assert again.cells == whole.cells


def test_no_more_painted_cells_are_kept_than_allowed(monkeypatch):
    monkeypatch.setattr(smear_module, "KEPT_PATCHES", 5)
    smear = Smear(replace(SCENE, white_density=4000), SIZE, 2)
    assert len(smear.cells) > 5
    smear.pixels((0, 0, *SIZE))
    assert len(smear._painted) <= 5


def test_a_large_slide_is_laid_out_without_pixels():
    smear = Smear(replace(SCENE, magnification=4, white_density=20), (8_000, 8_000), 1)
    assert len(smear.layout.red.x) > 15_000
    assert smear.pixels((7_900, 7_900, 8_000, 8_000)).shape == (100, 100, 3)


def test_windows_cover_a_slide_once():
    count = np.zeros((70, 100), int)
    for x0, y0, x1, y1 in windows((100, 70), 32):
        count[y0:y1, x0:x1] += 1
    assert (count == 1).all()


def test_a_written_slide_reads_back_as_generated(tmp_path):
    steps = []
    path = write_slide(tmp_path, 21, SIZE, SCENE, tile=256, progress=lambda *step: steps.append(step))
    whole = generate(21, SIZE, SCENE)
    with tifffile.TiffFile(path) as tiff:
        assert tiff.is_bigtiff
        assert tiff.pages.first.is_tiled
        assert tiff.pages.first.tile == (256, 256)
        assert np.array_equal(tiff.asarray(), whole.pixels)
    assert np.array_equal(tifffile.imread(tmp_path / "slide-000021.bodies.tif"), whole.bodies)
    assert np.array_equal(tifffile.imread(tmp_path / "slide-000021.nuclei.tif"), whole.nuclei)
    facts = json.loads((tmp_path / "slide-000021.json").read_text("utf-8"))
    assert facts["counts"]["blast"] == sum(cell.label == "blast" for cell in whole.cells)
    assert len((tmp_path / "slide-000021.txt").read_text("utf-8").splitlines()) == len(whole.cells)
    assert [number for _, number, _ in steps] == list(range(1, steps[-1][2] + 1))


def test_a_tile_that_tiff_does_not_know_is_refused(tmp_path):
    with pytest.raises(AllcadError, match="multiple of 16"):
        write_slide(tmp_path, 1, SIZE, SCENE, tile=100)
