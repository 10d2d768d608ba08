"""``allcad synth``: generated smear photographs with known boxes and masks."""

from __future__ import annotations

import argparse

from allcad_core.cli import DONE, terminal
from allcad_core.cli import arguments as ask

EPILOG = """\
The same seed gives the same photographs. Each comes with its boxes (YOLO text, class 0 blast, 1 healthy) and with
masks of every nucleus and cell; manifest.json says how each was made. They are invented: good for trying things, no
evidence about a model.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``synth``."""
    parser.epilog = EPILOG
    parser.add_argument("--out", type=ask.folder_to_write, required=True, metavar="DIR", help="write here")
    parser.add_argument("--count", type=ask.positive, required=True, metavar="N", help="how many photographs")
    parser.add_argument(
        "--seed", type=ask.whole_number, required=True, metavar="S", help="a whole number; same seed, same photographs"
    )
    parser.add_argument(
        "--size",
        type=ask.size,
        default=(1280, 960),
        metavar="WxH",
        help="width and height in pixels (default: 1280x960)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Generate and write."""
    from allcad_core.synthesis import write

    with terminal.bar(arguments.count) as bar:
        paths = write(
            arguments.out,
            arguments.count,
            arguments.seed,
            arguments.size,
            progress=lambda words, number, count: bar.show(words, number),
        )
    for path in paths:
        print(terminal.printable(str(path)))
    return DONE
