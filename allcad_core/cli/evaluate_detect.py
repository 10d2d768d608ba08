"""``allcad evaluate detect``: boxes of a recipe against expert centroids."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from allcad_core.cli import DONE, terminal
from allcad_core.cli import arguments as ask
from allcad_core.intervals import EN_DASH

if TYPE_CHECKING:
    from allcad_core.evaluation.detection import DetectionReport
    from allcad_core.evaluation.points import PointFigures

PROTOCOLS = ("field", "session")


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``evaluate detect``."""
    ask.add_recipe(parser)
    ask.add_data(parser)
    ask.add_protocol(parser, PROTOCOLS, "field")
    ask.add_json(parser, "the figures")


def run(arguments: argparse.Namespace) -> int:
    """Compute and print."""
    from allcad_core.datasets import find_data
    from allcad_core.evaluation import detection

    report = detection.report(arguments.model, arguments.protocol, find_data(arguments.data))
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
