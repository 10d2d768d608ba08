"""Labelled pictures of one's own, for the subjects of ``evaluate``: what brings them, and each model asked about them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from allcad_core.cli import arguments as ask
from allcad_core.cli import terminal

if TYPE_CHECKING:
    from allcad_core.evaluation.own import Refused


class Told(Protocol):
    """What an evaluation of one's own pictures gives."""

    @property
    def refused(self) -> tuple[Refused, ...]:
        """Files that could not be used."""


T = TypeVar("T", bound=Told)


def configure(parser: argparse.ArgumentParser, data: str, blast: str) -> None:
    """``--data``, ``--blast`` and ``--device``; the first two in the words of the subject."""
    parser.add_argument("--data", type=Path, metavar="DIR", help=data)
    parser.add_argument("--blast", nargs="+", default=[], metavar="CLASS", help=blast)
    ask.add_device(parser)


def each(arguments: argparse.Namespace, names: Iterable[str], evaluate: Callable[..., T]) -> tuple[list[T], bool]:
    """Ask every model, with a bar; files that cannot be used are named once, on standard error.

    Returns:
        What each said, and whether a file could not be used.
    """
    with terminal.bar(1) as bar:
        found = [
            evaluate(arguments.data, name, blast=arguments.blast, device=arguments.device, tell=bar.show)
            for name in names
        ]
        refused = {entry.file: entry for one in found for entry in one.refused}
        for entry in refused.values():
            bar.complain(f"{entry.file}: {entry.sentence}")
    return found, bool(refused)
