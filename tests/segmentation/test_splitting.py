"""Cells from cores, holes filled, neighbours of a crop left out."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from allcad_core.segmentation.splitting import (
    LARGEST_LOBE,
    area_of,
    fill_holes,
    grow,
    is_crop,
    join_lobes,
    keep_nucleated,
    renumbered,
    solidity,
    without_neighbours,
)


def discs(shape: tuple[int, int], *circles: tuple[int, int, int]) -> NDArray[np.int32]:
    """One number a disc (x, y, radius)."""
    labels = np.zeros(shape, np.int32)
    for number, (x, y, radius) in enumerate(circles, start=1):
        cv2.circle(labels, (x, y), radius, number, cv2.FILLED)
    return labels


def test_a_cell_grows_from_its_core_into_its_body() -> None:
    body = discs((80, 80), (40, 40, 25)) > 0
    assert np.array_equal(grow(discs((80, 80), (40, 40, 10)), body, 40) > 0, body)


def test_a_body_without_a_core_is_no_cell() -> None:
    body = discs((80, 160), (40, 40, 25), (120, 40, 25)) > 0
    labels = grow(discs((80, 160), (40, 40, 10)), body, 40)
    assert labels[40, 40] == 1
    assert labels[40, 120] == 0


def test_two_cores_in_one_body_share_it_by_distance() -> None:
    body = discs((80, 160), (50, 40, 30), (110, 40, 30)) > 0
    labels = grow(discs((80, 160), (50, 40, 22), (110, 40, 22)), body | (discs((80, 160), (80, 40, 9)) > 0), 40)
    left, right = (labels == 1).sum(), (labels == 2).sum()
    assert abs(left - right) < 0.05 * (left + right)
    assert labels[40, 30] == 1
    assert labels[40, 130] == 2


def test_lobes_in_one_round_body_are_one_cell() -> None:
    body = discs((80, 80), (40, 40, 30)) > 0
    assert np.unique(grow(discs((80, 80), (28, 40, 9), (52, 40, 9)), body, 40)).size == 2


def test_small_holes_are_filled_and_large_ones_stay() -> None:
    mask = discs((100, 100), (50, 50, 45)) > 0
    mask[discs((100, 100), (30, 50, 4), (65, 50, 15)) > 0] = False
    filled = fill_holes(mask, area_of(12))
    assert filled[50, 30]
    assert not filled[50, 65]


def test_a_disc_is_solid_and_two_touching_ones_are_not() -> None:
    assert solidity(discs((80, 80), (40, 40, 30)) > 0) > 0.97
    assert solidity(discs((80, 160), (50, 40, 30), (110, 40, 30)) > 0) < 0.93


def test_what_is_small_or_holds_no_nucleus_is_left_out() -> None:
    labels = discs((80, 240), (40, 40, 25), (120, 40, 25), (200, 40, 6))
    sure = discs((80, 240), (40, 40, 15), (200, 40, 6)) > 0
    assert np.array_equal(keep_nucleated(labels, sure, 40) > 0, labels == 1)


def test_neighbours_that_the_edge_of_a_crop_cuts_are_left_out() -> None:
    labels = discs((160, 160), (0, 80, 25), (90, 80, 30))
    assert np.array_equal(without_neighbours(labels) == 1, labels == 2)


def test_without_a_whole_cell_what_the_edge_cuts_stays() -> None:
    alone = discs((160, 160), (0, 80, 25))
    assert np.array_equal(without_neighbours(alone), alone)


def test_a_picture_of_few_red_cells_is_the_crop_of_one_cell() -> None:
    assert is_crop((160, 140, 3), 40)
    assert not is_crop((160, 140, 3), 10)


def scattered(seed: int, count: int = 40) -> NDArray[np.int32]:
    """Discs at random, some over each other, some cut by the edge, their numbers with gaps."""
    rng = np.random.default_rng(seed)
    circles = rng.integers((0, 0, 2), (200, 160, 22), (count, 3))
    labels = discs((160, 200), *(tuple(int(value) for value in circle) for circle in circles))
    labels[np.isin(labels, rng.integers(1, count, count // 4))] = 0
    return labels


@pytest.mark.parametrize("seed", range(6))
class TestAsDefined:
    """What is computed on labelled pixels alone equals the plain words over the whole picture, bit for bit."""

    def test_small_pieces_are_joined(self, seed: int) -> None:
        labels, unit = scattered(seed), 25.0
        areas = np.bincount(labels.ravel())
        small = (labels > 0) & (areas < area_of(LARGEST_LOBE * unit))[labels]
        joined = join_lobes(labels, unit)
        assert np.array_equal(joined[~small], labels[~small])
        assert (joined[small] > areas.size).all()

    def test_nucleated_ones_are_kept_in_their_order(self, seed: int) -> None:
        labels, unit = scattered(seed), 20.0
        sure = np.random.default_rng(seed).random(labels.shape) > 0.4
        expected, number = np.zeros_like(labels), 0
        for label in range(1, int(labels.max()) + 1):
            inside = labels == label
            if inside.sum() >= area_of(0.62 * unit) and (inside & sure).sum() >= 0.5 * area_of(0.62 * unit):
                number += 1
                expected[inside] = number
        assert number
        assert np.array_equal(keep_nucleated(labels, sure, unit), expected)

    def test_numbers_are_exchanged(self, seed: int) -> None:
        labels = scattered(seed)
        numbers = np.random.default_rng(seed).integers(0, 9, int(labels.max()) + 1).astype(np.int32)
        numbers[0] = 0
        assert np.array_equal(renumbered(labels, numbers), numbers[labels])

    def test_pieces_are_shared_out_among_the_cores_in_them(self, seed: int) -> None:
        cores = scattered(seed, 25)
        body = cv2.dilate((cores > 0).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
        body |= scattered(seed + 100, 3) > 0
        grown = grow(cores, body, 15)
        pieces = cv2.connectedComponents(body.astype(np.uint8), connectivity=4)[1]
        for piece in range(1, int(pieces.max()) + 1):
            inside = pieces == piece
            own, given = np.unique(cores[inside & (cores > 0)]), np.unique(grown[inside])
            if own.size == 0:
                assert given.tolist() == [0]
            elif given.size == 1:  # one core, or lobes of one
                assert given[0] == own[0]
            else:
                assert given.tolist() == own.tolist()
                assert np.array_equal(grown[inside & (cores > 0)], cores[inside & (cores > 0)])


def test_a_picture_without_labels_stays_empty() -> None:
    nothing, everywhere = np.zeros((70, 80), np.int32), np.ones((70, 80), bool)
    for after in (
        join_lobes(nothing, 20),
        keep_nucleated(nothing, everywhere, 20),
        grow(nothing, everywhere, 20),
        renumbered(nothing, np.zeros(1, np.int32)),
    ):
        assert after.dtype == np.int32
        assert not after.any()
