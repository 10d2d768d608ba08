"""Intervals by group, stored figures, smudges that count neither way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from allcad_core.errors import DataError
from allcad_core.evaluation import segmentation_stored as stored
from allcad_core.evaluation.segmentation import Masked, dice_of, iou_of
from allcad_core.evaluation.segmentation_report import interval, report
from allcad_core.predictions import MaskPrediction
from allcad_core.segmentation import Segmentation
from allcad_core.segmentation.overlap import ASIDE, overlap


def found_in(mask: np.ndarray) -> Segmentation:
    return Segmentation("drawn", mask, mask, mask.astype(np.int32), ())


def test_rows_count_pixels() -> None:
    mask, truth = np.zeros((10, 10), bool), np.zeros((10, 10), bool)
    mask[:4, :5] = truth[2:6, :5] = True
    (row,) = overlap("set", "one", found_in(mask), {"cell": truth}, 2)
    assert row == MaskPrediction("set", "one", "cell", 10, 20, 20, 2)
    assert dice_of(row) == 0.5
    assert iou_of(row) == pytest.approx(1 / 3)


def test_what_lies_in_a_box_set_aside_counts_neither_way() -> None:
    mask, truth = np.zeros((10, 20), bool), np.zeros((10, 20), bool)
    mask[2:8, 2:8] = truth[2:8, 2:8] = True
    mask[2:8, 12:18] = True  # a smudge cell that nobody drew
    cell, aside = overlap("set", "one", found_in(mask), {"cell": truth}, 0, [(11.0, 1.0, 19.0, 9.0)])
    assert dice_of(cell) == pytest.approx(2 / 3)
    assert (aside.structure, dice_of(aside)) == (ASIDE, 1.0)


def test_two_empty_masks_agree() -> None:
    assert dice_of(MaskPrediction("set", "one", "cell", 0, 0, 0, -1)) == 1


def test_pictures_of_one_group_are_drawn_together() -> None:
    values = np.repeat([0.2, 0.8], 50)
    together = interval(values, np.repeat(["a", "b"], 50), np.mean)
    apart = interval(values, np.arange(100).astype(str), np.mean)
    assert (together.low, together.value, together.high) == pytest.approx((0.2, 0.5, 0.8))
    assert 0.4 < apart.low < apart.value < apart.high < 0.6


def unread() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    raise AssertionError("Stored figures need no pixels.")


def test_stored_figures_are_told_without_a_photograph(tmp_path: Path) -> None:
    chosen = [Masked("ALL-IDB2", name, name, "A", unread) for name in ("one", "two")]
    stored.keep_pictures(chosen, tmp_path)
    rows = [
        MaskPrediction("ALL-IDB2", "one", "cell", 5, 10, 10, -1),
        MaskPrediction("ALL-IDB2", "two", "cell", 9, 9, 9, -1),
    ]
    stored.keep(rows, "paper", tmp_path)
    (whole, sitting) = report(None, ["paper"], by_session=True, results=tmp_path)
    assert (whole.dice.value, whole.pictures, whole.protocol) == (0.75, 2, "")
    assert (sitting.part, sitting.dice.value) == ("session A", 0.75)


def test_where_nothing_is_stored_the_command_that_stores_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="allcad evaluate segmentation --store"):
        report(None, ["paper"], results=tmp_path)
