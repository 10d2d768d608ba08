"""``allcad evaluate suggestion``: how often each suggestion is given, by what is true of the patient."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

from allcad_core.cli import DONE, terminal
from allcad_core.cli import arguments as ask

if TYPE_CHECKING:
    from allcad_core.evaluation.fusion import FusionReport

PROTOCOLS = ("field", "session")


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``evaluate suggestion``."""
    ask.add_recipe(parser)
    ask.add_data(parser)
    ask.add_protocol(parser, PROTOCOLS, "field")
    parser.add_argument(
        "--together",
        action="store_true",
        help="set the counts beside the models of whole fields, alone and put together",
    )
    ask.add_json(parser, "the table")


def run(arguments: argparse.Namespace) -> int:
    """Compute and print."""
    from allcad_core.datasets import find_data
    from allcad_core.evaluation import fusion, suggestions

    data = find_data(arguments.data)
    if arguments.together:
        report = fusion.fusion_report(arguments.model, arguments.protocol, data)
        if arguments.json:
            terminal.emit_json(asdict(report))
        else:
            _print_together(report)
        return DONE
    table = suggestions.table(arguments.model, arguments.protocol, data)
    if arguments.json:
        terminal.emit_json(table)
    else:
        _print_suggestions(table)
    return DONE


def _print_together(report: FusionReport) -> None:
    titles = (
        "Who answers for a field",
        "Leukaemia seen",
        "Healthy spared",
        "Balanced accuracy",
        "Against the best alone",
    )
    rows = [
        (
            one.name,
            str(one.measures.recall),
            str(one.measures.specificity),
            str(one.measures.balanced_accuracy),
            "the best alone" if one.name == report.best else str(one.gain),
        )
        for one in report.judges
    ]
    console = terminal.out()
    console.print(terminal.table(titles, rows, right=range(1, 5)))
    better = " and ".join(report.better)
    console.print(
        f"Better than the best alone: {better}."
        if better
        else "None of them together is measurably better than the best alone."
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
