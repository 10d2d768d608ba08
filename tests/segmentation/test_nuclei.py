"""Nucleus and cytoplasm of one cell, parted by its own colours."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from allcad_core.segmentation.constants import SHIPPED
from allcad_core.segmentation.nuclei import nuclei

SIDE, UNIT = 160, 60.0
GROUND, NUCLEUS, BLUE = (225, 215, 210), (70, 50, 130), (170, 170, 205)


def disc(radius: int) -> NDArray[np.bool_]:
    mask = np.zeros((SIDE, SIDE), np.uint8)
    cv2.circle(mask, (SIDE // 2, SIDE // 2), radius, 1, cv2.FILLED)
    return mask.astype(bool)


CELL, CORE = disc(45), disc(28)


def picture(cytoplasm: NDArray[np.uint8] | tuple[int, int, int]) -> NDArray[np.uint8]:
    pixels = np.full((SIDE, SIDE, 3), GROUND, np.uint8)
    pixels[CELL] = cytoplasm[CELL] if isinstance(cytoplasm, np.ndarray) else cytoplasm
    pixels[CORE] = NUCLEUS
    noise = np.random.default_rng(3).normal(0, 4, pixels.shape)
    return np.asarray(cv2.GaussianBlur(np.clip(pixels + noise, 0, 255).astype(np.uint8), (5, 5), 1.0), np.uint8)


def parted(pixels: NDArray[np.uint8], sure: NDArray[np.bool_] = CORE) -> NDArray[np.bool_]:
    return nuclei(pixels, sure, CELL.astype(np.int32), UNIT, SHIPPED)


def dice(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return 2 * float((one & other).sum()) / float(one.sum() + other.sum())


def test_the_nucleus_is_parted_from_pale_cytoplasm() -> None:
    found = parted(picture(BLUE))
    assert dice(found, CORE) > 0.97
    assert not (found & ~CELL).any()


def test_pink_grains_nearly_as_dark_in_green_light_as_the_nucleus_are_none() -> None:
    grains = np.full((SIDE, SIDE, 3), (205, 140, 165), np.uint8)
    at = np.random.default_rng(5).integers(0, SIDE, (700, 2))
    for x, y in at.tolist():
        cv2.circle(grains, (x, y), 2, (190, 80, 120), cv2.FILLED)
    assert dice(parted(picture(grains)), CORE) > 0.97  # a threshold of green alone comes to 0.93


def test_a_cell_without_cytoplasm_is_all_nucleus() -> None:
    pixels = picture((84, 66, 140))
    assert dice(parted(pixels, CELL), CELL) > 0.99


@pytest.mark.parametrize("pixels", [3, 12])
def test_a_cell_of_a_few_pixels_is_not_parted(pixels: int) -> None:
    labels = np.zeros((20, 20), np.int32)
    labels[5, 2 : 2 + pixels] = 1
    colours = np.random.default_rng(1).integers(0, 255, (20, 20, 3)).astype(np.uint8)
    found = nuclei(colours, labels > 0, labels, 4.0, SHIPPED)
    assert not (found & (labels == 0)).any()


def test_without_a_cell_there_is_no_nucleus() -> None:
    assert not nuclei(picture(BLUE), CORE, np.zeros((SIDE, SIDE), np.int32), UNIT, SHIPPED).any()
