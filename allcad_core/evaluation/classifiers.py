"""The report of one classifier under one protocol: everything that pages and the terminal show about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from allcad_core.datasets import allidb1, allidb2, splits
from allcad_core.errors import DataError, UnknownNameError
from allcad_core.evaluation.curves import Curves, curves
from allcad_core.evaluation.judged import FOLDS, HALF, Judged, Rule, by, judge, rules_of, sample, stored_rows
from allcad_core.evaluation.metrics import Figures, Measures, figures, mean_over_folds
from allcad_core.predictions import RESULTS

CLASSES: Mapping[str, tuple[str, str]] = {"cell": ("healthy", "blast"), "field": ("normal", "ALL")}
"""Names of the two classes, 0 and 1, by task."""
HEADLINES: Mapping[str, tuple[str, ...]] = {"cell": (allidb2.NAME, allidb1.NAME), "field": (allidb1.NAME,)}
"""The set that figures are about where none is named, in order of preference."""
MEAN_OF_FOLDS = ("session",)
"""Protocols whose headline is the mean over folds: each fold is another sitting, not a share of one sample."""


@dataclass(frozen=True)
class Scoring:
    """Figures at one kind of threshold.

    Attributes:
        threshold: ``0.5``, or ``out of fold`` where each fold's was chosen on the others.
        overall: over all pictures of the set.
        mean_over_folds: each measure as the mean over folds.
        by_fold: over the pictures of each fold.
        by_session: of each sitting, where it is known.
        by_kind: of each class in the words of the data set, where it has such.
        by_subset: of what the protocol tells apart besides: under ``chen17`` all 17 fields, and the 13 that overlap none
            that was trained on.
    """

    threshold: str
    overall: Figures
    mean_over_folds: Measures
    by_fold: Mapping[int, Figures]
    by_session: Mapping[str, Figures]
    by_kind: Mapping[str, Figures]
    by_subset: Mapping[str, Figures]

    def headline(self, protocol: str) -> Measures:
        """What stands first under a protocol."""
        return self.mean_over_folds if protocol in MEAN_OF_FOLDS else self.overall.measures


@dataclass(frozen=True)
class Shortcut:
    """What the model scores on fields in which every white cell is painted over as ground, at both kinds of threshold."""

    at_half: Scoring
    at_chosen: Scoring


@dataclass(frozen=True)
class Report:
    """One classifier under one protocol on one data set, every picture held out of what judged it.

    Attributes:
        model, task, protocol, dataset: what was measured and how.
        classes: names of the classes 0 and 1.
        pictures: how many were judged.
        rules: temperature and threshold of each fold, from the others.
        at_half: figures at a calibrated probability of 0.5.
        at_chosen: figures at the threshold of each fold.
        curves: of the calibrated probabilities, all folds together.
        judged: every picture with its probability.
        shortcut: of field classifiers.
        other_sets: further sets of which predictions are stored, with their number.
        missing_folds: folds of the protocol that are not stored yet; figures over the others say too little.
    """

    model: str
    task: str
    protocol: str
    dataset: str
    classes: tuple[str, str]
    pictures: int
    rules: Mapping[int, Rule]
    at_half: Scoring
    at_chosen: Scoring
    curves: Curves
    judged: tuple[Judged, ...]
    shortcut: Shortcut | None
    other_sets: Mapping[str, int]
    missing_folds: tuple[int, ...] = ()

    @property
    def calibrated(self) -> bool:
        """Whether other folds stand, by which temperature and threshold could be chosen."""
        return all(rule.chosen_on for rule in self.rules.values())

    @property
    def headline(self) -> Measures:
        """The measures that stand first, at the chosen threshold."""
        return self.at_chosen.headline(self.protocol)

    def wrong(self, threshold: float | None = None) -> list[Judged]:
        """Misjudged pictures, the surest errors first; at the threshold of each fold, or at another one."""
        missed = [entry for entry in self.judged if entry.said(threshold) != entry.truth]
        return sorted(missed, key=lambda entry: (-abs(entry.probability - entry.truth), entry.origin.image))


def report(
    model: str,
    task: str,
    protocol: str,
    data: Path | None = None,
    results: Path = RESULTS,
    *,
    dataset: str | None = None,
) -> Report:
    """Compute the report of a stored classifier.

    Args:
        model: name under which its predictions stand.
        task: ``cell`` or ``field``.
        protocol: see ``splits.PROTOCOLS``.
        data: the data folder; only needed for pictures that are not listed beside the results.
        results: folder of the results.
        dataset: of the pictures; the first of ``HEADLINES`` that is there without it.

    Raises:
        DataError: nothing is stored.
        UnknownNameError: no such task, or no predictions on that set.
    """
    rows = stored_rows(task, protocol, model, results)
    judged = judge(rows, data, results)
    counts: dict[str, int] = {}
    for entry in judged:
        counts[entry.origin.dataset] = counts.get(entry.origin.dataset, 0) + 1
    chosen = dataset or next((name for name in HEADLINES[task] if name in counts), min(counts))
    if chosen not in counts:
        raise UnknownNameError("data set with predictions of this model", chosen, list(counts))
    rules = {fold: rule for (name, fold), rule in rules_of(rows).items() if name == chosen}
    part = tuple(entry for entry in judged if entry.origin.dataset == chosen)
    others = {name: count for name, count in sorted(counts.items()) if name != chosen}
    missing = tuple(sorted(set(range(FOLDS.get(protocol, 0))) - {row.fold for row in rows}))
    return replace(
        summarise(part, rules, model=model, task=task, protocol=protocol), other_sets=others, missing_folds=missing
    )


def reports(model: str, task: str, protocol: str, data: Path | None = None, results: Path = RESULTS) -> list[Report]:
    """One report for each data set of which predictions are stored. Raises DataError where nothing is stored."""
    first = report(model, task, protocol, data, results)
    return [first, *(report(model, task, protocol, data, results, dataset=name) for name in first.other_sets)]


def summarise(
    judged: Sequence[Judged],
    rules: Mapping[int, Rule],
    *,
    model: str,
    task: str,
    protocol: str,
) -> Report:
    """The report of judged pictures of one data set. Raises DataError where there are none."""
    if not judged:
        raise DataError("There is nothing to report on: no picture was judged.")
    whole = sample(judged)
    blank = all(entry.blank_probability is not None for entry in judged)
    return Report(
        model=model,
        task=task,
        protocol=protocol,
        dataset=judged[0].origin.dataset,
        classes=CLASSES[task],
        pictures=len(judged),
        rules=dict(sorted(rules.items())),
        at_half=_scoring(judged, HALF, protocol),
        at_chosen=_scoring(judged, None, protocol),
        curves=curves(whole.truth, whole.probability),
        judged=tuple(judged),
        shortcut=Shortcut(_scoring(judged, HALF, protocol, blank=True), _scoring(judged, None, protocol, blank=True))
        if blank
        else None,
        other_sets={},
    )


def _scoring(judged: Sequence[Judged], threshold: float | None, protocol: str, *, blank: bool = False) -> Scoring:
    def of(part: Sequence[Judged]) -> Figures:
        return figures(sample(part, threshold, blank=blank))

    folds: dict[int, list[Judged]] = {}
    for entry in judged:
        folds.setdefault(entry.fold, []).append(entry)
    samples = [sample(folds[fold], threshold, blank=blank) for fold in sorted(folds)]
    return Scoring(
        threshold="out of fold" if threshold is None else f"{threshold:g}",
        overall=of(judged),
        mean_over_folds=mean_over_folds(samples),
        by_fold={fold: of(folds[fold]) for fold in sorted(folds)},
        by_session={name: of(part) for name, part in by(judged, "session").items()},
        by_kind={name: of(part) for name, part in by(judged, "kind").items()},
        by_subset={name: of(part) for name, part in _subsets(judged, protocol).items() if part},
    )


def _subsets(judged: Sequence[Judged], protocol: str) -> dict[str, list[Judged]]:
    if protocol != "chen17":
        return {}
    return {
        "the 17 of Chen et al.": [entry for entry in judged if entry.origin.field in splits.CHEN17],
        "the 13 without overlap": [entry for entry in judged if entry.origin.field in splits.CHEN13],
    }
