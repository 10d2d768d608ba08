"""``allcad reproduce``: train and evaluate what a table of the papers needs, one module a table; what is done is skipped."""

from __future__ import annotations

import argparse

from allcad_core.cli import Command, add_below, run_below

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
    add_below(parser, TABLES, "table")


def run(arguments: argparse.Namespace) -> int:
    """Hand over to the table."""
    return run_below(arguments)
