"""White cells by their stain, on drawn discs: what is a cell, how many, how large."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from allcad_core.segmentation import segment
from allcad_core.segmentation.regions import windows_of
from allcad_core.segmentation.splitting import cores_of, split
from allcad_core.segmentation.stain import red_cell_diameter, scale_of, without_red_cells

Draw = Callable[..., NDArray[np.uint8]]
REDS = [(x, y, 15) for x in (40, 100, 160, 220, 280, 340) for y in (40, 260)]
"""Twelve lone red cells of 30 px."""


def test_red_cells_are_no_white_cells(draw: Draw) -> None:
    found = segment(draw((400, 300), red=REDS), "stain", "cpu")
    assert found.regions == ()
    assert not found.cell.any()


def test_platelets_are_no_white_cells(draw: Draw) -> None:
    platelets = [(70, 100, 5), (130, 140, 6), (200, 160, 7), (300, 120, 5)]
    found = segment(draw((400, 300), purple=[*platelets, (220, 220, 22)], red=REDS), "stain", "cpu")
    assert [region.centroid for region in found.regions] == [pytest.approx((220.5, 220.5), abs=1)]


def test_a_nucleus_measures_as_it_was_drawn(draw: Draw) -> None:
    (region,) = segment(draw((400, 300), purple=[(200, 150, 24)], red=REDS), "stain", "cpu").regions
    assert region.diameter == pytest.approx(48, abs=3)  # smoothing before the threshold widens it by a pixel or so
    assert region.area == pytest.approx(np.pi * region.diameter**2 / 4)
    assert region.roundness > 0.85
    assert region.solidity > 0.97
    assert np.allclose(region.box, (176, 126, 225, 175), atol=2)


def test_measures_are_in_pixels_of_a_picture_larger_than_the_working_size(draw: Draw) -> None:
    reds = [(x, y, 60) for x in (300, 900, 1500, 2100) for y in (200, 1500)]
    pixels = draw((2592, 1944), purple=[(1296, 900, 100)], red=reds)
    found = segment(pixels, "stain", "cpu")
    (region,) = found.regions
    assert region.diameter == pytest.approx(200, abs=4)
    assert np.allclose(region.box, (1196, 800, 1397, 1001), atol=4)
    assert found.cell.sum() == pytest.approx(region.area, rel=0.02)
    assert (found.labels == region.label).sum() == pytest.approx(region.area, rel=0.02)
    assert found.red_cell_diameter == pytest.approx(120, abs=4)


def test_red_cells_give_the_scale(draw: Draw) -> None:
    found = segment(draw((400, 300), purple=[(200, 150, 24)], red=REDS), "stain", "cpu")
    assert found.red_cell_diameter == pytest.approx(30, abs=1.5)


def test_two_red_cells_are_too_few_for_a_scale(draw: Draw) -> None:
    found = segment(draw((400, 300), purple=[(200, 150, 24)], red=REDS[:2]), "stain", "cpu")
    assert found.red_cell_diameter is None


def test_clumps_and_cut_red_cells_do_not_count_for_the_scale() -> None:
    mask = np.zeros((300, 400), np.uint8)
    for x in (60, 120, 180):
        cv2.circle(mask, (x, 60), 12, 1, -1)
    for x in (60, 80, 100, 120):
        cv2.circle(mask, (x, 200), 25, 1, -1)  # a chain
    cv2.circle(mask, (395, 150), 40, 1, -1)  # cut by the edge
    assert red_cell_diameter(mask.astype(bool)) == pytest.approx(24, abs=1.5)


def test_touching_cells_are_parted(draw: Draw) -> None:
    found = segment(draw((400, 300), purple=[(170, 150, 24), (214, 150, 24)], red=REDS), "stain", "cpu")
    assert len(found.regions) == 2
    left, right = sorted(found.regions, key=lambda region: region.centroid[0])
    assert left.centroid == pytest.approx((170, 150), abs=3)
    assert right.centroid == pytest.approx((214, 150), abs=3)


@pytest.mark.parametrize("apart", [44, 47, 49])
def test_three_touching_blasts_give_three_boxes(draw: Draw, apart: float) -> None:
    corners = [(200 + apart / 3**0.5 * np.sin(a), 150 - apart / 3**0.5 * np.cos(a)) for a in np.radians((0, 120, 240))]
    found = segment(draw((400, 300), purple=[(x, y, 24) for x, y in corners], red=REDS), "stain", "cpu")
    assert len(found.regions) == 3
    for corner in corners:
        assert min(np.hypot(*np.subtract(region.centroid, corner)) for region in found.regions) < 6


def test_lobes_of_one_nucleus_are_one_cell(draw: Draw) -> None:
    lobes = [(189, 147, 8), (206, 141, 8), (203, 163, 8)]
    found = segment(draw((400, 300), purple=lobes, red=REDS), "stain", "cpu")
    assert len(found.regions) == 1
    assert np.allclose(found.regions[0].box, (181, 133, 214, 171), atol=4)


def test_cytoplasm_belongs_to_the_cell_and_not_to_the_nucleus(draw: Draw) -> None:
    reds = [(x, y, 15) for x in range(30, 580, 45) for y in (40, 90, 260, 310)]
    found = segment(draw((600, 350), pale=[(200, 175, 32)], purple=[(200, 175, 20)], red=reds), "stain", "cpu")
    (region,) = found.regions
    assert region.area == pytest.approx(np.pi * 32**2, rel=0.1)
    assert region.nucleus_area == pytest.approx(np.pi * 20**2, rel=0.12)
    assert not (found.nucleus & ~found.cell).any()


def test_a_cell_at_the_edge_is_told(draw: Draw) -> None:
    (region,) = segment(draw((400, 300), purple=[(8, 150, 24)], red=REDS), "stain", "cpu").regions
    assert region.at_border
    assert region.box[0] == 0


def test_the_answer_does_not_depend_on_the_light(draw: Draw) -> None:
    pixels = draw((400, 300), purple=[(120, 150, 24), (250, 150, 28)], red=REDS)
    darker = np.rint(pixels * np.array([0.8, 0.7, 0.6])).astype(np.uint8)
    boxes = [
        np.array([region.box for region in segment(picture, "stain", "cpu").regions]) for picture in (pixels, darker)
    ]
    assert boxes[0].shape == boxes[1].shape == (2, 4)
    assert np.abs(boxes[0] - boxes[1]).max() <= 2


def test_nuclei_give_the_scale_where_there_is_no_red_cell(draw: Draw) -> None:
    found = segment(draw((400, 300), purple=[(120, 150, 24), (250, 150, 28), (330, 60, 4)]), "stain", "cpu")
    assert len(found.regions) == 2
    assert found.red_cell_diameter is None


class TestCores:
    """Which maxima of a distance map are cells."""

    def hill(self, *tops: tuple[int, float], width: int = 60) -> NDArray[np.float32]:
        x = np.arange(width)
        heights = [np.maximum(height - np.abs(x - place), 0) for place, height in tops]
        return np.repeat(np.max(heights, axis=0)[None], 5, axis=0).astype(np.float32)

    def test_a_deep_saddle_parts_two(self) -> None:
        markers = cores_of(self.hill((15, 10), (40, 9)), depth=2)
        assert markers.max() == 2
        assert {markers[2, 15], markers[2, 40]} == {1, 2}

    def test_a_shallow_saddle_does_not(self) -> None:
        markers = cores_of(self.hill((20, 10), (24, 9)), depth=2)
        assert (markers[2, 20], markers[2, 24]) == (1, 0)

    def test_two_equal_tops_over_a_shallow_saddle_are_one(self) -> None:
        assert cores_of(self.hill((20, 10), (24, 10)), depth=3).max() == 1

    def test_a_saddle_as_deep_as_asked_parts(self) -> None:
        assert cores_of(self.hill((20, 10), (24, 10)), depth=2).max() == 2

    def test_every_piece_of_a_mask_has_a_number_of_its_own(self) -> None:
        mask = np.zeros((80, 200), np.uint8)
        for x in (30, 90, 150):
            cv2.circle(mask, (x, 40), 20, 1, -1)
        labels = split(mask.astype(bool), unit=20)
        assert len({labels[40, 30], labels[40, 90], labels[40, 150]}) == 3
        assert (labels > 0).sum() == mask.sum()


def _three_regions(hues: tuple[float, ...], purples: tuple[float, ...]) -> tuple[NDArray[np.int32], ...]:
    labels = np.repeat(np.arange(4, dtype=np.int32), 25)[None].repeat(20, 0)
    planes = (np.asarray((0.0, *values), np.float32)[labels] for values in (hues, purples))
    return labels, *planes


def test_bluish_red_cells_beside_purer_nuclei_are_left_out() -> None:
    labels, hue, purple = _three_regions((0.3, 0.5, 0.51), (0.1, 0.2, 0.19))
    kept, windows = without_red_cells(labels, hue, purple)
    assert np.array_equal(kept, np.maximum(labels - 1, 0))
    assert windows == windows_of(kept)
    assert set(windows) == {1, 2}


def test_a_pale_cell_of_the_nuclei_s_hue_stays() -> None:
    labels, hue, purple = _three_regions((0.48, 0.5, 0.51), (0.1, 0.2, 0.19))
    kept, windows = without_red_cells(labels, hue, purple)
    assert np.array_equal(kept, labels)
    assert windows == windows_of(labels)


def test_lobes_of_one_nucleus_tell_the_scale_of_a_crop_together(draw: Draw) -> None:
    lobes = [(45, 60, 12), (75, 60, 12), (60, 85, 12)]
    alone, together = (scale_of(draw((120, 120), purple=some))[1] for some in (lobes[:1], lobes))
    assert together == pytest.approx(np.sqrt(3) * alone, rel=0.05)


def test_nuclei_far_apart_tell_it_each_alone(draw: Draw) -> None:
    nuclei = [(25, 25, 12), (95, 30, 12), (60, 95, 12)]
    alone, together = (scale_of(draw((120, 120), purple=some))[1] for some in (nuclei[:1], nuclei))
    assert together == pytest.approx(alone, rel=0.05)


def test_red_cells_beside_them_show_that_close_nuclei_are_no_lobes(draw: Draw) -> None:
    lobes = [(45, 60, 12), (75, 60, 12), (60, 85, 12)]
    pairs = [(12, 12), (50, 12), (90, 12), (12, 110)]  # touching pairs are no lone red cells
    reds = [(x + step, y, 7) for x, y in pairs for step in (0, 11)]
    alone, together = (scale_of(draw((150, 150), purple=some, red=reds))[1] for some in (lobes[:1], lobes))
    assert together == pytest.approx(alone, rel=0.05)
