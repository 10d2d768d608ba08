"""``allcad train``: folds that resume, and the weights that ship."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from allcad_core.cli import DONE, terminal
from allcad_core.cli import arguments as ask
from allcad_core.errors import AllcadError

if TYPE_CHECKING:
    from allcad_core.training.plan_types import Plan

PROTOCOLS = ("random4", "random5", "chen17", "field", "session", "source", "generated", "unseen")
SEGMENTATION = "unet"
"""The learned segmentation has a queue of its own."""
BASELINES = "baselines"
VARIED = ("pretrained", "epochs", "lr", "batch", "seed")

EPILOG = """\
A fold whose result file stands is skipped; a killed run goes on where it stopped. Checkpoints lie in --runs, results in
results/. With --ship, a network is trained on all fields and written to weights/ together with its card. Without further
words a classifier is trained as its plan says: the papers' networks with the papers' settings (Adam, 1e-4, 25 epochs).
Whoever changes a setting trains another network: its results go to --results, by default beside the checkpoints.

examples:
  allcad train lightweight --data DIR                     every fold of its protocols
  allcad train resnet50 --task field --data DIR           the form that judges whole fields
  allcad train resnet50 --pretrained imagenet --data DIR  as the paper did; fetches weights, needs a network
  allcad train yolo11n --data DIR --protocol session      three folds of whole sittings
  allcad train yolo11n --data DIR --protocol unseen       what those three say of sets that they never met
  allcad train lightweight --data DIR --ship              the folds, then what ships
  allcad train baselines --data DIR                       tree, neighbours, SVM, forest, ResRandSVM on the same folds
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``train``."""
    parser.epilog = EPILOG
    parser.add_argument(
        "model", metavar="MODEL", help="such as best_cell, lightweight or yolo11n; a wrong name lists all"
    )
    parser.add_argument("--task", choices=("cell", "field", "detect"), help="the form of a model that has several")
    ask.add_data(parser)
    parser.add_argument("--protocol", choices=PROTOCOLS, help="only this one (default: all that the model runs)")
    parser.add_argument("--fold", type=ask.whole_number, metavar="K", help="only this fold")
    parser.add_argument("--ship", action="store_true", help="then train on everything and write weights and card")
    parser.add_argument("--pretrained", choices=("none", "imagenet", "indomain"), help="start of a classifier")
    parser.add_argument("--epochs", type=ask.positive, metavar="N", help="rounds of a classifier")
    parser.add_argument("--lr", type=ask.rate, metavar="X", help="learning rate of a classifier")
    parser.add_argument("--batch", type=ask.positive, metavar="N", help="pictures a step")
    parser.add_argument(
        "--protocol-settings", choices=("ours", "paper"), default="ours",
        help="of a detector: ours, or those of Chen et al. (whole fields at 1024 px, 150 epochs, SGD; wants a GPU)",
    )  # fmt: skip
    parser.add_argument("--seed", type=ask.whole_number, metavar="N", help="of chance")
    parser.add_argument(
        "--resume", action="store_true", help="go on from the last checkpoint, which is what happens anyway"
    )
    ask.add_runs(parser)
    parser.add_argument("--results", type=Path, metavar="DIR", help="results (default: results, or RUNS/varied)")
    ask.add_device(parser)


def run(arguments: argparse.Namespace) -> int:
    """Work through the queue."""
    from allcad_core.datasets import find_data
    from allcad_core.predictions import RESULTS
    from allcad_core.training.plans import named, plan

    if arguments.model == BASELINES:
        return _baselines(arguments)
    if arguments.model == SEGMENTATION:
        return _segmentation(arguments)
    name = named(arguments.model, arguments.task)
    made = plan(name)
    if arguments.task not in (None, made.task):
        raise AllcadError(f"'{name}' has no form for the task '{arguments.task}', only for '{made.task}'.")
    data = find_data(arguments.data)
    other, part = _varied(arguments, name, made)
    runs = arguments.runs / part
    results = arguments.results or (RESULTS if other is made else runs / "results")
    if other is not made:
        print(f"Another network than the one of the plan: its results go to {results}.")
    _queue(arguments, name, other, data, results, runs)
    return DONE


def _varied(arguments: argparse.Namespace, name: str, made: Plan) -> tuple[Plan, str]:
    """The plan with the settings that were asked for, and the folder of its own below the checkpoints; else as it is.

    Raises:
        AllcadError: settings that this plan does not take, or that do not ship.
    """
    from allcad_core.training.detectors import SETTINGS
    from allcad_core.training.plans import vary

    changed = {key: getattr(arguments, key) for key in VARIED if getattr(arguments, key) is not None}
    if changed and arguments.ship:
        raise AllcadError("What ships is trained as its plan says: --ship takes no other settings.")
    other, folders = made, []
    if changed:
        other = vary(name, **changed)
        folders.append("-".join(["varied", *(f"{key}-{value}" for key, value in changed.items())]))
    if arguments.protocol_settings != "ours":
        if made.task != "detect":
            raise AllcadError(f"'{name}' is no detector: --protocol-settings is not for it.")
        size = SETTINGS[arguments.protocol_settings].size
        other = replace(other, settings=arguments.protocol_settings, input={**other.input, "long_side": size})
        folders.append(f"settings-{arguments.protocol_settings}")
    return other, "/".join(folders)


def _queue(arguments: argparse.Namespace, name: str, made: Plan, data: Path, results: Path, runs: Path) -> None:
    from allcad_core import devices
    from allcad_core.training import jobs
    from allcad_core.training.bench import Bench

    with terminal.bar(1) as bar:
        bench = Bench(data, runs, results, devices.choose(arguments.device), bar.show, {name: made})
        for protocol in [arguments.protocol] if arguments.protocol else made.protocols:
            numbers = bench.numbers(name, protocol) if arguments.fold is None else [arguments.fold]
            for fold in numbers:
                written = jobs.run(name, protocol, fold, bench)
                print(f"{name} {protocol} {fold}: {'already there' if written is None else 'done'}", flush=True)
        if arguments.ship:
            from allcad_core.evaluation.cards import refresh
            from allcad_core.training.shipping import ship

            ship(name, bench)
            card = refresh(name, data, results)
            print(f"{card.name}: weights/{card.file}, {card.parameters:,} parameters")


def _segmentation(arguments: argparse.Namespace) -> int:
    """The learned segmentation: its folds by session, and with ``--ship`` its weights."""
    from allcad_core import devices
    from allcad_core.datasets import find_data
    from allcad_core.evaluation.segmentation_report import with_figures
    from allcad_core.predictions import RESULTS
    from allcad_core.training import segmenting
    from allcad_core.training.plan_types import FULL

    data, results = find_data(arguments.data), arguments.results or RESULTS
    device = devices.choose(arguments.device)
    with terminal.bar(1) as bar:
        for fold in range(segmenting.FOLDS) if arguments.fold is None else [arguments.fold]:
            written = segmenting.run(fold, data, arguments.runs, results, device, bar.show)
            print(f"{SEGMENTATION} {segmenting.PROTOCOL} {fold}: {'already there' if written is None else 'done'}")
        if arguments.ship:
            fold = FULL if arguments.fold is None else arguments.fold
            card = segmenting.ship(data, arguments.runs, device, fold=fold, tell=bar.show)
            card = with_figures(card, data, results)
            print(f"{card.name}: weights/{card.file}, {card.parameters:,} parameters")
    return DONE


def _baselines(arguments: argparse.Namespace) -> int:
    from allcad_core.datasets import find_data
    from allcad_core.predictions import RESULTS
    from allcad_core.training.baselines import PROTOCOLS as ALL
    from allcad_core.training.baselines import run_baselines

    with terminal.bar(1) as bar:
        written = run_baselines(
            find_data(arguments.data), arguments.results or RESULTS, bar.show, runs=arguments.runs,
            protocols=[arguments.protocol] if arguments.protocol else ALL,
        )  # fmt: skip
    print(f"{len(written)} folds done; the others stood already.")
    return DONE
