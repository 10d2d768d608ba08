"""``allcad evaluate suggestion``: how often each suggestion is given, by what is true of the patient."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from allcad_core.cli import DONE, terminal
from allcad_core.cli import arguments as ask

PROTOCOLS = ("field", "session")


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``evaluate suggestion``."""
    ask.add_recipe(parser)
    ask.add_data(parser)
    ask.add_protocol(parser, PROTOCOLS, "field")
    ask.add_json(parser, "the table")


def run(arguments: argparse.Namespace) -> int:
    """Compute and print."""
    from allcad_core.datasets import find_data
    from allcad_core.evaluation import suggestions

    table = suggestions.table(arguments.model, arguments.protocol, find_data(arguments.data))
    if arguments.json:
        terminal.emit_json(table)
    else:
        _print_suggestions(table)
    return DONE


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
