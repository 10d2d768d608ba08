"""Pictures on their way to the browser."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from allcad_core.ui import media


def decoded(jpeg: bytes) -> np.ndarray:
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def ramp(height: int = 200, width: int = 300) -> np.ndarray:
    """Red grows to the right, green downwards."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 255 // width, y * 255 // height, np.zeros_like(x)], axis=2).astype(np.uint8)


def test_colours_and_size_survive_the_way_to_the_browser():
    pixels = ramp()
    seen = decoded(media.jpeg(pixels))
    assert seen.shape == pixels.shape
    assert np.abs(seen.astype(int) - pixels).mean() < 3


def test_a_picture_larger_than_browsers_draw_is_made_smaller():
    seen = decoded(media.jpeg(np.zeros((16, 2 * media.LONGEST_SIDE, 3), np.uint8)))
    assert seen.shape[:2] == (8, media.LONGEST_SIDE)


@pytest.mark.parametrize("box", [(100, 80, 140, 120), (0, 0, 30, 40), (280, 170, 300, 200), (90.4, 10.2, 130.7, 55.1)])
def test_a_crop_shows_its_box_wherever_it_lies(box: tuple[float, float, float, float]):
    pixels = ramp()
    side = 120
    crop = media.crop(pixels, box, side)
    corner, scale = media.crop_frame(box, pixels.shape, side)
    assert crop.shape == (side, side, 3)
    start, end = (np.array(box[:2]) - corner) * scale, (np.array(box[2:]) - corner) * scale
    assert (start >= -scale).all()
    assert (end <= side + scale).all()
    x, y = (np.array(box[:2]) + box[2:]) / 2
    column, row = ((np.array([x, y]) - corner) * scale).astype(int).clip(0, side - 1)
    assert np.abs(crop[row, column].astype(int) - pixels[int(y), int(x)]).max() <= 4


def test_a_box_larger_than_its_picture_is_still_shown():
    assert media.crop(ramp(64, 64), (0, 0, 64, 64), 50).shape == (50, 50, 3)


def test_a_sprite_holds_its_tiles_row_by_row():
    tiles = [np.full((media.TILE, media.TILE, 3), 9 * place, np.uint8) for place in range(media.SPRITE_COLUMNS + 2)]
    sprite = media.sprite(tiles)
    assert (sprite.columns, sprite.rows) == (media.SPRITE_COLUMNS, 2)
    seen = decoded(sprite.jpeg)
    half = media.TILE // 2
    assert abs(int(seen[half, media.TILE + half, 0]) - 9) <= 2
    assert abs(int(seen[media.TILE + half, half, 0]) - 9 * media.SPRITE_COLUMNS) <= 2


def test_a_sprite_of_nothing_is_empty():
    assert media.sprite([]).jpeg == b""


def test_a_thumbnail_keeps_proportions_by_cutting():
    pixels = ramp(200, 400)
    small = media.thumbnail(pixels, 50, 50)
    assert small.shape == (50, 50, 3)
    assert abs(int(small[25, 0, 0]) - 255 // 4) < 6
