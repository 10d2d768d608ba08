"""How two masks of one smear agree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from allcad_core.evaluation.one_smear import agreement, dice_by_threshold


def squares(*tops: int, side: int = 20) -> np.ndarray:
    """A mask of squares, one below the other."""
    mask = np.zeros((400, 100), bool)
    for top in tops:
        mask[top : top + side, 40 : 40 + side] = True
    return mask


def test_pixels_are_told_apart_by_who_holds_them():
    score = agreement(squares(0, 100), squares(100, 200))
    assert (score.both, score.only_one, score.only_other) == (400, 400, 400)
    assert score.dice == 0.5
    assert score.jaccard == pytest.approx(1 / 3)


def test_two_empty_masks_agree():
    score = agreement(squares(), squares())
    assert (score.dice, score.jaccard, score.low, score.high) == (1, 1, None, None)


def test_a_mask_against_itself_has_no_width():
    mask = squares(0, 100, 200, 300)
    score = agreement(mask, mask)
    assert (score.dice, score.low, score.high) == (1, 1, 1)


@pytest.mark.parametrize("tops", [(0,), (0, 100, 200)])
def test_few_cells_give_no_interval(tops: tuple[int, ...]):
    score = agreement(squares(*tops), squares(*(top + 2 for top in tops)))
    assert score.dice == pytest.approx(0.9)
    assert score.low is None


def test_the_interval_holds_the_estimate_and_is_wider_where_cells_differ():
    even = agreement(squares(2, 102, 202, 302), squares(0, 100, 200, 300))
    uneven = agreement(squares(0, 100, 202, 309), squares(0, 100, 200, 300))
    for score in (even, uneven):
        assert score.low is not None
        assert score.high is not None
        assert score.low <= score.dice + 1e-9
        assert score.dice <= score.high + 1e-9
    assert even.high - even.low < 1e-9  # every cell has the same Dice
    assert uneven.high - uneven.low > 0.1


def test_specks_are_counted_and_are_no_cells():
    truth, noisy = squares(0), squares(0)
    noisy[::9, 90] = True
    score = agreement(noisy, truth)
    assert score.only_one == noisy[:, 90].sum()
    assert score.low is None


def test_the_same_seed_gives_the_same_interval():
    pair = (squares(0, 100, 202, 309), squares(0, 100, 200, 300))
    assert agreement(*pair, seed=3) == agreement(*pair, seed=3)


masks = arrays(bool, (12, 12))


@given(masks, masks)
def test_dice_follows_its_definition_and_is_even_handed(one: np.ndarray, other: np.ndarray):
    score, turned = agreement(one, other), agreement(other, one)
    total = one.sum() + other.sum()
    assert score.dice == pytest.approx(2 * (one & other).sum() / total if total else 1.0)
    assert score.dice == turned.dice
    assert (score.only_one, score.only_other) == (turned.only_other, turned.only_one)


@given(arrays(np.uint8, (9, 9)), arrays(bool, (9, 9)), st.integers(0, 255))
def test_the_curve_is_the_dice_of_each_threshold(grey: np.ndarray, truth: np.ndarray, level: int):
    assert dice_by_threshold(grey, truth)[level] == pytest.approx(agreement(grey <= level, truth).dice)
