"""``allcad evaluate cell`` and ``evaluate field``: figures of classifiers from stored out-of-fold predictions."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from allcad_core.cli import DONE, terminal
from allcad_core.cli import arguments as ask
from allcad_core.intervals import EN_DASH

if TYPE_CHECKING:
    from allcad_core.evaluation.classifiers import Report
    from allcad_core.evaluation.metrics import Figures, Measures

PROTOCOLS = ("random4", "random5", "chen17", "field", "session", "source")
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


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``evaluate cell`` and ``evaluate field``."""
    parser.add_argument("model", metavar="MODEL", help="name under results/, or 'all' for one table of all models")
    ask.add_data(parser)
    ask.add_protocol(parser, PROTOCOLS, "field")
    parser.add_argument(
        "--set", metavar="NAME", dest="dataset", help="data set (default: the one that the protocol is about)"
    )
    ask.add_results(parser)
    ask.add_json(parser, "the report")
    parser.add_argument(
        "--out", type=ask.folder_to_write, metavar="DIR", help="write tables, curves and predictions there"
    )


def run(arguments: argparse.Namespace) -> int:
    """Compute, print and write."""
    from allcad_core.evaluation import judged

    task = arguments.subject
    names = [
        judged.stored_name(arguments.model, task, arguments.protocol, results_folder(arguments)) or arguments.model
    ]
    if arguments.model == "all":
        names = judged.stored_models(task, arguments.protocol, results_folder(arguments))
    found = [report for name in names for report in _reports(name, task, arguments)]
    if not found:
        terminal.out().print(f"No results of the task '{task}' are stored under '{arguments.protocol}'.")
        return DONE
    if arguments.out is not None:
        _write(found, arguments)
    if arguments.json:
        from allcad_core.evaluation.tables import plain

        terminal.emit_json([plain(report) for report in found])
    elif arguments.model == "all":
        _print_all(found)
    else:
        for report in found:
            _print(report)
    return DONE


def _reports(name: str, task: str, arguments: argparse.Namespace) -> list[Report]:
    """The headline's report; under ``source`` one a data set, since each is a fold of its own."""
    from allcad_core.errors import UnknownNameError
    from allcad_core.evaluation import classifiers

    data, results = data_folder(arguments), results_folder(arguments)
    if arguments.protocol == "source" and arguments.dataset is None:
        return classifiers.reports(name, task, "source", data, results)
    try:
        return [classifiers.report(name, task, arguments.protocol, data, results, dataset=arguments.dataset)]
    except UnknownNameError:
        if arguments.model != "all":
            raise
        return []  # a model that has not been judged on that set


def data_folder(arguments: argparse.Namespace) -> Path | None:
    """The data folder where one is named or found: only pictures that are not listed beside the results need it."""
    from allcad_core.datasets import find_data
    from allcad_core.errors import DataError

    try:
        return find_data(arguments.data)
    except DataError:
        if arguments.data is not None:
            raise
        return None


def results_folder(arguments: argparse.Namespace) -> Path:
    """The folder of predictions: the one named, else allcad's own."""
    from allcad_core.predictions import RESULTS

    named: Path | None = arguments.results
    return RESULTS if named is None else named


def _write(found: list[Report], arguments: argparse.Namespace) -> None:
    from allcad_core.evaluation.tables import write

    many = len(found) > 1
    for report in found:
        write(report, arguments.out / f"{report.model}-{report.dataset}" if many else arguments.out)


def _print(report: Report) -> None:
    console = terminal.out()
    matrix = report.at_half.overall.matrix
    none, some = report.classes
    console.print(
        f"{report.model}, task '{report.task}', protocol '{report.protocol}', {report.dataset}: {report.pictures} pictures, "
        f"{matrix.blasts} {some} and {matrix.healthy} {none}, out of fold\n"
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
        ("Threshold out of fold", report.at_chosen.overall.measures),
        ("Threshold 0.5", report.at_half.overall.measures),
    ]
    if report.headline is report.at_chosen.mean_over_folds:
        columns.insert(0, ("Mean over folds", report.headline))
    if report.shortcut is not None:
        columns.append(("Shortcut: cells painted over", report.shortcut.at_chosen.headline(report.protocol)))
    rows = [(words, *(str(dict(measures.items())[name]) for _, measures in columns)) for name, words in WORDS.items()]
    titles = ["Measure (95 % interval)", *(title for title, _ in columns)]
    terminal.out().print(terminal.table(titles, rows, right=tuple(range(1, len(titles)))))


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
    sets = sorted({name for rule in report.rules.values() for name in rule.chosen_on})
    told = ", ".join(
        f"fold {fold}: {rule.temperature:.2f} and {rule.threshold:.2f}" for fold, rule in report.rules.items()
    )
    console.print(f"Temperature and threshold, from other folds of {', '.join(sets)}: {told}.")


def _print_wrong(report: Report) -> None:
    console, wrong = terminal.out(), report.wrong()
    console.print(f"\n{len(wrong)} misjudged at the threshold out of fold" + (", the surest first:" if wrong else "."))
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


def _print_all(found: list[Report]) -> None:
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
    console.print(f"Task '{first.task}', protocol '{first.protocol}', {means}threshold out of fold")
    console.print(terminal.table(titles, rows, right=tuple(range(2, len(titles)))))
