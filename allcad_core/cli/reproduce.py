"""``allcad reproduce``: train and evaluate what a table of the papers needs, one module a table; what is done is skipped."""

from __future__ import annotations

import argparse
from importlib import import_module

from allcad_core.cli import Command

TABLES = (
    Command(
        "table1-classifiers",
        "accuracy of the classifiers of Zaiter & Zwiggelaar and of Chen et al., beside ours",
        "allcad_core.cli.reproduce_classifiers",
    ),
    Command(
        "table1-detectors",
        "the detectors of Chen et al. on their test fields, beside ours",
        "allcad_core.cli.reproduce_detectors",
    ),
)
"""What can be reproduced; each module has ``configure`` and ``run``, and imports what is heavy inside functions."""

EPILOG = """\
examples:
  allcad reproduce table1-classifiers --data DIR --out table1.md     trains what is missing, then writes the table
  allcad reproduce table1-classifiers --stored                       the table from what stands, without training
  allcad reproduce table1-detectors --stored                         the same for the detectors of Chen et al.

A fold whose result file stands is skipped; a killed run goes on where it stopped.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The tables below ``reproduce``."""
    parser.epilog = EPILOG
    tables = parser.add_subparsers(title="tables", metavar="TABLE", dest="table", required=True)
    for table in TABLES:
        module = import_module(table.module)
        below = tables.add_parser(
            table.name,
            help=table.sentence,
            description=table.sentence[0].upper() + table.sentence[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.configure(below)
        below.set_defaults(reproduce=module.run)


def run(arguments: argparse.Namespace) -> int:
    """Hand over to the table."""
    code: int = arguments.reproduce(arguments)
    return code
