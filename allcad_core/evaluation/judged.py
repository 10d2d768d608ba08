"""Stored predictions as a user would meet them: calibrated and thresholded by the other folds, with their origin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from scipy.special import expit

from allcad_core.datasets import allidb1, allidb2, splits
from allcad_core.errors import DataError, UnknownNameError
from allcad_core.evaluation import origins, thresholds
from allcad_core.evaluation.metrics import Sample
from allcad_core.evaluation.origins import Origin
from allcad_core.evaluation.points import Labelled
from allcad_core.predictions import RESULTS, BoxPrediction, CellPrediction, FieldPrediction, read
from allcad_core.results import Box
from allcad_core.temperature import fit_temperature

Task = Literal["cell", "field"]
TASKS: tuple[str, ...] = get_args(Task)
Row = CellPrediction | FieldPrediction

EXPERT_SETS = (allidb1.NAME, allidb2.NAME)
"""Sets whose cells were labelled by experts one by one; Aria's have the label of their field."""
HALF = 0.5
FOLDS = {
    "random4": 4,
    "random5": 5,
    "chen17": 1,
    "field": splits.FIELD_FOLDS,
    "session": len(splits.SESSION_FOLDS),
    "source": len(splits.SOURCES),
}
"""How many folds a protocol has."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How the log odds of a fold become an answer.

    Attributes:
        temperature: log odds are divided by it.
        threshold: calibrated probability from which a picture is called a blast, or leukaemia.
        chosen_on: sets on whose other folds both were chosen; empty where no other fold stands, so that they are 1 and 0.5.
    """

    temperature: float = 1.0
    threshold: float = HALF
    chosen_on: tuple[str, ...] = ()

    def chance(self, log_odds: float) -> float:
        """Calibrated probability of a blast, or of leukaemia."""
        return float(expit(log_odds / self.temperature))

    def labelled(self, row: BoxPrediction) -> Labelled:
        """The box as ``analyse`` shows it: labelled by the threshold, its score times the chance of that label."""
        chance = self.chance(row.log_odds)
        label, sure = ("blast", chance) if chance >= self.threshold else ("healthy", 1 - chance)
        return Labelled((row.x0, row.y0, row.x1, row.y1), label, row.score * sure)


@dataclass(frozen=True, slots=True)
class Judged:
    """One held-out picture with the model's answer.

    Attributes:
        origin: where it comes from; ``dataset`` and ``image`` name it.
        box: of the cell in the picture, px; ``None`` where the whole field is judged.
        truth: 1 blast or leukaemia, 0 healthy.
        fold: in which it was held out.
        probability: calibrated on other folds.
        threshold: of its fold, chosen on other folds.
        blank_probability: of the field with every white cell painted over; ``None`` for cells.
    """

    origin: Origin
    box: Box | None
    truth: int
    fold: int
    probability: float
    threshold: float
    blank_probability: float | None = None

    def said(self, threshold: float | None = None) -> int:
        """1 where it is called a blast or leukaemia, at the threshold of its fold or at another one."""
        return int(self.probability >= (self.threshold if threshold is None else threshold))


def stored_models(task: str, protocol: str, results: Path = RESULTS) -> list[str]:
    """Names of the models whose predictions stand, sorted."""
    folder = results / task / protocol
    return sorted(path.name for path in folder.glob("*") if any(path.glob("fold*.csv")))


def names_of(model: str, task: str) -> tuple[str, ...]:
    """Names under which the results of a model may stand: one that judges two things carries its task in one of them."""
    return (model, f"{model}_{task}", f"{task}_{model}", f"{model}-{task}")


def stored_name(model: str, task: str, protocol: str, results: Path = RESULTS) -> str | None:
    """The first of ``names_of`` that is stored; ``None`` where none is."""
    known = stored_models(task, protocol, results)
    return next((name for name in names_of(model, task) if name in known), None)


def stored_rows(task: str, protocol: str, model: str, results: Path = RESULTS) -> list[Row]:
    """All stored rows of a classifier. Raises UnknownNameError for a task, DataError where nothing is stored."""
    if task not in TASKS:
        raise UnknownNameError("task of a classifier", task, list(TASKS))
    if task == "cell":
        return list(read(CellPrediction, task, protocol, model, results))
    return list(read(FieldPrediction, task, protocol, model, results))


