"""The colour of the empty ground, and pictures balanced by it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from allcad_core.ground import BALANCED, balance, ground_colour

Draw = Callable[..., NDArray[np.uint8]]
GROUND = (225, 215, 210)
CROWD = [(x, y, 24) for x in range(25, 400, 52) for y in range(25, 300, 52)]


def test_the_ground_is_what_lies_between_the_cells(draw: Draw) -> None:
    assert ground_colour(draw((400, 300), purple=[(200, 150, 40)], red=CROWD[::2])).tolist() == list(GROUND)


def test_cells_may_cover_most_of_the_picture(draw: Draw) -> None:
    pixels = draw((400, 300), red=CROWD)
    assert (pixels[..., 1] < 200).mean() > 0.6
    assert ground_colour(pixels).tolist() == list(GROUND)


def test_a_noisy_ground_gives_its_median(draw: Draw) -> None:
    rng = np.random.default_rng(0)
    pixels = draw((400, 300), purple=[(200, 150, 40)]) + rng.integers(-8, 9, (300, 400, 3)).astype(np.int16)
    assert ground_colour(np.clip(pixels, 0, 255).astype(np.uint8)) == pytest.approx(GROUND, abs=1)


@pytest.mark.parametrize("seed", range(4))
def test_the_median_is_numpy_s(seed: int) -> None:
    import cv2

    rng = np.random.default_rng(seed)
    pixels = rng.integers(200, 212, (40 + seed, 51, 3), np.uint8)  # all of it near the peak
    assert np.ptp(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)) <= 12
    near = ground_colour(pixels)
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(int)
    expected = {
        tuple(np.median(pixels[np.abs(grey - peak) <= 6], axis=0).tolist()) for peak in range(int(grey.min()), 213)
    }
    assert tuple(near.tolist()) in expected


@pytest.mark.parametrize("level", [0, 1, 128, 255])
def test_one_colour_is_its_own_ground_and_never_nought(level: int) -> None:
    assert ground_colour(np.full((64, 64, 3), level, np.uint8)).tolist() == [max(level, 1)] * 3


def test_balancing_turns_the_ground_grey_and_keeps_ratios(draw: Draw) -> None:
    pixels = draw((400, 300), purple=[(200, 150, 40)])
    balanced = balance(pixels)
    assert balanced[5, 5].tolist() == [BALANCED] * 3
    expected = np.array((90, 50, 140)) / GROUND * BALANCED
    assert balanced[150, 200] == pytest.approx(expected, abs=0.51)


def test_two_lamps_give_one_balanced_picture(draw: Draw) -> None:
    pixels = draw((400, 300), purple=[(200, 150, 40)], red=CROWD[::3])
    yellow = np.rint(pixels * np.array([0.95, 0.85, 0.6])).astype(np.uint8)
    difference = np.abs(balance(pixels).astype(int) - balance(yellow))
    assert difference.max() <= 3


def test_what_is_brighter_than_the_ground_is_clipped_and_not_wrapped() -> None:
    pixels = np.full((64, 64, 3), 150, np.uint8)
    pixels[0, 0] = 255
    assert balance(pixels, np.full(3, 150, np.float32))[0, 0].tolist() == [255, 255, 255]


def test_the_picture_stays_as_it_was(draw: Draw) -> None:
    pixels = draw((100, 80), purple=[(50, 40, 20)])
    pixels.setflags(write=False)
    before = pixels.copy()
    balance(pixels)
    assert np.array_equal(pixels, before)


@pytest.mark.parametrize("seed", range(40))
def test_the_threshold_of_a_histogram_is_opencvs(seed: int) -> None:
    import cv2

    from allcad_core.ground import _otsu

    rng = np.random.default_rng(seed)
    levels = rng.normal(rng.integers(40, 220, (3, 1)), rng.integers(1, 30, (3, 1)), (3, 2000))
    grey = np.clip(levels[: 1 + seed % 3], 0, 255).astype(np.uint8)
    expected, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    assert _otsu(np.bincount(grey.ravel(), minlength=256).astype(float).tolist()) == int(expected)


def test_one_grey_level_alone_has_opencvs_threshold() -> None:
    assert ground_colour(np.full((64, 64, 3), 117, np.uint8)).tolist() == [117, 117, 117]
