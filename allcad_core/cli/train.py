"""``allcad train``: folds that resume, and the weights that ship."""

from __future__ import annotations

import argparse
from pathlib import Path

from allcad_core.cli import DONE, terminal
from allcad_core.cli import arguments as ask

PROTOCOLS = ("random4", "random5", "chen17", "field", "session", "source")

EPILOG = """\
A fold whose result file stands is skipped; a killed run goes on where it stopped. Checkpoints lie in --runs, results in
results/. With --ship, a network is trained on all fields and written to weights/ together with its card.

examples:
  allcad train lightweight --data DIR                     every fold of its protocols
  allcad train yolo11n --data DIR --protocol session      three folds of whole sittings
  allcad train lightweight --data DIR --ship              the folds, then what ships
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``train``."""
    parser.epilog = EPILOG
    parser.add_argument(
        "model", metavar="MODEL", help="such as best_cell, lightweight or yolo11n; a wrong name lists all"
    )
    ask.add_data(parser)
    parser.add_argument("--protocol", choices=PROTOCOLS, help="only this one (default: all that the model runs)")
    parser.add_argument("--fold", type=ask.whole_number, metavar="K", help="only this fold")
    parser.add_argument("--ship", action="store_true", help="then train on everything and write weights and card")
    parser.add_argument("--runs", type=Path, default=Path("runs"), metavar="DIR", help="checkpoints (default: runs)")
    ask.add_device(parser)


def run(arguments: argparse.Namespace) -> int:
    """Work through the queue."""
    from allcad_core import devices
    from allcad_core.datasets import find_data
    from allcad_core.predictions import RESULTS
    from allcad_core.training import jobs
    from allcad_core.training.plans import plan

    made = plan(arguments.model)
    data = find_data(arguments.data)
    with terminal.bar(1) as bar:
        bench = jobs.Bench(data, arguments.runs, RESULTS, devices.choose(arguments.device), bar.show)
        for protocol in [arguments.protocol] if arguments.protocol else made.protocols:
            numbers = bench.numbers(arguments.model, protocol) if arguments.fold is None else [arguments.fold]
            for fold in numbers:
                written = jobs.run(arguments.model, protocol, fold, bench)
                print(f"{arguments.model} {protocol} {fold}: {'already there' if written is None else 'done'}")
        if arguments.ship:
            from allcad_core.evaluation.cards import refresh
            from allcad_core.training.shipping import ship

            ship(arguments.model, bench)
            card = refresh(arguments.model, data)
            print(f"{card.name}: weights/{card.file}, {card.parameters:,} parameters")
    return DONE
