"""Smudge cells told from whole ones by a rule."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from allcad_core.errors import DataError
from allcad_core.evaluation.segmentation_smudges import MEASURES, SMUDGE, UNKNOWN, WHOLE, Seen, fit, measures
from allcad_core.segmentation import Segmentation, segment
from allcad_core.synthesis import generate


@pytest.fixture(scope="module")
def field() -> tuple[np.ndarray, Segmentation]:
    pixels = generate(3).pixels
    return pixels, segment(pixels, "stain", "cpu")


def seen(kinds: list[int], rng: np.random.Generator) -> Seen:
    """Regions of a field; smudge cells are less red by one and less solid by a tenth."""
    kind = np.array(kinds)
    measured = rng.normal(0, 0.02, (kind.size, len(MEASURES))) + np.array([0, 0, 0.8, 0.85, 0.95])
    measured[kind == SMUDGE] -= np.array([1, 0, 0, 0, 0.1])
    return Seen("Im001_1", measured, kind, np.zeros((kind.size, 2), int), 0)


def test_a_fitted_rule_tells_them_apart() -> None:
    rng = np.random.default_rng(0)
    rule = fit([seen([WHOLE] * 30 + [UNKNOWN] * 3, rng), seen([WHOLE] * 30 + [SMUDGE] * 5, rng)])
    other = seen([WHOLE] * 10 + [SMUDGE] * 10, rng)
    assert (rule.chances(other.measured) > 0.5).tolist() == [False] * 10 + [True] * 10


def test_one_kind_alone_teaches_no_rule() -> None:
    with pytest.raises(DataError, match="both needed"):
        fit([seen([WHOLE] * 5, np.random.default_rng(0))])


def test_each_region_is_seen_against_the_median_of_its_field(field: tuple[np.ndarray, Segmentation]) -> None:
    pixels, found = field
    measured = measures(pixels, found)
    assert measured.shape == (len(found.regions), len(MEASURES))
    assert np.isfinite(measured).all()
    assert np.median(measured[:, :2], axis=0) == pytest.approx([0, 0])
    assert measured[:, 4].tolist() == [region.solidity for region in found.regions]


def test_a_region_without_nucleus_is_measured_by_all_of_it(field: tuple[np.ndarray, Segmentation]) -> None:
    pixels, found = field
    measured = measures(pixels, replace(found, nucleus=np.zeros_like(found.nucleus)))
    assert np.isfinite(measured).all()
    assert not np.array_equal(measured, measures(pixels, found))


def test_a_field_without_regions_has_no_measures(field: tuple[np.ndarray, Segmentation]) -> None:
    pixels, found = field
    assert measures(pixels, replace(found, regions=())).shape == (0, len(MEASURES))
