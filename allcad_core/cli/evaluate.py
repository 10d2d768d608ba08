"""``allcad evaluate``: figures from stored out-of-fold predictions."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

from allcad_core.cli import DONE, terminal
from allcad_core.cli import arguments as ask
from allcad_core.intervals import EN_DASH

if TYPE_CHECKING:
    from allcad_core.evaluation.detection import DetectionReport
    from allcad_core.evaluation.points import PointFigures

EPILOG = """\
examples:
  allcad evaluate detect regions --protocol field         centroids found, false blasts, by sitting
  allcad evaluate detect yolo11n --protocol session --json
  allcad evaluate suggestion regions --protocol field     how often each suggestion is given, by truth

Every field was held out of the training of what judged it. Intervals: 95 %, Wilson for shares, bootstrap by field for means.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``evaluate``."""
    parser.epilog = EPILOG
    parser.add_argument(
        "what", choices=("detect", "suggestion"), help="boxes against centroids, or the rule in plain words"
    )
    parser.add_argument("model", metavar="MODEL", help="one of those that 'allcad models' lists")
    ask.add_data(parser)
    parser.add_argument(
        "--protocol", choices=("field", "session"), default="field", help="which folds (default: field)"
    )
    ask.add_json(parser, "the figures")


def run(arguments: argparse.Namespace) -> int:
    """Compute and print."""
    from allcad_core.datasets import find_data
    from allcad_core.evaluation import detection, suggestions

    data = find_data(arguments.data)
    if arguments.what == "suggestion":
        table = suggestions.table(arguments.model, arguments.protocol, data)
        if arguments.json:
            terminal.emit_json(table)
        else:
            _print_suggestions(table)
        return DONE
    report = detection.report(arguments.model, arguments.protocol, data)
    if arguments.json:
        terminal.emit_json(asdict(report))
    else:
        _print_report(report)
    return DONE


def _print_report(report: DetectionReport) -> None:
    from allcad_core.intervals import wilson

    console = terminal.out()
    titles = ["Fields", "Blast centroids in a blast box", "False blasts a healthy field", "Healthy fields without one"]
    rows = [("all", *_row(report.overall))]
    rows += [(f"session {name}", *_row(figures)) for name, figures in report.by_session.items()]
    console.print(f"{report.recipe}, protocol '{report.protocol}', score at least {report.confidence:.2f}, out of fold")
    console.print(terminal.table(titles, rows, right=(1, 2, 3)))
    points = report.overall.points
    for rate, recall in report.recall_at.items():
        share = wilson(round(recall * points), points)
        console.print(f"recall at {rate:g} false blasts a healthy field: {share}")


def _row(figures: PointFigures) -> tuple[str, str, str]:
    mean, low, high = figures.false_per_field
    return (
        f"{figures.hit} of {figures.points}: {figures.recall}" if figures.points else EN_DASH,
        f"{mean:.2f} ({low:.2f}{EN_DASH}{high:.2f})" if figures.healthy_fields else EN_DASH,
        str(figures.healthy_fields_clean) if figures.healthy_fields else EN_DASH,
    )


def _print_suggestions(table: dict[str, dict[str, int]]) -> None:
    kinds = sorted({kind for counts in table.values() for kind in counts})

    def cells(counts: dict[str, int]) -> Iterable[str]:
        return (str(counts.get(kind, 0)) for kind in kinds)

    rows = [(truth, *cells(counts)) for truth, counts in table.items()]
    terminal.out().print(
        terminal.table(
            ["Fields of", *(kind.replace("_", " ") for kind in kinds)], rows, right=tuple(range(1, len(kinds) + 1))
        )
    )
