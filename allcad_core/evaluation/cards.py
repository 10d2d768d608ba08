"""Figures, temperature and operating threshold of a model's card, computed from its stored out-of-fold predictions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from allcad_core import models
from allcad_core.errors import DataError
from allcad_core.evaluation.classifiers import Report, reports
from allcad_core.evaluation.detection import report as detection_report
from allcad_core.evaluation.detector_report import box_report
from allcad_core.evaluation.judged import shipped_rule, stored_models, stored_rows
from allcad_core.evaluation.metrics import Estimate, Figures
from allcad_core.intervals import Proportion
from allcad_core.models import Card, Figure
from allcad_core.predictions import RESULTS

PROTOCOLS = ("source", "session", "field", "random5", "random4", "chen17")
"""The one to believe first comes first; the last three are the papers' own and leak."""
CALIBRATED_BY = ("field", "session", "random5", "random4", "source", "chen17")
"""Temperature and threshold come from the first of these that is stored: its folds have the most training data."""
HEADLINE = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "recall": "sensitivity",
    "specificity": "specificity",
    "auroc": "AUROC",
    "calibration_error": "calibration error",
}
"""Measures of a card by their names in ``Measures``."""
LOOK_ALIKES = "lymphocyte"
"""Kind of PBC that is told apart: what a blast is most easily taken for."""


def refresh(name: str, data: Path, results: Path = RESULTS, folder: Path | None = None) -> Card:
    """Write temperature, threshold and figures into a card.

    Raises:
        UnknownNameError: no such card.
        DataError: no predictions are stored under any protocol.
    """
    card = models.card(name, folder)
    stored = [protocol for protocol in PROTOCOLS if name in stored_models(card.task, protocol, results)]
    if not stored:
        raise DataError(f"No out-of-fold predictions of '{name}' are stored. Run: allcad train {name}.")
    figures: list[Figure] = []
    temperature, threshold = card.temperature, card.threshold
    if card.task == "detect":
        for protocol in stored:
            figures += detector_figures(name, protocol, data, results)
    else:
        for protocol in stored:
            figures += classifier_figures(reports(name, card.task, protocol, data, results))
        best = next(protocol for protocol in CALIBRATED_BY if protocol in stored)
        rule = shipped_rule(stored_rows(card.task, best, name, results))
        temperature, threshold = round(rule.temperature, 4), round(rule.threshold, 4)
    card = replace(card, temperature=temperature, threshold=threshold, figures=tuple(figures))
    models.write_card(card, folder)
    return card


def classifier_figures(found: Iterable[Report]) -> list[Figure]:
    """Figures of one protocol: the headline's measures, and in a word what the other sets say; thresholds out of fold."""
    figures: list[Figure] = []
    for number, report in enumerate(found):
        if number == 0 and report.protocol != "source":
            figures += _headline(report)
        else:
            figures += _in_a_word(report)
    return figures


def _headline(report: Report) -> list[Figure]:
    measures = dict(report.headline.items())
    named = [(title, measures[name]) for name, title in HEADLINE.items()]
    if report.shortcut is not None:
        blank = report.shortcut.at_chosen.headline(report.protocol)
        named.append(("balanced accuracy, white cells painted over", blank.balanced_accuracy))
    return _listed(named, report)


def _in_a_word(report: Report) -> list[Figure]:
    """AUROC and balanced accuracy where both classes are there, else the share of false blasts."""
    overall, of = report.at_chosen.overall, f"on {report.dataset}"
    if overall.matrix.blasts and overall.matrix.healthy:
        named = [
            (f"AUROC {of}", overall.measures.auroc),
            (f"balanced accuracy {of}", overall.measures.balanced_accuracy),
        ]
    elif overall.matrix.healthy:
        named = [(f"false blasts {of}", false_share(overall))]
        if LOOK_ALIKES in report.at_chosen.by_kind:
            look_alikes = report.at_chosen.by_kind[LOOK_ALIKES]
            named.append((f"false blasts {of}, {LOOK_ALIKES}s", false_share(look_alikes)))
    else:
        named = [(f"sensitivity {of}", overall.measures.recall)]
    return _listed(named, report)


def false_share(figures: Figures) -> Estimate:
    """Share of the healthy that were called blasts: what specificity leaves over."""
    spared = figures.measures.specificity
    if spared.value is None or spared.low is None or spared.high is None:
        return spared
    return Estimate(1 - spared.value, 1 - spared.high, 1 - spared.low)


def _listed(named: Iterable[tuple[str, Estimate]], report: Report) -> list[Figure]:
    source = f"results/{report.task}/{report.protocol}/{report.model}, {report.dataset}"
    return [
        Figure(title, round(entry.value, 4), _rounded(entry.low), _rounded(entry.high), report.protocol, source)
        for title, entry in named
        if entry.value is not None
    ]


def detector_figures(name: str, protocol: str, data: Path, results: Path = RESULTS) -> list[Figure]:
    """Blast recall by centroid and false blasts a healthy field; on Chen et al.'s test fields, average precision."""
    if protocol == "chen17":
        return _box_figures(name, protocol, data, results)
    overall = detection_report(name, protocol, data, results).overall
    source = f"results/detect/{protocol}/{name}"
    mean, low, high = (round(value, 4) for value in overall.false_per_field)
    return [
        _proportion("blast recall by centroid", overall.recall, protocol, source),
        Figure("false blasts a healthy field", mean, low, high, protocol, source),
    ]


def _box_figures(name: str, protocol: str, data: Path, results: Path) -> list[Figure]:
    """Average precision at IoU 0.5 of both classes against the drawn boxes."""
    classes = box_report(name, protocol, data, results).parts["all"].classes
    return [
        Figure(f"{kind} mAP@0.5", round(found.value, 4), _rounded(found.low), _rounded(found.high), protocol,
               f"results/detect/{protocol}/{name}")
        for kind in ("blast", "healthy")
        if (found := classes[kind].ap50).value is not None
    ]  # fmt: skip


def _proportion(title: str, share: Proportion, protocol: str, source: str) -> Figure:
    return Figure(title, round(share.value or 0.0, 4), _rounded(share.low), _rounded(share.high), protocol, source)


def _rounded(bound: float | None) -> float | None:
    return None if bound is None else round(bound, 4)
