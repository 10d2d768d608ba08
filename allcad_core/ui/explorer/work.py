"""What is stored under ``results/`` and what is computed from it, once for all visitors; new files are seen at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from allcad_core import files
from allcad_core.datasets import allidb1
from allcad_core.datasets.boxes import CellBox, read_boxes
from allcad_core.errors import DataError
from allcad_core.evaluation import bands, classifiers, curves, detector_report, froc, judged, metrics, origins
from allcad_core.evaluation.bands import Band
from allcad_core.evaluation.detector_metrics import Matches, class_figures, match
from allcad_core.evaluation.metrics import Estimate, Sample
from allcad_core.evaluation.points import Labelled
from allcad_core.predictions import RESULTS, BoxPrediction, read
from allcad_core.ui.explorer import evidence
from allcad_core.ui.explorer.evidence import BLAST, DETECT, HIDDEN, NONE, Evidence

TASKS = ("cell", "field", DETECT)
PREFERRED = ("session", "field", "source", "chen17", "random5", "random4")
"""Protocols in the order in which they are believed; the first that is stored is shown."""
IOU = 0.5
FALSE_RATE = 0.5
"""False blasts a field at which a detector's recall is told."""
MOST_FALSE = 2.0
"""False blasts a field up to which the free response is drawn."""

Chosen = tuple[tuple[str, tuple[str, ...]], ...]
"""Values by part of an origin; what a visitor filters by, as a key."""
Stored = dict[str, dict[str, tuple[str, ...]]]
"""Protocols by task and model."""


@dataclass(frozen=True, eq=False)
class Lines:
    """Curves of some evidence, and the figures that stand beside them.

    Attributes:
        response: ROC, or free response of a detector; ``None`` where a class is missing, as ``precision`` is.
        found, false: against the threshold.
        calibration: bins.
        area: area under the ROC curve, or recall at ``FALSE_RATE``.
        average: average precision of the blasts.
        gap: expected calibration error.
    """

    response: Band | None
    precision: Band | None
    found: Band
    false: Band
    calibration: tuple[curves.Bin, ...]
    area: Estimate
    average: Estimate
    gap: Estimate


def stored(results: Path | None = None) -> Stored:
    """What can be chosen: protocols, the most believable first, by task and model. Only looks at names of files."""
    folder = results or RESULTS
    found: Stored = {}
    for task in TASKS:
        models: dict[str, list[str]] = {}
        for protocol in PREFERRED:
            names = (
                detector_report.stored_models(protocol, folder)
                if task == DETECT
                else judged.stored_models(task, protocol, folder)
            )
            for name in names:
                models.setdefault(name, []).append(protocol)
        if models:
            found[task] = {name: tuple(protocols) for name, protocols in sorted(models.items())}
    return found


def load(task: str, model: str, protocol: str, dataset: str | None = None) -> Evidence:
    """What a stored model said of one data set, the one that figures are about without a name.

    Raises:
        DataError: a file is missing or damaged.
        UnknownNameError: no predictions on that set.
    """
    return _load(task, model, protocol, dataset, str(RESULTS), _stamp(RESULTS / task / protocol))


def _stamp(folder: Path) -> str:
    """Changes when a file of predictions does."""
    return files.stamp(folder.glob("*/fold*.csv"))


@st.cache_resource(show_spinner=False, max_entries=48)
def _load(task: str, model: str, protocol: str, dataset: str | None, results: str, _: str) -> Evidence:
    return (
        _boxes(model, protocol, Path(results))
        if task == DETECT
        else _judged(task, model, protocol, dataset, Path(results))
    )


def _judged(task: str, model: str, protocol: str, dataset: str | None, results: Path) -> Evidence:
    rows = judged.stored_rows(task, protocol, model, results)
    entries = judged.judge(rows, None, results)
    known = {entry.origin.dataset for entry in entries}
    preferred = (*classifiers.HEADLINES[task], *sorted(known))
    name = dataset if dataset in known else next(entry for entry in preferred if entry in known)
    return Evidence(
        model,
        task,
        protocol,
        name,
        evidence.of_judged([entry for entry in entries if entry.origin.dataset == name]),
        others=tuple(sorted(known - {name})),
        missing_folds=_missing(protocol, {row.fold for row in rows}),
    )


def _boxes(model: str, protocol: str, results: Path) -> Evidence:
    shown, _, confidence = detector_report.stored(model, protocol, results)
    truth = _truth(shown)
    places = origins.known(((allidb1.NAME, name) for name in truth), None, results)
    kept = _kept_name(model, protocol, results)
    folds = {row.image: row.fold for row in read(BoxPrediction, DETECT, protocol, kept, results)}
    fields = {name: places[allidb1.NAME, name] for name in truth}
    items = evidence.of_boxes(shown, truth, fields, folds, confidence)
    missing = _missing(protocol, set(folds.values()))
    return Evidence(model, DETECT, protocol, allidb1.NAME, items, tuple(fields.values()), missing_folds=missing)


