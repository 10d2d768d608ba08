"""Regions as detections: the wholer, the surer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from allcad_core.detection import propose, scale
from allcad_core.detection.regions import LEAST, RAGGED, WHOLE


@dataclass(frozen=True)
class Region:
    box: tuple[float, float, float, float]
    solidity: float
    nucleus_area: float = 80.0


def test_boxes_come_best_first_without_labels() -> None:
    regions = [Region((i, 0, i + 10, 10), solidity) for i, solidity in enumerate((0.7, 0.95, 0.8))]
    found = propose(regions)
    assert found.labels is None
    assert found.boxes[:, 0].tolist() == [1, 2, 0]
    assert np.all(np.diff(found.scores) <= 0)


@pytest.mark.parametrize(
    ("solidity", "score"),
    [(1.0, 1.0), (WHOLE, 1.0), ((RAGGED + WHOLE) / 2, 0.5), (RAGGED, LEAST), (0.1, LEAST)],
)
def test_the_score_rises_with_the_solidity(solidity: float, score: float) -> None:
    assert propose([Region((0, 0, 9, 9), solidity)]).scores.tolist() == [pytest.approx(score)]


def test_equals_keep_their_order() -> None:
    assert propose([Region((i, 0, 50, 50), 0.95) for i in range(5)]).boxes[:, 0].tolist() == [0, 1, 2, 3, 4]


def test_no_regions_give_no_boxes() -> None:
    found = propose([])
    assert found.boxes.shape == (0, 4)
    assert found.scores.shape == (0,)


def test_a_measured_scale_is_kept() -> None:
    assert scale(30.0, [Region((0, 0, 9, 9), 0.9)]) == 30.0


def test_nuclei_tell_the_scale_where_red_cells_do_not() -> None:
    nuclei = [Region((0, 0, 9, 9), 0.9, np.pi * 26**2 / 4)] * 3 + [Region((0, 0, 9, 9), 0.3, 9000.0)]
    assert scale(None, nuclei) == pytest.approx(20)
    assert scale(None, []) is None
    assert scale(None, [Region((0, 0, 9, 9), 0.9, 0.0)]) is None
