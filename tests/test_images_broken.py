"""Broken bytes are read or refused in a sentence, and nothing else happens."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from allcad_core.errors import ImageError
from allcad_core.images import MIN_SIDE, SmearImage, base_name, read
from tests.pictures import WIDTH, deep, encoded, smooth, tiff

SOURCES = {
    "a.jpg": encoded("JPEG"),
    "p.jpg": encoded("JPEG", progressive=True),
    "a.png": encoded("PNG"),
    "p.png": encoded("PNG", Image.fromarray(smooth()).convert("P")),
    "w.png": cv2.imencode(".png", deep())[1].tobytes(),
    "a.bmp": encoded("BMP"),
    "a.webp": encoded("WEBP"),
    "l.webp": encoded("WEBP", lossless=True),
    "a.gif": encoded("GIF"),
    "a.tif": encoded("TIFF"),
    "z.tif": encoded("TIFF", compression="tiff_lzw"),
    "j.tif": encoded("TIFF", compression="jpeg"),
    "w.tif": tiff(deep(), photometric="rgb", compression="zlib"),
    "s.tif": tiff(np.moveaxis(deep(12), 2, 0), photometric="rgb", planarconfig="separate"),
}


def outcome(data: bytes, name: str) -> SmearImage | ImageError:
    """The only two things that may happen."""
    try:
        return read(data, name)
    except ImageError as error:
        return error


def check(result: SmearImage | ImageError, name: str) -> None:
    if isinstance(result, SmearImage):
        assert result.pixels.dtype == np.uint8
        assert result.pixels.shape == (result.height, result.width, 3)
        assert min(result.width, result.height) >= MIN_SIDE
    else:
        assert str(result).startswith(name)


edits = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=12)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(SOURCES)), edits=edits, head=st.booleans(), cut=st.floats(0, 1))
def test_mutated_pictures_are_read_or_refused(name, edits, head, cut):
    data = bytearray(SOURCES[name])
    for place, value in edits:
        data[int(place * (min(len(data), 400) if head else len(data)))] = value
    if cut < 0.3:
        del data[int(len(data) * cut / 0.3) :]
    check(outcome(bytes(data), name), name)


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(SOURCES)), body=st.binary(max_size=600), kept=st.integers(0, 60))
def test_a_true_beginning_with_a_foreign_rest_is_read_or_refused(name, body, kept):
    check(outcome(SOURCES[name][:kept] + body, name), name)


@settings(max_examples=40, deadline=None)
@given(body=st.binary(max_size=300))
def test_random_bytes_are_refused(body):
    assert isinstance(outcome(body, "x.png"), ImageError)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_a_shown_name_is_one_printable_line(name):
    shown = base_name(name)
    assert shown
    assert shown.isprintable()


def test_nothing_is_left_behind_after_a_refusal(tmp_path):
    path: Path = tmp_path / "broken.jpg"
    path.write_bytes(SOURCES["a.jpg"][:200])
    with pytest.raises(ImageError) as caught:
        read(path)
    assert caught.value.__cause__ is not None
    path.unlink()  # no open handle holds it
    assert read(SOURCES["a.jpg"], "a.jpg").width == WIDTH
