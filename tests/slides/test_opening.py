"""Files of other programs: tiled pyramids as they are, everything else through a pyramid that is made once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from allcad_core.slides import SlideError, open_slide
from allcad_core.slides.base import Stopped

RNG = np.random.default_rng(1)
PIXELS = np.kron(RNG.integers(60, 250, (30, 40, 3), np.uint8), np.ones((40, 40, 1), np.uint8))
"""1600 x 1200 px in squares of 40."""


def pyramid(path: Path) -> Path:
    """A tiled TIFF with three levels, as scanners write it."""
    with tifffile.TiffWriter(path) as writer:
        for step in (1, 2, 4):
            writer.write(PIXELS[::step, ::step], tile=(256, 256), photometric="rgb", subfiletype=int(step > 1))
    return path


def assert_shows(slide, tolerance: float) -> None:
    """The slide shows ``PIXELS`` at full size and shrunk."""
    assert (slide.width, slide.height) == (1600, 1200)
    part = slide.read((130, 210, 930, 1010)).astype(int)
    assert np.abs(part - PIXELS[210:1010, 130:930]).mean() <= tolerance
    small = slide.read((0, 0, 1600, 1200), 4).astype(int)
    assert small.shape == (300, 400, 3)
    assert np.abs(small - PIXELS[2::4, 2::4]).mean() <= tolerance + 2


def test_a_pyramid_is_read_as_it_is(tmp_path: Path):
    folder = tmp_path / "kept"
    slide = open_slide(pyramid(tmp_path / "scan.tif"), folder=folder)
    assert slide.kind == "generic-tiff"
    assert_shows(slide, 0)
    assert not folder.exists()
    slide.close()


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif", "ome.tif"])
def test_any_large_photograph_becomes_a_pyramid_once(tmp_path: Path, ending: str):
    path = tmp_path / f"photo.{ending}"
    if ending.endswith("tif"):
        tifffile.imwrite(path, PIXELS, photometric="rgb", ome=ending == "ome.tif")
    else:
        Image.fromarray(PIXELS).save(path, quality=95)
    told: list[str] = []
    slide = open_slide(path, folder=tmp_path / "kept", progress=lambda step, *_: told.append(step))
    assert_shows(slide, 6)
    assert "Building the pyramid" in told
    told.clear()
    again = open_slide(path, folder=tmp_path / "kept", progress=lambda step, *_: told.append(step))
    assert again.key == slide.key
    assert "Building the pyramid" not in told


def test_sixteen_bits_and_transparency_are_read_as_a_person_sees_them(tmp_path: Path):
    deep = tmp_path / "deep.tif"
    tifffile.imwrite(deep, PIXELS.astype(np.uint16) * 257, photometric="rgb")
    assert_shows(open_slide(deep, folder=tmp_path / "kept"), 6)
    clear = tmp_path / "clear.png"
    Image.fromarray(np.dstack([PIXELS, np.zeros(PIXELS.shape[:2], np.uint8)]), "RGBA").save(clear)
    assert open_slide(clear, folder=tmp_path / "kept").read((0, 0, 500, 500)).min() > 250


@pytest.mark.parametrize(
    "content", [b"", b"no picture at all", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.4\n"]
)
def test_what_is_no_slide_is_refused_in_one_sentence(tmp_path: Path, content: bytes):
    path = tmp_path / "slide.svs"
    path.write_bytes(content)
    with pytest.raises(SlideError, match=r"slide\.svs"):
        open_slide(path, folder=tmp_path / "kept")


def test_a_file_that_was_cut_off_leaves_nothing_behind(tmp_path: Path):
    whole, cut = tmp_path / "whole.png", tmp_path / "cut.png"
    Image.fromarray(RNG.integers(0, 255, (900, 900, 3), np.uint8)).save(whole)
    cut.write_bytes(whole.read_bytes()[:400_000])
    with pytest.raises(SlideError, match=r"cut\.png is damaged"):
        open_slide(cut, folder=tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(SlideError, match=r"gone\.svs cannot be opened"):
        open_slide(tmp_path / "gone.svs")


def test_a_name_shows_no_folder_of_the_machine(tmp_path: Path):
    path = tmp_path / "photo.png"
    Image.fromarray(PIXELS).save(path)
    assert open_slide(path, folder=tmp_path / "kept").name == "photo.png"


def test_whoever_is_told_of_progress_can_stop_it(tmp_path: Path):
    path = tmp_path / "photo.png"
    Image.fromarray(PIXELS).save(path)

    def stop(step, *_):
        if step == "Building the pyramid":
            raise Stopped("Stopped.")

    with pytest.raises(Stopped):
        open_slide(path, folder=tmp_path / "kept", progress=stop)
