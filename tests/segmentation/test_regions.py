"""Measures of regions against the geometry of what was drawn."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from allcad_core.segmentation.regions import components, describe, label_components, upscale, windows_of


def disc(radius: int, margin: int = 4) -> NDArray[np.bool_]:
    side = 2 * (radius + margin) + 1
    y, x = np.mgrid[:side, :side] - (radius + margin)
    return x**2 + y**2 <= radius**2


@pytest.mark.parametrize("radius", [12, 30, 60])
def test_a_disc_measures_as_a_disc(radius: int) -> None:
    mask = disc(radius)
    (region,) = describe(mask.astype(np.int32), mask, np.full(mask.shape, 90, np.uint8))
    middle = mask.shape[0] / 2
    assert region.centroid == pytest.approx((middle, middle))
    assert region.area == region.nucleus_area == mask.sum()
    assert region.diameter == pytest.approx(2 * radius, rel=0.02)
    assert region.roundness > 0.85
    assert region.solidity > 0.95
    assert region.mean_stain == 90
    assert region.box == (4, 4, 5 + 2 * radius, 5 + 2 * radius)
    assert not region.at_border


def test_measures_scale_to_the_picture() -> None:
    mask = disc(20)
    grey = np.full(mask.shape, 90, np.uint8)
    (small,) = describe(mask.astype(np.int32), mask, grey)
    (large,) = describe(mask.astype(np.int32), mask, grey, scale=2.0)
    assert large.area == 4 * small.area
    assert large.diameter == pytest.approx(2 * small.diameter)
    assert large.box == tuple(2 * value for value in small.box)
    assert large.roundness == small.roundness
    assert np.allclose(large.outline, 2 * np.array(small.outline))


def test_nucleus_and_cytoplasm_are_told_apart() -> None:
    cell = disc(30)
    nucleus = np.zeros_like(cell)
    nucleus[24:45, 24:45] = True
    (region,) = describe(cell.astype(np.int32), nucleus, np.where(nucleus, 60, 200).astype(np.uint8))
    assert region.nucleus_area == 21 * 21
    assert region.nc_ratio == pytest.approx(441 / cell.sum())
    assert region.mean_stain == 60
    assert region.measures["nc_ratio"] == region.nc_ratio


def test_the_outline_follows_the_mask() -> None:
    mask = disc(40)
    (region,) = describe(mask.astype(np.int32), mask, np.zeros(mask.shape, np.uint8))
    drawn = np.zeros(mask.shape, np.uint8)
    cv2.fillPoly(drawn, [np.array(region.outline, np.float64).astype(np.int32)], 1)
    shared = (drawn.astype(bool) & mask).sum() / (drawn.astype(bool) | mask).sum()
    assert shared > 0.97
    assert 8 < len(region.outline) < 80


@pytest.mark.parametrize("edge", ["left", "top", "right", "bottom"])
def test_what_touches_an_edge_is_told(edge: str) -> None:
    mask = disc(10, margin=5)
    cut = {"left": mask[:, 8:], "top": mask[8:], "right": mask[:, :-8], "bottom": mask[:-8]}[edge]
    (region,) = describe(cut.astype(np.int32), cut, np.zeros(cut.shape, np.uint8))
    assert region.at_border


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (3, 1)])
def test_a_few_pixels_are_measured_without_dividing_by_nothing(shape: tuple[int, int]) -> None:
    mask = np.zeros((9, 9), bool)
    mask[4 : 4 + shape[0], 2 : 2 + shape[1]] = True
    (region,) = describe(mask.astype(np.int32), mask, np.zeros(mask.shape, np.uint8))
    assert region.area == shape[0] * shape[1]
    assert 0 <= region.roundness <= 1
    assert 0 <= region.solidity <= 1


def test_components_are_numbered_from_the_top_and_specks_left_out() -> None:
    mask = np.zeros((40, 40), bool)
    mask[2:8, 20:30] = True
    mask[5, 5] = True
    mask[20:30, 3:9] = True
    mask[30:34, 9:12] = True  # touches by a corner: one component
    labels = label_components(mask, smallest=5)
    assert labels.max() == 2
    assert labels[3, 25] == 1
    assert labels[25, 5] == labels[32, 10] == 2
    assert labels[5, 5] == 0


def test_a_mask_made_on_a_smaller_copy_keeps_its_share() -> None:
    mask = disc(30)
    large = upscale(mask, (2 * mask.shape[0] + 1, 2 * mask.shape[1]))
    assert large.shape == (2 * mask.shape[0] + 1, 2 * mask.shape[1])
    assert large.mean() == pytest.approx(mask.mean(), rel=0.02)
    assert upscale(mask, mask.shape) is mask


@pytest.mark.parametrize("share", [0.02, 0.5])
def test_windows_hold_their_components_whether_few_or_many_overlap(share: float) -> None:
    mask = np.random.default_rng(2).random((90, 120)) < share
    mask[10:30, 15:60] = True
    labels, windows = components(mask, 3)
    assert np.array_equal(labels, label_components(mask, 3))
    assert len(windows) == labels.max() > 0
    assert windows == windows_of(labels)
    for number, window in windows.items():
        assert (labels[window] == number).sum() == (labels == number).sum() >= 3
    assert describe(labels, mask, mask.astype(np.uint8), windows=windows) == describe(
        labels, mask, mask.astype(np.uint8)
    )
