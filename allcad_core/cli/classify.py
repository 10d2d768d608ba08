"""``allcad classify``: one file, one answer, for crops of single cells and for whole fields."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from allcad_core.cli import DONE, FAILED, terminal
from allcad_core.cli import arguments as ask
from allcad_core.images import read

if TYPE_CHECKING:
    from allcad_core.classify import Classified

TASKS = ("cell", "field")
EPILOG = """\
--task cell takes crops of one white cell, like those of ALL-IDB2: the cell in the middle is found, cut out as 'analyse'
cuts it, and called blast or healthy. Where no cell is found, all of the crop is judged, and a warning says so.
--task field takes whole fields and calls them ALL or normal.

The probability is calibrated; the label turns at the threshold on the model's card. --mask paints everything but the
white cells, as that method sees them, with the colour of the ground; without it, the model gets what it was trained on.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``classify``."""
    parser.epilog = EPILOG
    ask.add_files(parser)
    parser.add_argument("--task", choices=TASKS, required=True, help="what a file shows")
    parser.add_argument("--model", metavar="NAME", help="a network of that task that 'allcad models' lists")
    parser.add_argument(
        "--mask", metavar="METHOD", help="a segmentation method, or none (default: what the model was trained on)"
    )
    ask.add_device(parser)
    ask.add_json(parser, "one element a file")


def run(arguments: argparse.Namespace) -> int:
    """Classify every file and say what came out."""
    from allcad_core import devices
    from allcad_core.classify import CLASSIFY, check_mask, model_for

    model = model_for(arguments.task, arguments.model)  # wrong usage is said before any file is read
    check_mask(arguments.mask)
    devices.choose(arguments.device)
    paths = ask.expand(arguments.files)

    def work(path: Path, step: terminal.Step) -> Classified:
        start = perf_counter()
        image = read(path)
        read_ms = 1000 * (perf_counter() - start)
        step("judging", 1, 1)
        return CLASSIFY[arguments.task](image, model, mask=arguments.mask, device=arguments.device, read_ms=read_ms)

    answers = [answer for answer in terminal.for_each(paths, work) if answer is not None]
    if arguments.json:
        terminal.emit_json([asdict(answer) for answer in answers])
    elif answers:
        show(answers)
    return DONE if len(answers) == len(paths) else FAILED


def show(answers: Sequence[Classified]) -> None:
    """Print a table, one line a file."""
    sought = "blast" if answers[0].task == "cell" else "ALL"
    rows = [
        (answer.image, answer.label, f"{answer.probability:.3f}", f"{answer.threshold:.2f}", answer.model)
        for answer in answers
    ]
    console = terminal.out()
    titles = ["Photograph", "Label", f"Probability of {sought}", "Threshold", "Model"]
    console.print(terminal.table(titles, rows, right=(2, 3)))
    for answer in answers:
        for note in answer.warnings:
            console.print(terminal.printable(f"{answer.image}: {note.message}"))
    console.print("For research and teaching. Not a medical device.")
