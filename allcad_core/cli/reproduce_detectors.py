"""``allcad reproduce table1-detectors``: a queue that resumes, then Table 1 of Chen et al. beside ours."""

from __future__ import annotations

import argparse
from pathlib import Path

from allcad_core.cli import DONE, terminal
from allcad_core.cli import arguments as ask
from allcad_core.cli.evaluate_classifiers import results_folder

MODELS = ("yolo11n", "yolov5s", "yolov5m", "yolov5s-scratch", "yolov6n", "yolov7-tiny")
"""What two cores can train; YOLOv7 and E6 are trained by name where there is a GPU."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``reproduce table1-detectors``."""
    ask.add_reproduction(parser)


def run(arguments: argparse.Namespace) -> int:
    """Train what is missing, then write the table."""
    from allcad_core.datasets import find_data
    from allcad_core.evaluation.table1_detectors import table

    data, results = find_data(arguments.data), results_folder(arguments)
    if not arguments.stored:
        _train(arguments, data, results)
    terminal.deliver(table(data, results), arguments.out)
    return DONE


def _train(arguments: argparse.Namespace, data: Path, results: Path) -> None:
    from allcad_core import devices
    from allcad_core.training import jobs
    from allcad_core.training.bench import Bench
    from allcad_core.training.plans import plan

    with terminal.bar(1) as bar:
        bench = Bench(data, arguments.runs, results, devices.choose(arguments.device), bar.show)
        for name in MODELS:
            for protocol in plan(name).protocols:
                for fold in bench.numbers(name, protocol):
                    written = jobs.run(name, protocol, fold, bench)
                    bar.complain(f"{name} {protocol} {fold}: {'already there' if written is None else 'done'}")
