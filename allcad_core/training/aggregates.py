"""Fit and judge the field-level answer that comes from cells, on the cells' own out-of-fold predictions (stacking, Wolpert 1992).

Nothing is trained on pictures here: the rows under ``results/`` are the material, so the folds take seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from allcad_core import models, predictions
from allcad_core.classification.aggregate import CellAggregate, build, features
from allcad_core.datasets import allidb1, allidb2, aria
from allcad_core.errors import DataError
from allcad_core.predictions import BoxPrediction, CellPrediction, FieldPrediction
from allcad_core.recipes import REGIONS
from allcad_core.temperature import calibrated, fit_temperature
from allcad_core.training.plan_types import Plan
from allcad_core.training.plans import draft_card

R = TypeVar("R", BoxPrediction, CellPrediction)
SHIPPED_BY = "field"
"""What ships is fitted on the rows of this protocol: its networks saw the most patients."""
PENALTY = 1.0
"""Inverse strength of the ridge penalty, scikit-learn's own default; classes are weighed alike."""


@dataclass(frozen=True, eq=False)
class CellsOfField:
    """One field by what the fold's classifier, which had not seen it, says of its cells.

    Attributes:
        dataset, image, fold: of the field.
        truth: 1 leukaemia, 0 not.
        log_odds: of its cells, float64 (number of cells,).
    """

    dataset: str
    image: str
    fold: int
    truth: int
    log_odds: NDArray[np.float64]


def fields_of(cells: str, protocol: str, results: Path) -> list[CellsOfField]:
    """Every field that the stored predictions of a cell classifier cover: regions of ALL-IDB1, boxed cells of Aria.

    Raises:
        DataError: no judged regions are stored under the protocol.
    """
    try:
        rows = predictions.read(BoxPrediction, "detect", protocol, f"{REGIONS}-{cells}", results)
    except DataError as error:
        raise DataError(
            f"What '{cells}' says of cells that it has not seen is not stored under '{protocol}'. "
            f"Train it: allcad train {cells} --protocol {protocol}."
        ) from error
    found = [
        CellsOfField(allidb1.NAME, image, own[0].fold, allidb1.label_of(image), _odds([one for one in own if one.x1 > one.x0]))
        for image, own in _grouped(rows).items()
    ]  # fmt: skip
    try:
        boxed = predictions.read(CellPrediction, "cell", protocol, cells, results)
    except DataError:
        return found
    weak = _grouped([row for row in boxed if row.dataset == aria.NAME])
    return found + [
        CellsOfField(aria.NAME, image, own[0].fold, own[0].truth, _odds(own)) for image, own in weak.items()
    ]


def _grouped(rows: Sequence[R]) -> Mapping[str, list[R]]:
    found: dict[str, list[R]] = {}
    for row in rows:
        found.setdefault(row.image, []).append(row)
    return found


def _odds(rows: Sequence[BoxPrediction] | Sequence[CellPrediction]) -> NDArray[np.float64]:
    return np.array([row.log_odds for row in rows], np.float64)


def temperature_of(cells: str, protocol: str, results: Path, without: int | None = None) -> float:
    """Temperature of the cells' probabilities, from stored rows of all folds but one; by experts' labels where there are any.

    Raises:
        DataError: there are no rows of both classes.
    """
    rows = [row for row in predictions.read(CellPrediction, "cell", protocol, cells, results) if row.fold != without]
    expert = [row for row in rows if row.dataset in (allidb1.NAME, allidb2.NAME)]
    used = next((part for part in (expert, rows) if len({row.truth for row in part}) == 2), None)
    if used is None:
        raise DataError(f"No cells of both classes are stored for '{cells}' under '{protocol}'.")
    return fit_temperature(_odds(used), np.array([row.truth for row in used], np.int64))


def fit(fields: Sequence[CellsOfField], temperature: float) -> torch.nn.Linear:
    """The judge of these fields, by logistic regression; their cells calibrated by the temperature.

    Raises:
        DataError: a class is missing.
    """
    from sklearn.linear_model import LogisticRegression

    truth = np.array([field.truth for field in fields], np.int64)
    if len(np.unique(truth)) < 2:
        raise DataError("A judge of fields needs fields with leukaemia and fields without.")
    seen = np.stack([features(calibrated(field.log_odds, temperature)) for field in fields])
    fitted = LogisticRegression(C=PENALTY, class_weight="balanced").fit(seen, truth)
    weight, bias = torch.from_numpy(fitted.coef_[0]), float(fitted.intercept_[0])
    network = build()
    with torch.no_grad():
        network.weight.copy_(torch.stack([-weight / 2, weight / 2]))
        network.bias.copy_(torch.tensor([-bias / 2, bias / 2]))
    return network.eval()


def run(name: str, plan: Plan, protocol: str, fold: int, results: Path) -> Path:
    """Fit on the other folds' fields, and store what is said of this fold's.

    Args:
        name: of the model.
        plan: its plan; ``input["cells"]`` names the cell classifier.
        protocol: whose stored predictions are used.
        fold: which one to judge.
        results: where they stand, and where the new rows go.

    Raises:
        DataError: the cells' predictions are missing, or the other folds lack a class.
    """
    fields = fields_of(str(plan.input["cells"]), protocol, results)
    held_out = [field for field in fields if field.fold == fold]
    temperature = temperature_of(str(plan.input["cells"]), protocol, results, without=fold)
    network = fit([field for field in fields if field.fold != fold], temperature)
    weight, bias = (value.detach().double().numpy() for value in (network.weight, network.bias))
    judge = CellAggregate(draft_card(name, plan), weight, bias)
    odds = judge.log_odds([calibrated(field.log_odds, temperature) for field in held_out])
    nothing = float(judge.log_odds([np.empty(0)])[0])  # a field whose white cells are painted over shows none
    path = predictions.path_of("field", protocol, name, fold, results)
    rows = [
        FieldPrediction(field.dataset, field.image, field.truth, float(said), nothing, fold)
        for field, said in zip(held_out, odds, strict=True)
    ]
    predictions.write(rows, FieldPrediction, path)
    return path


def shipped(plan: Plan, results: Path = predictions.RESULTS) -> torch.nn.Linear:
    """The judge that ships: fitted on all fields by the predictions of ``SHIPPED_BY``. Raises DataError."""
    cells = str(plan.input["cells"])
    return fit(fields_of(cells, SHIPPED_BY, results), temperature_of(cells, SHIPPED_BY, results))


def listens(card: models.Card | Plan) -> bool:
    """Whether a model of this card or plan judges fields by their cells."""
    return "cells" in card.input
