"""``allcad data``: is a folder of data fit to measure on?"""

from __future__ import annotations

import argparse
from pathlib import Path

from allcad_core.cli import DONE, FAILED, terminal
from allcad_core.cli import arguments as ask

EPILOG = """\
"allcad data check DIR" says what is there and what is missing, finds copies and unreadable files, and ends with exit
code 1 where something would falsify an evaluation. It writes nothing. "allcad data check --help" says more.
"""

CHECK_EPILOG = """\
DIR holds data sets in their official layout (ALL_IDB1, ALL_IDB2, ...) or is one of them; docs/data.md names the layout.
exit codes: 0 fit to measure on, 1 something would falsify an evaluation, 2 wrong usage.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The commands below ``data``."""
    parser.epilog = EPILOG
    tasks = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    check = tasks.add_parser(
        "check",
        help="what is there, what is missing, what would falsify an evaluation",
        description="Check every data set in a folder.",
        epilog=CHECK_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    check.add_argument("folder", metavar="DIR", type=Path, help="a folder of data sets, or one data set")
    ask.add_json(check, "the report")


def run(arguments: argparse.Namespace) -> int:
    """Check the folder and show the report."""
    from allcad_core.datasets import check

    with terminal.bar(1) as bar:
        report = check.run(arguments.folder, lambda words, number, count: bar.show(words, number - 1, count))
    if arguments.json:
        terminal.emit_json(report.to_dict())
    else:
        check.render(report, terminal.out(markup=True))
    return FAILED if report.falsifying else DONE
