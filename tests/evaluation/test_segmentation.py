"""Overlap with expert masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from allcad_core.errors import DataError
from allcad_core.evaluation.segmentation import dice, nucleus_dice


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ([1, 1, 0, 0], [1, 1, 0, 0], 1),
        ([1, 1, 0, 0], [0, 0, 1, 1], 0),
        ([1, 1, 1, 0], [1, 0, 0, 0], 0.5),
        ([0], [0], 1),
        ([0], [1], 0),
    ],
)
def test_dice_of_known_masks(one: list[int], other: list[int], expected: float) -> None:
    assert dice(np.array(one, bool), np.array(other, bool)) == expected


@pytest.fixture
def crops(tmp_path: Path) -> Path:
    """Two crops of ALL-IDB2: of the second, the expert drew the nucleus twice as large as it is dark."""
    folder = tmp_path / "ALL_IDB2"
    for part in ("img", "gt"):
        (folder / part).mkdir(parents=True)
    for name, share in (("Im001_1", 1), ("Im002_0", 2)):
        pixels = np.full((80, 80, 3), (225, 215, 210), np.uint8)
        pixels[:25] = (205, 130, 140)
        pixels[40:60, 30:50] = (90, 50, 140)
        Image.fromarray(pixels).save(folder / "img" / f"{name}.png")
        mask = np.full((80, 80, 3), 255, np.uint8)
        mask[40:60, 30 : 30 + 20 * share] = (0, 255, 255)
        Image.fromarray(mask).save(folder / "gt" / f"{name}.png")
    return tmp_path


def test_every_crop_with_a_mask_is_measured(crops: Path) -> None:
    measured = nucleus_dice("paper", crops, "cpu")
    assert measured.by_crop == pytest.approx({"Im001_1": 1.0, "Im002_0": 2 / 3})
    assert measured.mean == pytest.approx(5 / 6)


def test_without_masks_there_is_nothing_to_measure(crops: Path) -> None:
    for path in (crops / "ALL_IDB2" / "gt").iterdir():
        path.unlink()
    with pytest.raises(DataError, match="No expert masks"):
        nucleus_dice("paper", crops)
