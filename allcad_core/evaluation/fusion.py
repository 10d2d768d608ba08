"""Whether a field is better judged by several models together than by the best of them alone, out of fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import expit, logit

from allcad_core.datasets import FieldRecord, allidb1
from allcad_core.errors import DataError
from allcad_core.evaluation import judged
from allcad_core.evaluation.metrics import ENDS, Bools, Estimate, Floats, Measures, Sample, drawn_values, draws, figures
from allcad_core.evaluation.suggestions import kinds
from allcad_core.predictions import RESULTS

COUNTS = "the counts"
"""The rule of ``suggestion``: leukaemia where it says that blasts are suspected."""
ANY, MOST, MEAN = "any of them", "most of them", "mean log odds"
EDGE = 1e-6
"""Probabilities are kept this far from 0 and 1, where log odds end."""


@dataclass(frozen=True, slots=True)
class Judge:
    """One way to answer for a field.

    Attributes:
        name: of the model, of the rule, or of the way in which several are put together.
        together: whether it is several.
        measures: of its answers.
        gain: balanced accuracy minus that of the best single one, over the same draws of fields; -1..1.
    """

    name: str
    together: bool
    measures: Measures
    gain: Estimate


@dataclass(frozen=True)
class FusionReport:
    """All judges, single ones first.

    Attributes:
        best: the single one of the highest balanced accuracy.
        judges: see ``Judge``.
    """

    best: str
    judges: tuple[Judge, ...]

    @property
    def better(self) -> tuple[str, ...]:
        """Those together whose gain lies above nought with its whole interval."""
        return tuple(one.name for one in self.judges if one.together and one.gain.low is not None and one.gain.low > 0)


def fusion_report(name: str, protocol: str, data: Path, results: Path = RESULTS) -> FusionReport:
    """Put the counts of a recipe and all stored field models side by side, and together.

    Nothing is fitted: temperatures and thresholds come from other folds, and the ways of putting together have no setting.

    Args:
        name: of the recipe whose counts speak.
        protocol: ``field`` or ``session``.
        data: folder of ALL-IDB1.
        results: folder of predictions.

    Raises:
        DataError: predictions or data are missing, or no field model has judged these fields.
    """
    fields = allidb1.fields(data)
    singles = {COUNTS: _counts(name, protocol, fields, results)} | _models(protocol, fields, results)
    if len(singles) == 1:
        raise DataError(f"No model of whole fields is stored under '{protocol}', so there is nothing to put together.")
    together = _together(list(singles.values()), [chosen for key, chosen in singles.items() if key != COUNTS])
    values = {key: figures(sample).measures for key, sample in (singles | together).items()}
    best = max(singles, key=lambda key: values[key].balanced_accuracy.value or 0.0)
    judges = [
        Judge(key, key in together, values[key], _gain(sample, singles[best]))
        for key, sample in (singles | together).items()
    ]
    return FusionReport(best, tuple(judges))


def _counts(name: str, protocol: str, fields: Sequence[FieldRecord], results: Path) -> Sample:
    said = np.array([kind == "blasts_suspected" for kind in kinds(name, protocol, fields, results)])
    return _sample(fields, said.astype(np.float64), said)


def _models(protocol: str, fields: Sequence[FieldRecord], results: Path) -> dict[str, Sample]:
    """Every stored model that judged all fields."""
    found = {}
    for model in judged.stored_models("field", protocol, results):
        rows = judged.stored_rows("field", protocol, model, results)
        rules = judged.rules_of(rows)
        answers = {
            row.image: (rule.chance(row.log_odds), rule.threshold)
            for row in rows
            if row.dataset == allidb1.NAME and (rule := rules[row.dataset, row.fold])
        }
        if answers.keys() >= {field.name for field in fields}:
            chances, levels = np.array([answers[field.name] for field in fields]).T
            found[model] = _sample(fields, chances, chances >= levels)
    return found


def _together(everyone: Sequence[Sample], models: Sequence[Sample]) -> dict[str, Sample]:
    votes = np.mean([sample.said for sample in everyone], axis=0)
    odds = np.mean([logit(np.clip(sample.probability, EDGE, 1 - EDGE)) for sample in models], axis=0)
    first = everyone[0]

    def made(chances: Floats, said: Bools) -> Sample:
        return Sample(first.truth, said, chances, first.groups)

    found = {ANY: made(votes, votes > 0), MOST: made(votes, votes > 0.5)}
    return found if len(models) == 1 else {**found, MEAN: made(expit(odds), odds >= 0)}


def _sample(fields: Sequence[FieldRecord], chances: Floats, said: Bools) -> Sample:
    truth = np.array([int(field.label or 0) for field in fields], np.int64)
    return Sample(truth, said.astype(np.bool_), chances, np.array([field.group or field.name for field in fields]))


def _gain(one: Sample, best: Sample, seed: int = 0) -> Estimate:
    weights = draws(best.groups, seed)
    key = "balanced_accuracy"
    whole = np.ones((1, best.truth.size))
    value = float(drawn_values(one, whole)[key][0] - drawn_values(best, whole)[key][0])
    differences = drawn_values(one, weights)[key] - drawn_values(best, weights)[key]
    low, high = np.nanquantile(differences, ENDS)
    return Estimate(value, float(low), float(high))
