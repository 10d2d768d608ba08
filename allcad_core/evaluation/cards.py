"""Figures and calibration of a model's card, computed from its stored out-of-fold predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from allcad_core import models, predictions
from allcad_core.errors import DataError
from allcad_core.evaluation import calibration
from allcad_core.evaluation.detection import report
from allcad_core.intervals import Proportion, wilson
from allcad_core.models import Card, Figure
from allcad_core.predictions import RESULTS, CellPrediction, read

BOOTSTRAP = 1000
PROTOCOLS = ("session", "field")
"""The one to believe first comes first."""


def refresh(name: str, data: Path, results: Path = RESULTS, folder: Path | None = None) -> Card:
    """Write temperature and figures into a card.

    Raises:
        UnknownNameError: no such card.
        DataError: no predictions are stored under any protocol.
    """
    card = models.card(name, folder)
    stored = [
        protocol for protocol in PROTOCOLS if predictions.path_of(card.task, protocol, name, 0, results).parent.is_dir()
    ]
    if not stored:
        raise DataError(f"No out-of-fold predictions of '{name}' are stored. Run: allcad train {name}.")
    figures: list[Figure] = []
    temperature = card.temperature
    for protocol in stored:
        if card.task == "cell":
            rows = read(CellPrediction, "cell", protocol, name, results)
            figures += cell_figures(rows, protocol, name)
            temperature = calibration.pooled(rows)  # of the last one, which has the most training data in each fold
        else:
            figures += detector_figures(name, protocol, data, results)
    card = replace(card, temperature=round(temperature, 4), figures=tuple(figures))
    models.write_card(card, folder)
    return card


def cell_figures(rows: Sequence[CellPrediction], protocol: str, name: str) -> list[Figure]:
    """Accuracy, blasts found and healthy cells spared with Wilson intervals; AUROC with a bootstrap by field."""
    truth, odds = np.array([row.truth for row in rows]), np.array([row.log_odds for row in rows])
    said = odds > 0
    source = f"results/cell/{protocol}/{name}"

    def share(title: str, right: NDArray[np.bool_]) -> Figure:
        return _proportion(title, wilson(int(right.sum()), right.size), protocol, source)

    low, high = _area_interval(rows, truth, odds)
    return [
        share("accuracy", said == (truth == 1)),
        share("sensitivity", said[truth == 1]),
        share("specificity", ~said[truth == 0]),
        Figure("AUROC", round(float(roc_auc_score(truth, odds)), 4), low, high, protocol, source),
    ]


def detector_figures(name: str, protocol: str, data: Path, results: Path = RESULTS) -> list[Figure]:
    """Blast recall by centroid and false blasts a healthy field at the recipe's default confidence."""
    overall = report(name, protocol, data, results).overall
    source = f"results/detect/{protocol}/{name}"
    mean, low, high = (round(value, 4) for value in overall.false_per_field)
    return [
        _proportion("blast recall by centroid", overall.recall, protocol, source),
        Figure("false blasts a healthy field", mean, low, high, protocol, source),
    ]


def _proportion(title: str, share: Proportion, protocol: str, source: str) -> Figure:
    value, low, high = (None if bound is None else round(bound, 4) for bound in (share.value, share.low, share.high))
    return Figure(title, value or 0.0, low, high, protocol, source)


def _area_interval(
    rows: Sequence[CellPrediction], truth: NDArray[np.int64], odds: NDArray[np.float64]
) -> tuple[float, float]:
    """95 % interval of the AUROC: whole fields are drawn again, since cells of one field are alike."""
    names, owner = np.unique([row.image for row in rows], return_inverse=True)
    members = [np.flatnonzero(owner == number) for number in range(len(names))]
    rng, areas = np.random.default_rng(0), []
    for _ in range(BOOTSTRAP):
        drawn = np.concatenate([members[number] for number in rng.integers(len(members), size=len(members))])
        if 0 < truth[drawn].sum() < drawn.size:
            areas.append(float(roc_auc_score(truth[drawn], odds[drawn])))
    low, high = np.quantile(areas, [0.025, 0.975])
    return round(float(low), 4), round(float(high), 4)
