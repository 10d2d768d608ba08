"""Painted slides: what a region shows, and what is left after a kill."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from allcad_core.slides import SlideError, generated_slide, open_slide
from allcad_core.slides.base import TILE, Stopped
from allcad_core.slides.generated import SCENE
from allcad_core.synthesis.fields import lay
from tests.slides.conftest import SIZE


def whole(slide, shrink=1):
    return slide.read((0, 0, slide.width, slide.height), shrink)


def test_a_painted_slide_shows_what_the_generator_paints(painted):
    wanted = lay(3, SIZE, SCENE).pixels((0, 0, *SIZE)).astype(int)
    assert np.abs(whole(painted).astype(int) - wanted).mean() < 3


def test_levels_halve_until_one_pixel_is_left(painted):
    assert painted.size_at(1 << (painted.levels - 1)) == (1, 1)
    assert max(painted.size_at(1 << (painted.levels - 2))) == 2


@pytest.mark.parametrize("shrink", [1, 2, 4])
def test_a_region_is_the_same_however_it_is_read(painted, shrink):
    x0, y0, x1, y1 = 300, 420, 1100, 1000
    part = painted.read((x0, y0, x1, y1), shrink)
    wanted = whole(painted, shrink)[y0 // shrink : y1 // shrink, x0 // shrink : x1 // shrink]
    assert np.array_equal(part, wanted)


def test_a_smaller_level_is_the_mean_of_the_larger_one(painted):
    full = whole(painted)[: SIZE[1] // 2 * 2, : SIZE[0] // 2 * 2]
    mean = cv2.resize(full, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(int)
    assert np.abs(whole(painted, 2).astype(int) - mean).mean() < 3


def test_what_lies_beyond_the_slide_is_cut_off(painted):
    assert painted.read((-50, -50, 20, 30)).shape == (30, 20, 3)
    with pytest.raises(SlideError, match="beyond"):
        painted.read((SIZE[0], 0, SIZE[0] + 5, 5))


def test_tiles_are_jpeg_of_the_grid(painted):
    tile = cv2.imdecode(np.frombuffer(painted.tile(painted.levels - 1, 2, 2), np.uint8), cv2.IMREAD_COLOR)
    assert tile.shape[:2] == (SIZE[1] - 2 * TILE, SIZE[0] - 2 * TILE)
    with pytest.raises(SlideError, match="no tile"):
        painted.tile(painted.levels - 1, 3, 0)


def test_a_killed_painter_goes_on_where_it_stopped(painted, tmp_path: Path):
    def kill(_step, done, _total):
        if done == 4:
            raise Stopped("Stopped.")

    with pytest.raises(Stopped):
        generated_slide(3, SIZE, folder=tmp_path, progress=kill)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.jpg")}
    assert len(before) == 4
    with pytest.raises(SlideError, match="no complete slide"):
        open_slide(next(tmp_path.iterdir()))
    slide = generated_slide(3, SIZE, folder=tmp_path)
    assert all(path.stat().st_mtime_ns == then for path, then in before.items())
    assert np.array_equal(whole(slide), whole(painted))
    assert list(tmp_path.rglob("*.part")) == []


def test_a_second_call_paints_nothing(painted_folder: Path):
    told: list[str] = []
    generated_slide(3, SIZE, folder=painted_folder, progress=lambda step, *_: told.append(step))
    assert told == []


def test_a_damaged_tile_is_named(painted, tmp_path: Path):
    slide = generated_slide(4, (600, 300), folder=tmp_path)
    path = next(tmp_path.rglob(f"{slide.levels - 1}/0_0.jpg"))
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(SlideError, match="damaged"):
        slide.read((0, 0, 100, 100))


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path):
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(SlideError, match="ALLCAD_CACHE"):
        generated_slide(3, SIZE, folder=file)


def test_the_folder_of_slides_follows_the_environment(monkeypatch, tmp_path):
    from allcad_core.slides import cache

    monkeypatch.setenv("ALLCAD_CACHE", str(tmp_path))
    assert cache.folder() == tmp_path / "slides"
    with pytest.raises(SlideError, match="does not fit"):
        cache.room_for(1 << 60, tmp_path)
