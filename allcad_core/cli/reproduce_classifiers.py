"""``allcad reproduce table1-classifiers``: a queue that resumes, then the table as Markdown."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from allcad_core.cli import DONE, terminal
from allcad_core.cli import arguments as ask
from allcad_core.cli.evaluate_classifiers import data_folder, results_folder

if TYPE_CHECKING:
    from allcad_core.training.bench import Bench

Job = tuple[str, str, int]
"""Name of a plan, protocol, fold."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``reproduce table1-classifiers``."""
    ask.add_reproduction(parser)


def run(arguments: argparse.Namespace) -> int:
    """Train what is missing, then write the table."""
    from allcad_core.evaluation.reproduction import lines, markdown

    if not arguments.stored:
        _train(arguments)
    terminal.deliver(markdown(lines(data_folder(arguments), results_folder(arguments), planned())), arguments.out)
    return DONE


def _train(arguments: argparse.Namespace) -> None:
    """Work through the queue; what stands is skipped, and a killed run goes on where it stopped."""
    from allcad_core import devices
    from allcad_core.datasets import find_data
    from allcad_core.training import jobs
    from allcad_core.training.baselines import run_baselines
    from allcad_core.training.bench import Bench

    data, results = find_data(arguments.data), results_folder(arguments)
    with terminal.bar(1) as bar:
        bench = Bench(data, arguments.runs, results, devices.choose(arguments.device), bar.show)
        for name, protocol, fold in queue(bench):
            written = jobs.run(name, protocol, fold, bench)
            bar.complain(f"{name} {protocol} {fold}: {'already there' if written is None else 'done'}")
        run_baselines(data, results, bar.show, runs=arguments.runs)


def planned() -> dict[tuple[str, str], tuple[str, ...]]:
    """Protocols under which each classifier is to be run, by name and task."""
    from allcad_core.training import baselines
    from allcad_core.training.plans import PLANS

    networks = {(name, str(plan.task)): plan.protocols for name, plan in PLANS.items()}
    return networks | {(name, "cell"): baselines.PROTOCOLS for name in baselines.BASELINES}


def queue(bench: Bench) -> list[Job]:
    """Every fold that the table needs, in the order of the plans: the papers' models and our best."""
    from allcad_core.evaluation.judged import names_of
    from allcad_core.evaluation.published import TABLE_1
    from allcad_core.evaluation.reproduction import OURS
    from allcad_core.training.plans import PLANS

    wanted = {
        (name, task)
        for model, task in [*((one.model, one.task) for one in TABLE_1), *((one[0], one[2]) for one in OURS)]
        for name in names_of(model, task)
    }
    return [
        (name, protocol, fold)
        for name, plan in PLANS.items()
        if (name, plan.task) in wanted
        for protocol in plan.protocols
        for fold in bench.numbers(name, protocol)
    ]
