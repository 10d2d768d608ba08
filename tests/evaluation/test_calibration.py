"""Temperatures: known ones are found again, and a fold is never calibrated on itself."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from allcad_core.errors import DataError
from allcad_core.evaluation.calibration import cross_fitted, pooled
from allcad_core.predictions import CellPrediction
from allcad_core.temperature import RANGE, calibrated, fit_temperature


def drawn(count: int = 20000, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Log odds, and truths drawn with just the probabilities that they say."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(0, 2, count)
    return odds, (rng.random(count) < 1 / (1 + np.exp(-odds))).astype(np.int64)


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_what_was_multiplied_is_divided_again(factor: float) -> None:
    odds, truth = drawn()
    assert fit_temperature(factor * odds, truth) == pytest.approx(factor, rel=0.05)


def test_the_fitted_temperature_is_the_likeliest() -> None:
    odds, truth = drawn(500)

    def loss(temperature: float) -> float:
        chance = 1 / (1 + np.exp(-odds / temperature))
        return float(-np.log(np.where(truth == 1, chance, 1 - chance)).mean())

    best = fit_temperature(odds, truth)
    assert loss(best) <= min(loss(value) for value in np.linspace(0.3, 5, 200)) + 1e-4


@pytest.mark.parametrize("truth", [0, 1])
def test_cells_of_one_class_or_perfectly_parted_stay_within_the_range(truth: int) -> None:
    odds = np.array([-5.0, -1.0, 2.0, 7.0])
    low, high = RANGE
    for labels in (np.full(4, truth), (odds > 0).astype(int)):
        assert low <= fit_temperature(odds, labels) <= high


def test_pictures_parted_without_error_make_no_certainty() -> None:
    odds = np.repeat([-2.0, 2.0], 10)
    temperature = fit_temperature(odds, (odds > 0).astype(np.int64))
    assert 1 / (1 + np.exp(-2.0 / temperature)) == pytest.approx(11 / 12, abs=1e-3)


def rows(factors: dict[int, float]) -> list[CellPrediction]:
    """Cells whose log odds are too sure by another factor in each fold."""
    return [
        CellPrediction("ALL-IDB1", "a", 0, 0, 1, 1, int(truth), float(factor * odd), fold)
        for fold, factor in factors.items()
        for odd, truth in zip(*drawn(4000, seed=fold), strict=True)
    ]


def test_a_fold_is_calibrated_by_the_others() -> None:
    found = cross_fitted(rows({0: 1.0, 1: 3.0}))
    assert found[0] == pytest.approx(3.0, rel=0.1)
    assert found[1] == pytest.approx(1.0, rel=0.1)


def test_what_a_fold_holds_does_not_change_its_own_temperature() -> None:
    plain, wild = cross_fitted(rows({0: 1.0, 1: 1.0, 2: 2.0})), cross_fitted(rows({0: 9.0, 1: 1.0, 2: 2.0}))
    assert plain[0] == wild[0]
    assert plain[1] != wild[1]


def test_what_ships_is_fitted_on_all() -> None:
    every = rows({0: 1.0, 1: 3.0})
    assert pooled(every) == pytest.approx(
        fit_temperature(np.array([row.log_odds for row in every]), np.array([row.truth for row in every]))
    )


def test_one_fold_alone_is_refused() -> None:
    with pytest.raises(DataError, match="One fold alone"):
        cross_fitted(rows({0: 1.0}))


def test_a_probability_is_the_logistic_of_the_odds_over_the_temperature() -> None:
    assert calibrated(np.array([2.0, 0.0, -2.0]), 2.0) == pytest.approx(
        [1 / (1 + np.exp(-1)), 0.5, 1 / (1 + np.exp(1))]
    )
