"""``allcad models``: what ``analyse`` can use, and the cards of the networks behind it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict

from allcad_core.cli import DONE, terminal
from allcad_core.cli import arguments as ask
from allcad_core.intervals import EN_DASH
from allcad_core.models import Card, Figure, cards

EPILOG = """\
Every figure was measured out of fold: on pictures that the network had not seen, by the protocol that stands with it.
The papers' own protocols are not out of fold; docs/limits.md says why figures by them are too good.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``models``."""
    parser.epilog = EPILOG
    ask.add_json(parser, "models and cards")


def run(arguments: argparse.Namespace) -> int:
    """List recipes and networks."""
    from allcad_core.recipes import DEFAULT_RECIPE, Recipe, recipes

    networks = list(cards().values())
    if arguments.json:
        listing = {
            "schema_version": 1,
            "default": DEFAULT_RECIPE,
            "models": [asdict(recipe) for recipe in recipes()],
            "networks": [asdict(card) for card in networks],
        }
        terminal.emit_json(listing)
        return DONE

    def mark(recipe: Recipe) -> str:
        return f"{recipe.name} (default)" if recipe.name == DEFAULT_RECIPE else recipe.name

    console = terminal.out()
    rows = [(mark(recipe), f"{recipe.default_confidence:.2f}", recipe.sentence) for recipe in recipes()]
    console.print(terminal.table(["Models of analyse", "Hides below", "What it does"], rows))
    console.print()
    console.print(
        terminal.table(["Networks", "Task", "Parameters", "What it is", "Figures, out of fold"], _rows(networks))
    )
    return DONE


def _rows(networks: Sequence[Card]) -> list[tuple[str, ...]]:
    return [
        (card.name, card.task, f"{card.parameters:,}", card.title, "\n".join(map(_figure, card.figures)) or EN_DASH)
        for card in networks
    ]


def _figure(figure: Figure) -> str:
    interval = "" if figure.low is None or figure.high is None else f" ({figure.low:.3f}{EN_DASH}{figure.high:.3f})"
    return f"{figure.name} {figure.value:.3f}{interval}, {figure.protocol}"
