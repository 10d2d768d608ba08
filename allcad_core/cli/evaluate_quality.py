"""``allcad evaluate quality``: how often the checks of a photograph warn, set by set."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from allcad_core.cli import DONE, terminal
from allcad_core.cli import arguments as ask


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``evaluate quality``."""
    ask.add_data(parser)
    parser.add_argument("--every", type=ask.positive, default=1, metavar="N", help="look at every Nth picture only")
    ask.add_device(parser)
    ask.add_json(parser, "the shares")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    from allcad_core.datasets import find_data
    from allcad_core.evaluation.quality_alarms import CODES, report

    with terminal.bar(1) as bar:
        found = report(find_data(arguments.data), arguments.every, arguments.device, bar.show)
    if arguments.json:
        terminal.emit_json([asdict(one) for one in found])
        return DONE
    rows = [
        (one.dataset, "yes" if one.known else "no", str(one.pictures), *(str(one.shares[code]) for code in CODES))
        for one in found
    ]
    console = terminal.out()
    console.print(terminal.table(["Data set", "Known", "Pictures", *CODES], rows, right=range(2, 3 + len(CODES))))
    console.print(
        "Share of pictures with each warning, 95 % Wilson intervals. The bounds were drawn by the known sets, so that a "
        "warning of foreign stain is a false alarm there."
    )
    return DONE
