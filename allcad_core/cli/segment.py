"""``allcad segment``: the masks of nuclei and cells, as pictures."""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from allcad_core.cli import DONE, FAILED, terminal
from allcad_core.cli import arguments as ask
from allcad_core.errors import UnknownNameError
from allcad_core.images import read

EPILOG = """\
For each photograph NAME.nucleus.png and NAME.cell.png are written: 255 inside, 0 outside, the photograph's size.
A method without a separate cell mask writes the same mask twice. Of photographs with the same name from different
folders, the second is written as NAME-2, and so on; --json says which is which.
"""


@dataclass(frozen=True, slots=True)
class Written:
    """What was found in one photograph and where its masks were written. Areas in px."""

    image: str
    method: str
    width: int
    height: int
    threshold: float | None
    regions: int
    nucleus_pixels: int
    cell_pixels: int
    nucleus: str
    cell: str


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``segment``."""
    parser.epilog = EPILOG
    ask.add_files(parser)
    parser.add_argument("--method", default="paper", metavar="NAME", help="how to segment (default: paper)")
    parser.add_argument("--out", type=ask.folder_to_write, required=True, metavar="DIR", help="write the masks here")
    ask.add_device(parser)
    ask.add_json(parser, "what was written")


def run(arguments: argparse.Namespace) -> int:
    """Segment every file and write its two masks."""
    from allcad_core import devices
    from allcad_core.segmentation import methods, segment

    if arguments.method not in methods():
        raise UnknownNameError("segmentation method", arguments.method, methods())
    devices.choose(arguments.device)

    paths = ask.expand(arguments.files)
    names = dict(zip(paths, ask.distinct_stems(paths), strict=True))
    out: Path = arguments.out

    def work(path: Path, step: terminal.Step) -> Written:
        image = read(path)
        step("segmenting", 1, 1)
        found = segment(image.pixels, arguments.method, arguments.device)
        return Written(
            image=str(path),
            method=found.method,
            width=image.width,
            height=image.height,
            threshold=found.threshold,
            regions=len(found.regions),
            nucleus_pixels=int(found.nucleus.sum()),
            cell_pixels=int(found.cell.sum()),
            nucleus=str(_write_mask(out / f"{names[path]}.nucleus.png", found.nucleus)),
            cell=str(_write_mask(out / f"{names[path]}.cell.png", found.cell)),
        )

    written = [each for each in terminal.for_each(paths, work) if each is not None]
    if arguments.json:
        terminal.emit_json([asdict(each) for each in written])
    else:
        for each in written:
            print(terminal.printable(f"{each.image}: {each.regions} regions, {each.nucleus} and {each.cell}"))
    return DONE if len(written) == len(paths) else FAILED


def _write_mask(path: Path, mask: NDArray[np.bool_]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask.astype(np.uint8) * 255).save(path)
    return path
