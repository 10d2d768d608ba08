"""Warnings about photographs that differ from what the models have seen."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from allcad_core.ground import ground_colour
from allcad_core.quality import RED_CELL_PX, check, measure, sharpness
from allcad_core.results import Note
from allcad_core.suggestion import DOUBT_CODES

Draw = Callable[..., NDArray[np.uint8]]
REDS = [(x, y, 20) for x in range(40, 620, 55) for y in range(40, 460, 55)]


@pytest.fixture(scope="module")
def sharp(draw: Draw) -> NDArray[np.uint8]:
    return draw((640, 480), purple=[(320, 240, 34), (120, 330, 30)], red=REDS)


def warn(pixels: NDArray[np.uint8], diameter: float | None = 80.0, nucleus: float = 0.05) -> dict[str, Note]:
    mask = np.zeros(pixels.shape[:2], bool)
    mask[: round(nucleus * len(mask))] = True
    return {note.code: note for note in check(pixels, ground_colour(pixels), diameter, mask)}


def test_a_good_picture_has_no_warnings(sharp: NDArray[np.uint8]) -> None:
    assert warn(sharp) == {}


@pytest.mark.parametrize("blur", [8, 15])
def test_a_blurred_picture_warns(sharp: NDArray[np.uint8], blur: float) -> None:
    assert list(warn(cv2.GaussianBlur(sharp, (0, 0), blur))) == ["blurred"]


def test_sharpness_falls_with_blur_and_not_with_the_light(sharp: NDArray[np.uint8]) -> None:
    measured = [
        sharpness(blurred, ground_colour(blurred))
        for blurred in (sharp, *(cv2.GaussianBlur(sharp, (0, 0), blur) for blur in (1, 2, 4, 8)))
    ]
    assert measured == sorted(measured, reverse=True)
    dim = np.rint(0.6 * sharp).astype(np.uint8)
    assert sharpness(dim, ground_colour(dim)) == pytest.approx(measured[0], rel=0.05)


def test_sharpness_is_that_of_the_scale_of_the_analysis(draw: Draw) -> None:
    small = draw(
        (1296, 972), purple=[(600, 500, 40)], red=[(x, y, 30) for x in range(100, 1200, 90) for y in (90, 800)]
    )
    large = cv2.resize(small, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    assert sharpness(large, ground_colour(large)) == pytest.approx(sharpness(small, ground_colour(small)), rel=0.1)


def test_a_dark_picture_warns(sharp: NDArray[np.uint8]) -> None:
    assert "too dark" in warn(np.rint(0.25 * sharp).astype(np.uint8))["exposure"].message


def test_black_parts_warn(sharp: NDArray[np.uint8]) -> None:
    pixels = sharp.copy()
    pixels[:, :200] = 0
    assert "black" in warn(pixels)["exposure"].message


@pytest.mark.parametrize(("diameter", "word"), [(RED_CELL_PX[0] - 1, "smaller"), (RED_CELL_PX[1] + 1, "larger")])
def test_a_foreign_scale_is_told_in_pixels(sharp: NDArray[np.uint8], diameter: float, word: str) -> None:
    message = warn(sharp, diameter)["foreign_scale"].message
    assert word in message
    assert f"{diameter:.0f} px" in message


@pytest.mark.parametrize("diameter", [*RED_CELL_PX, None])
def test_a_known_or_unknown_scale_is_no_reason_to_warn(sharp: NDArray[np.uint8], diameter: float | None) -> None:
    assert warn(sharp, diameter) == {}


def test_stain_all_over_warns(sharp: NDArray[np.uint8]) -> None:
    assert "no_ground" in warn(sharp, nucleus=0.6)


@pytest.mark.parametrize("level", [0, 255])
def test_a_picture_of_one_colour_warns_and_breaks_nothing(level: int) -> None:
    assert "blurred" in warn(np.full((64, 64, 3), level, np.uint8))


def test_every_warning_puts_the_count_in_doubt(sharp: NDArray[np.uint8]) -> None:
    told = {*warn(np.zeros_like(sharp)), *warn(sharp, 5), *warn(sharp, nucleus=0.9)}
    assert told == {"blurred", "exposure", "foreign_scale", "no_ground"}
    assert told <= DOUBT_CODES


def test_what_is_measured_of_a_good_picture(sharp: NDArray[np.uint8]) -> None:
    mask = np.zeros(sharp.shape[:2], np.uint8)
    cv2.circle(mask, (320, 240), 30, 1, -1)
    found = measure(sharp, ground_colour(sharp), 40.0, mask.astype(bool), 2)
    assert found.exposure == pytest.approx((225 + 215 + 210) / 3, abs=0.5)
    assert found.ground_cast == pytest.approx(15 / 225, abs=0.01)
    assert found.um_per_px == pytest.approx(7.2 / 40)
    assert found.white_cells == 2
    density = np.log10(np.array([226, 216, 211]) / np.array([91, 51, 141]))  # colours of the fixture, Beer-Lambert
    assert found.stain == pytest.approx(tuple(density / density.sum()), abs=0.01)


def test_without_nuclei_or_red_cells_there_is_neither_stain_nor_scale(sharp: NDArray[np.uint8]) -> None:
    found = measure(sharp, ground_colour(sharp), None, np.zeros(sharp.shape[:2], bool), 0)
    assert found.stain is None
    assert found.um_per_px is None


def test_a_yellow_lamp_is_foreign(sharp: NDArray[np.uint8]) -> None:
    yellow = np.rint(sharp * np.array([1.0, 1.0, 0.6])).astype(np.uint8)
    assert list(warn(yellow, nucleus=0)) == ["foreign_stain"]


def test_green_nuclei_are_foreign(draw: Draw, sharp: NDArray[np.uint8]) -> None:
    pixels = sharp.copy()
    cv2.circle(pixels, (320, 240), 40, (60, 160, 70), -1)
    mask = np.zeros(sharp.shape[:2], np.uint8)
    cv2.circle(mask, (320, 240), 38, 1, -1)
    codes = [note.code for note in check(pixels, ground_colour(pixels), 80.0, mask.astype(bool))]
    assert codes == ["foreign_stain"]
