"""``allcad evaluate cell`` and ``evaluate field``: figures of classifiers from stored out-of-fold predictions."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from allcad_core.cli import DONE, FAILED, own, terminal
from allcad_core.cli import arguments as ask
from allcad_core.cli import evaluate_shown as shown

if TYPE_CHECKING:
    from allcad_core.evaluation.classifiers import Report

PROTOCOLS = ("random4", "random5", "chen17", "field", "session", "source")


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``evaluate cell`` and ``evaluate field``."""
    parser.add_argument("model", metavar="MODEL", help="name under results/, or 'all' for one table of all models")
    own.configure(
        parser,
        "folder of the data sets; a folder or ZIP file of other labelled pictures is judged by the shipped model",
        "classes of your pictures that are blasts, or leukaemia",
    )
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

    if arguments.data is not None and _is_own(arguments.data):
        return _run_own(arguments)
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
    _tell(found, arguments)
    return DONE


def _tell(found: list[Report], arguments: argparse.Namespace) -> None:
    """Write and print reports as was asked for."""
    if arguments.out is not None:
        _write(found, arguments)
    if arguments.json:
        from allcad_core.evaluation.tables import plain

        terminal.emit_json([plain(report) for report in found])
    elif arguments.model == "all":
        shown.print_all(found)
    else:
        for report in found:
            shown.print_one(report)


def _is_own(source: Path) -> bool:
    from allcad_core.evaluation.own import is_own

    return is_own(source)


def _run_own(arguments: argparse.Namespace) -> int:
    """Judge pictures of one's own by shipped models; files that cannot be used are named on standard error."""
    from allcad_core.classify import known
    from allcad_core.evaluation.own import evaluate

    names = known(arguments.subject) if arguments.model == "all" else [arguments.model]
    found, refused = own.each(arguments, names, partial(evaluate, task=arguments.subject))
    _tell([one.report for one in found], arguments)
    return FAILED if refused else DONE


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
