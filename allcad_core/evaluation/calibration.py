"""Temperature scaling, cross-fitted: a fold's probabilities are calibrated on the other folds (Guo et al. 2017)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from allcad_core.errors import DataError
from allcad_core.predictions import CellPrediction
from allcad_core.temperature import fit_temperature


def cross_fitted(rows: Sequence[CellPrediction]) -> dict[int, float]:
    """Temperature of each fold, fitted on the cells of all other folds. Raises DataError for fewer than two folds."""
    folds = {row.fold for row in rows}
    if len(folds) < 2:
        raise DataError("One fold alone cannot be calibrated: that needs the predictions of another.")
    return {fold: _temperature([row for row in rows if row.fold != fold]) for fold in folds}


def pooled(rows: Sequence[CellPrediction]) -> float:
    """Temperature fitted on every out-of-fold prediction: what ships with the model trained on all."""
    return _temperature(rows)


def _temperature(rows: Sequence[CellPrediction]) -> float:
    return fit_temperature(np.array([row.log_odds for row in rows]), np.array([row.truth for row in rows], np.int64))