def judge(rows: Sequence[Row], data: Path | None = None, results: Path = RESULTS) -> list[Judged]:
    """Calibrate and threshold every row by rows of other folds.

    Args:
        rows: of one model under one protocol, all sets together.
        data: the data folder, for pictures that are not listed beside the results.
        results: where that list stands.
    """
    places = origins.known(((row.dataset, row.image) for row in rows), data, results)
    rules = rules_of(rows)
    return [_judged(row, rules[row.dataset, row.fold], places[row.dataset, row.image]) for row in rows]


def _judged(row: Row, rule: Rule, origin: Origin) -> Judged:
    chance = rule.chance(row.log_odds)
    if isinstance(row, CellPrediction):
        return Judged(origin, (row.x0, row.y0, row.x1, row.y1), row.truth, row.fold, chance, rule.threshold)
    return Judged(origin, None, row.truth, row.fold, chance, rule.threshold, rule.chance(row.blank_log_odds))


def rules_of(rows: Sequence[Row]) -> dict[tuple[str, int], Rule]:
    """Temperature and threshold of each data set and fold, from the rows of other folds.

    They come from the same set where its other folds hold both classes; else from ALL-IDB, whose cells experts labelled; else
    from whatever the other folds hold.
    """
    return {key: _rule(_training_side(rows, *key)) for key in sorted({(row.dataset, row.fold) for row in rows})}


def _training_side(rows: Sequence[Row], dataset: str, fold: int) -> list[Row]:
    others = [row for row in rows if row.fold != fold]
    same = [row for row in others if row.dataset == dataset]
    expert = [row for row in others if row.dataset in EXPERT_SETS]
    return next((part for part in (same, expert, others) if _has_both(part)), [])


def _has_both(rows: Sequence[Row]) -> bool:
    return len({row.truth for row in rows}) == 2


def _rule(rows: Sequence[Row]) -> Rule:
    if not rows:
        return Rule()
    return rule_from(rows)


def rule_from(rows: Sequence[Row]) -> Rule:
    """Temperature and threshold by these rows; both classes must be among them.

    Raises:
        DataError: a class is missing.
    """
    if not _has_both(rows):
        raise DataError("A threshold needs pictures of both classes.")
    log_odds, truth = np.array([row.log_odds for row in rows]), np.array([row.truth for row in rows], np.int64)
    temperature = fit_temperature(log_odds, truth)
    threshold = float(expit(thresholds.choose(log_odds, truth) / temperature))
    return Rule(temperature, threshold, tuple(sorted({row.dataset for row in rows})))


def shipped_rule(rows: Sequence[Row]) -> Rule:
    """The rule that ships with a model trained on everything: from all its out-of-fold rows on expert labels.

    Raises:
        DataError: no class or only one is there.
    """
    expert = [row for row in rows if row.dataset in EXPERT_SETS]
    return rule_from(expert if _has_both(expert) else rows)


def sample(judged: Sequence[Judged], threshold: float | None = None, *, blank: bool = False) -> Sample:
    """Arrays of judged pictures, for figures and curves.

    Args:
        judged: at least one.
        threshold: one for all; that of each fold without it.
        blank: of the pictures with the white cells painted over.
    """
    chances = np.array([entry.blank_probability if blank else entry.probability for entry in judged], np.float64)
    levels = np.array([entry.threshold if threshold is None else threshold for entry in judged])
    return Sample(
        np.array([entry.truth for entry in judged], np.int64),
        chances >= levels,
        chances,
        np.array([f"{entry.origin.dataset}/{entry.origin.group}" for entry in judged]),
    )


def by(judged: Sequence[Judged], part: str) -> Mapping[str, list[Judged]]:
    """Judged pictures by an attribute of their origin (``session``, ``camera``, ``kind`` …), without those that lack it."""
    found: dict[str, list[Judged]] = {}
    for entry in judged:
        name = str(getattr(entry.origin, part))
        if name:
            found.setdefault(name, []).append(entry)
    return dict(sorted(found.items()))
