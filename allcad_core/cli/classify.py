"""``allcad classify``: one file, one answer, for crops of single cells and for whole fields."""

from __future__ import annotations

import argparse
import json
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
    from allcad_core.images import SmearImage

TASKS = ("cell", "field")
EPILOG = """\
--task cell takes crops of one white cell, like those of ALL-IDB2: the cell in the middle is found, cut out as 'analyse'
cuts it, and called blast or healthy. Where no cell is found, all of the crop is judged, and a warning says so.
--task field takes whole fields and calls them ALL or normal.

The probability is calibrated; the label turns at the threshold on the model's card. --mask paints everything but the
white cells, as that method sees them, with the colour of the ground; without it, the model gets what it was trained on.

--explain draws what the model saw beside what spoke for its answer, one PNG a file; of an aggregate such as best_field, how
much of the answer each cell carries. explained.json beside them says it in a sentence, with the share that lies inside cells.
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
    parser.add_argument("--explain", action="store_true", help="with --out: draw why each file was judged so")
    parser.add_argument("--out", type=ask.folder_to_write, metavar="DIR", help="where --explain writes")


def run(arguments: argparse.Namespace) -> int:
    """Classify every file and say what came out."""
    from allcad_core import devices
    from allcad_core.classify import CLASSIFY, check_mask, model_for

    if arguments.explain != (arguments.out is not None):
        arguments.parser.error("--explain writes pictures and --out says where to: give both or neither")
    model = model_for(arguments.task, arguments.model)  # wrong usage is said before any file is read
    check_mask(arguments.mask)
    devices.choose(arguments.device)
    paths = ask.expand(arguments.files)
    names = dict(zip(paths, ask.distinct_stems(paths), strict=True))
    explained: list[dict[str, object]] = []

    def work(path: Path, step: terminal.Step) -> Classified:
        start = perf_counter()
        image = read(path)
        read_ms = 1000 * (perf_counter() - start)
        step("judging", 1, 1)
        said = CLASSIFY[arguments.task](image, model, mask=arguments.mask, device=arguments.device, read_ms=read_ms)
        if arguments.explain:
            step("explaining", 1, 1)
            explained.append(_explain(image, said, arguments, arguments.out / f"{names[path]}-explained.png"))
        return said

    answers = [answer for answer in terminal.for_each(paths, work) if answer is not None]
    if explained:
        _write(arguments.out / "explained.json", f"{json.dumps(explained, indent=2, ensure_ascii=False)}\n".encode())
    if arguments.json:
        terminal.emit_json([asdict(answer) for answer in answers])
    elif answers:
        show(answers)
    return DONE if len(answers) == len(paths) else FAILED


def _explain(image: SmearImage, said: Classified, arguments: argparse.Namespace, picture: Path) -> dict[str, object]:
    """Draw why; a row of ``explained.json``."""
    from allcad_core.export import why_png
    from allcad_core.why import why

    found = why(image, said.task, said.model, mask=arguments.mask, device=arguments.device)
    _write(picture, why_png(found.shown, found.heat))
    return {
        "image": said.image,
        "model": said.model,
        "label": said.label,
        "probability": said.probability,
        "share_inside": found.inside,
        "sentence": found.sentence,
        "picture": picture.name,
    }


def _write(path: Path, content: bytes) -> None:
    from allcad_core import files

    files.write(path, content)


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