def _kept_name(model: str, protocol: str, results: Path) -> str:
    """The folder of a detector's predictions: a recipe of regions is kept under its classifier."""
    folder = results / DETECT / protocol
    names = [path.name for path in folder.iterdir() if path.name == model]
    if names:
        return names[0]
    from allcad_core.recipes import recipe

    return recipe(model).kept


def _truth(shown: dict[str, list[Labelled]]) -> dict[str, tuple[CellBox, ...]]:
    drawn = read_boxes(detector_report.BOXES)
    missing = [name for name in shown if name not in drawn]
    if missing:
        raise DataError(
            f"Nobody drew boxes in {len(missing)} fields that this detector looked at, {missing[0]} among them."
        )
    return {name: drawn[name] for name in sorted(shown)}


def _missing(protocol: str, folds: set[int]) -> tuple[int, ...]:
    return tuple(sorted(set(range(judged.FOLDS.get(protocol, 0))) - folds))


def lines(shown: Evidence) -> Lines:
    """Curves of some evidence; what depends on no threshold is computed here, once a choice."""
    return _of_boxes(shown) if shown.boxes else _of_answers(shown)


def _of_answers(shown: Evidence) -> Lines:
    sample = shown.sample(0.5)
    ranking = bands.of_sample(sample)
    ranks = _ranks(sample)
    both = 0 < int(sample.truth.sum()) < sample.truth.size
    return Lines(
        bands.response(ranking) if both else None,
        bands.precision_recall(ranking) if both else None,
        *bands.by_threshold(ranking),
        curves.calibration_bins(sample.truth, sample.probability),
        ranks["auroc"],
        ranks["average_precision"],
        ranks["calibration_error"],
    )


def _ranks(sample: Sample) -> dict[str, Estimate]:
    """The measures that follow no threshold, as ``metrics.figures`` has them; without scikit-learn, which loads slowly."""
    own = metrics.drawn_values(sample, np.ones((1, sample.truth.size)))
    ends = metrics.ends_of(metrics.drawn_values(sample, metrics.draws(sample.groups, 0)))
    found = {name: float(values[0]) for name, values in own.items()}
    return {
        name: Estimate(value, *ends[name]) if np.isfinite(value) else Estimate(None) for name, value in found.items()
    }


def _of_boxes(shown: Evidence) -> Lines:
    matches = _blast_matches(shown)
    ranking = bands.of_boxes(matches)
    said = shown.said(0.0)
    drawn = (said != HIDDEN) & (said != NONE)
    right = (shown.truth == said)[drawn].astype("int64")
    boxes = Sample(right, right == 1, shown.score[drawn], shown.groups[drawn])
    blasts = bool(matches.truths.sum())
    return Lines(
        bands.response(ranking, MOST_FALSE) if blasts else None,
        bands.precision_recall(ranking) if blasts else None,
        *bands.by_threshold(ranking),
        curves.calibration_bins(boxes.truth, boxes.probability) if right.size else (),
        froc.free_response(matches, (FALSE_RATE,))[0].recall if blasts else Estimate(None),
        class_figures(matches, shown.usual).ap50,
        _ranks(boxes)["calibration_error"] if right.size else Estimate(None),
    )


def _blast_matches(shown: Evidence) -> Matches:
    """Boxes that say blast, matched to blasts alone, as average precision wants it."""
    boxes: Mapping[str, Sequence[Labelled]]
    drawn: Mapping[str, tuple[CellBox, ...]]
    if shown.own is not None:
        boxes, drawn = shown.own.shown, shown.own.truth
    else:
        boxes, _, _ = detector_report.stored(shown.model, shown.protocol, RESULTS)
        drawn = read_boxes(detector_report.BOXES)
    return match(boxes, {field.image: drawn[field.image] for field in shown.fields}, "blast", np.array([IOU]))


def by_fold(shown: Evidence, threshold: float | None) -> list[float]:
    """Share right in each fold."""
    said = shown.said(threshold)
    folds = np.array([item.fold for item in shown.items], np.int64)
    real = shown.truth != NONE
    return [float((said == shown.truth)[real & (folds == fold)].mean()) for fold in np.unique(folds[real])]


def shares(shown: Evidence, threshold: float | None) -> dict[str, metrics.Estimate]:
    """The shares that follow the slider, with Wilson's intervals: right, found, spared, and precision."""
    from allcad_core.intervals import wilson

    counts = shown.matrix(threshold)
    blasts, healthy = int(counts[BLAST].sum()), int(counts[0].sum())
    found, spared, called = int(counts[BLAST, BLAST]), int(counts[0, 0]), int(counts[:, BLAST].sum())
    of = {
        "right": wilson(found + spared, blasts + healthy),
        "found": wilson(found, blasts),
        "spared": wilson(spared, healthy),
        "precision": wilson(found, called),
    }
    return {name: Estimate(share.value, share.low, share.high) for name, share in of.items()}
