"""Touching discs of known size, parted at points within them; masks of experts; stained objects."""

import cv2
import numpy as np
import pytest

from allcad_core.annotation.expert_masks import field_boxes
from allcad_core.annotation.parting import box_of_mask, boxes_of, further_points, part
from allcad_core.annotation.stained import stained_objects


def discs(*circles, size=(200, 120)):
    mask = np.zeros((size[1], size[0]), np.uint8)
    for x, y, radius in circles:
        cv2.circle(mask, (x, y), radius, 1, cv2.FILLED)
    return mask.astype(bool)


def test_equal_discs_are_parted_half_way_wherever_the_points_lie_in_them():
    mask = discs((60, 60, 30), (110, 60, 30))
    first, second = boxes_of(part(mask, [(60, 60), (110, 60)]), 2)

    assert first[2] == pytest.approx(85.5, abs=2)
    assert second[0] == pytest.approx(85.5, abs=2)
    assert (first[0], second[2]) == pytest.approx((30, 141), abs=2)  # the outermost pixels count as shreds


def test_unequal_discs_are_parted_nearer_to_the_smaller():
    mask = discs((60, 60, 36), (112, 60, 22))
    first, second = boxes_of(part(mask, [(60, 60), (112, 60)]), 2)

    assert first[2] == pytest.approx(93, abs=4)  # the discs' chord lies at x = 94
    assert second[0] == pytest.approx(93, abs=4)


def test_every_pixel_of_a_clump_belongs_to_one_cell():
    mask = discs((60, 60, 30), (105, 60, 30), (150, 60, 30))
    parts = part(mask, [(60, 60), (105, 60), (150, 60)])

    assert set(np.unique(parts[mask])) == {1, 2, 3}
    assert not parts[~mask].any()


def test_a_disc_without_a_point_is_found_and_the_rim_of_a_known_one_is_not():
    mask = discs((60, 60, 30), (112, 60, 30))

    ((x, y),) = further_points(mask, [(60, 60)], 20)
    assert (x, y) == pytest.approx((112, 60), abs=6)
    assert further_points(mask, [(60, 60), (112, 60)], 20) == []


def test_shreds_are_cut_off_before_the_box_is_taken():
    mask = discs((60, 60, 30))
    mask[59:61, 90:150] = True  # a thread

    assert boxes_of(mask.astype(np.int32), 1)[0] == pytest.approx((30, 30, 91, 91), abs=3)


def test_an_empty_part_has_no_box():
    assert box_of_mask(np.zeros((4, 5), bool)) is None
    assert boxes_of(np.zeros((4, 5), np.int32), 1) == [None]


def test_a_field_mask_gives_each_cell_its_box():
    mask = discs((40, 60, 20), (110, 60, 20), (148, 60, 20))
    lone, left, right, nowhere = field_boxes(mask, [(40, 60), (110, 60), (148, 60), (75, 10)])

    assert lone == pytest.approx((20, 40, 61, 81), abs=2)
    assert left[:2] == pytest.approx((90, 40), abs=2)
    assert left[2] == pytest.approx(129.5, abs=2)
    assert right[2:] == pytest.approx((169, 81), abs=2)
    assert nowhere is None


def test_only_objects_of_nucleus_size_are_to_be_spoken_of(draw):
    pixels = draw((400, 300), purple=[(100, 150, 20), (200, 150, 5), (300, 150, 16)], red=[(40, 40, 15)])
    found = stained_objects(pixels, 30)

    assert [round((thing.box[0] + thing.box[2]) / 2) for thing in found] == pytest.approx([100, 300], abs=1)


def test_an_object_is_spoken_for_when_half_of_it_lies_in_boxes(draw):
    (thing,) = stained_objects(draw((400, 300), purple=[(100, 150, 20)]), 30)

    assert not thing.covered_by([])
    assert not thing.covered_by([(0, 0, 95, 300)])
    assert thing.covered_by([(0, 0, 106, 300)])
    assert thing.covered_by([(0, 0, 95, 300), (95, 0, 110, 300)])
