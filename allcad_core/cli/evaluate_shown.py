"""Reports of classifiers as tables for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from allcad_core.cli import terminal
from allcad_core.intervals import EN_DASH

if TYPE_CHECKING:
    from allcad_core.evaluation.classifiers import Report
    from allcad_core.evaluation.metrics import Figures, Measures

OWN = "own"
"""The word for pictures of one's own where a protocol stands otherwise."""
WORDS = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "specificity": "specificity",
    "auroc": "AUROC",
    "average_precision": "average precision",
    "calibration_error": "calibration error",
}
"""Names of the measures in print."""
SHOWN_ERRORS = 20
"""Misjudged pictures that are printed; ``--out`` writes all."""


def print_one(report: Report) -> None:
    """One classifier: measures, matrix, sittings or kinds, rules, errors."""
    console = terminal.out()
    matrix = report.at_half.overall.matrix
    none, some = report.classes
    how = (
        "pictures of your own, the shipped model"
        if report.protocol == OWN
        else f"protocol '{report.protocol}', out of fold"
    )
    console.print(
        f"{report.model}, task '{report.task}', {how}, {report.dataset}: {report.pictures} judged, "
        f"{matrix.blasts} {some} and {matrix.healthy} {none}\n"
    )
    if report.missing_folds:
        missing = ", ".join(map(str, report.missing_folds))
        console.print(f"Not stored yet, so that these figures are over part of the pictures: fold {missing}.\n")
    _print_measures(report)
    _print_matrix(report)
    for title, parts in (
        ("Session", report.at_chosen.by_session),
        ("Kind", report.at_chosen.by_kind),
        ("Fields", report.at_chosen.by_subset),
        ("Fold", {str(fold): figures for fold, figures in report.at_chosen.by_fold.items()}),
    ):
        if len(parts) > 1:
            _print_parts(title, parts)
    _print_rules(report)
    _print_wrong(report)
    if report.other_sets:
        listed = ", ".join(f"{name} ({count})" for name, count in report.other_sets.items())
        console.print(f"Also stored, see --set: {listed}.")
    console.print()


def _print_measures(report: Report) -> None:
    columns: list[tuple[str, Measures]] = [
        (f"Threshold {_chosen(report)}", report.at_chosen.overall.measures),
        ("Threshold 0.5", report.at_half.overall.measures),
    ]
    if report.headline is report.at_chosen.mean_over_folds:
        columns.insert(0, ("Mean over folds", report.headline))
    if report.shortcut is not None:
        columns.append(("Shortcut: cells painted over", report.shortcut.at_chosen.headline(report.protocol)))
    rows = [(words, *(str(dict(measures.items())[name]) for _, measures in columns)) for name, words in WORDS.items()]
    titles = ["Measure (95 % interval)", *(title for title, _ in columns)]
    terminal.out().print(terminal.table(titles, rows, right=tuple(range(1, len(titles)))))


def _chosen(report: Report) -> str:
    """What the threshold is that is not 0.5."""
    return "of the card" if report.protocol == OWN else "out of fold"


def _print_matrix(report: Report) -> None:
    none, some = report.classes
    rows = []
    for truth in (some, none):
        row = [truth]
        for scoring in (report.at_chosen, report.at_half):
            matrix = scoring.overall.matrix
            counts = (matrix.found, matrix.missed) if truth == some else (matrix.false, matrix.spared)
            row += [str(count) for count in counts]
        rows.append(row)
    titles = ["Truly", f"called {some}", f"called {none}", f"{some} at 0.5", f"{none} at 0.5"]
    terminal.out().print()
    terminal.out().print(terminal.table(titles, rows, right=(1, 2, 3, 4)))


def _print_parts(title: str, parts: Mapping[str, Figures]) -> None:
    def row(name: str, figures: Figures) -> tuple[str, ...]:
        matrix, measures = figures.matrix, figures.measures
        false = f"{matrix.false} of {matrix.healthy}" if matrix.healthy else EN_DASH
        return (
            name,
            f"{matrix.found} of {matrix.blasts}" if matrix.blasts else EN_DASH,
            str(measures.recall),
            false,
            str(measures.specificity),
            str(measures.balanced_accuracy),
            str(measures.auroc),
        )

    titles = [title, "Found", "Recall", "False", "Specificity", "Balanced accuracy", "AUROC"]
    terminal.out().print()
    rows = [row(name, figures) for name, figures in parts.items()]
    terminal.out().print(terminal.table(titles, rows, right=(1, 2, 3, 4, 5, 6)))


def _print_rules(report: Report) -> None:
    console = terminal.out()
    console.print()
    if not report.calibrated:
        console.print("No other fold stands by which to calibrate: probabilities are as the network gives them.")
        return
    if report.protocol == OWN:
        rule = report.rules[0]
        console.print(f"Temperature and threshold of the card: {rule.temperature:.2f} and {rule.threshold:.2f}.")
        return
    sets = sorted({name for rule in report.rules.values() for name in rule.chosen_on})
    told = ", ".join(
        f"fold {fold}: {rule.temperature:.2f} and {rule.threshold:.2f}" for fold, rule in report.rules.items()
    )
    console.print(f"Temperature and threshold, from other folds of {', '.join(sets)}: {told}.")


def _print_wrong(report: Report) -> None:
    console, wrong = terminal.out(), report.wrong()
    console.print(
        f"\n{len(wrong)} misjudged at the threshold {_chosen(report)}" + (", the surest first:" if wrong else ".")
    )
    if not wrong:
        return
    rows = [
        (
            entry.origin.image,
            entry.origin.session or entry.origin.kind,
            report.classes[entry.truth],
            f"{entry.probability:.3f}",
            f"{entry.threshold:.2f}",
        )
        for entry in wrong[:SHOWN_ERRORS]
    ]
    titles = ["Picture", "Session or kind", "Truly", f"P({report.classes[1]})", "Threshold"]
    console.print(terminal.table(titles, rows, right=(3, 4)))
    if len(wrong) > SHOWN_ERRORS:
        console.print(f"and {len(wrong) - SHOWN_ERRORS} more; --out DIR writes all.")


def print_all(found: list[Report]) -> None:
    """One table, a line a classifier and data set."""
    names = ("accuracy", "balanced_accuracy", "recall", "specificity", "auroc", "calibration_error")
    fields = any(report.shortcut for report in found)
    rows = []
    for report in found:
        measures = dict(report.headline.items())
        name = (
            f"{report.model} (without fold {', '.join(map(str, report.missing_folds))})"
            if report.missing_folds
            else report.model
        )
        row = [name, report.dataset, str(report.pictures), *(str(measures[name]) for name in names)]
        if fields:
            shortcut = report.shortcut
            row.append(str(shortcut.at_chosen.headline(report.protocol).balanced_accuracy) if shortcut else EN_DASH)
        rows.append(row)
    titles = ["Model", "Set", "Pictures", *(WORDS[name].capitalize() if name != "auroc" else "AUROC" for name in names)]
    if fields:
        titles.append("Shortcut, balanced")
    console = terminal.out()
    first = found[0]
    means = "mean over folds, " if first.headline is first.at_chosen.mean_over_folds else ""
    console.print(f"Task '{first.task}', protocol '{first.protocol}', {means}threshold {_chosen(first)}")
    console.print(terminal.table(titles, rows, right=tuple(range(2, len(titles)))))
