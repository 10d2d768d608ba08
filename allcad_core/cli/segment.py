"""``allcad segment``: the masks of nuclei and cells, as pictures."""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from allcad_core.cli import DONE, FAILED, terminal
from allcad_core.cli import arguments as ask
from allcad_core.errors import UnknownNameError
from allcad_core.files import whole
from allcad_core.images import SmearImage, read
from allcad_core.results import in_micrometres

if TYPE_CHECKING:
    from allcad_core.segmentation import Region, Segmentation

EPILOG = """\
For each photograph NAME.nucleus.png and NAME.cell.png are written: 255 inside, 0 outside, the photograph's size.
A method without a separate cell mask writes the same mask twice. --masked adds NAME.masked.png, what a classifier of whole
fields is given: the photograph balanced by its ground, with nothing left but cells. Of photographs with the same name from
different folders, the second is written as NAME-2, and so on; --json says which is which, and measures every cell, in
micrometres too where --um-per-px or red cells tell the scale.
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """One segmented cell in px and px²; in micrometres where the scale is known, else ``None``."""

    box: tuple[float, float, float, float]
    centroid: tuple[float, float]
    area: float
    nucleus_area: float
    nc_ratio: float
    diameter: float
    roundness: float
    solidity: float
    mean_stain: float
    at_border: bool
    area_um2: float | None
    nucleus_area_um2: float | None
    diameter_um: float | None


@dataclass(frozen=True, slots=True)
class Written:
    """What was found in one photograph and where its masks were written. Areas in px; ``masked`` is empty unless asked for."""

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
    masked: str
    red_cell_px: float | None
    um_per_px: float | None
    cells: tuple[Measured, ...]


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``segment``."""
    parser.epilog = EPILOG
    ask.add_files(parser)
    parser.add_argument("--method", default="paper", metavar="NAME", help="how to segment (default: paper)")
    parser.add_argument("--out", type=ask.folder_to_write, required=True, metavar="DIR", help="write the masks here")
    parser.add_argument("--masked", action="store_true", help="write the masked photograph too")
    ask.add_scale(parser)
    ask.add_device(parser)
    ask.add_json(parser, "what was written")


def run(arguments: argparse.Namespace) -> int:
    """Segment every file and write its two masks."""
    from allcad_core import devices, quality
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
        scale = arguments.um_per_px or quality.um_per_px(found.red_cell_diameter)
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
            masked=str(_write_masked(out / f"{names[path]}.masked.png", image, found)) if arguments.masked else "",
            red_cell_px=found.red_cell_diameter,
            um_per_px=scale,
            cells=tuple(_measured(region, scale) for region in found.regions),
        )

    written = [each for each in terminal.for_each(paths, work) if each is not None]
    if arguments.json:
        terminal.emit_json([asdict(each) for each in written])
    else:
        for each in written:
            print(terminal.printable(f"{each.image}: {each.regions} regions, {each.nucleus} and {each.cell}"))
    return DONE if len(written) == len(paths) else FAILED


def _measured(region: Region, um_per_px: float | None) -> Measured:
    scaled = in_micrometres(region.measures, um_per_px)
    return Measured(
        box=region.box,
        centroid=region.centroid,
        mean_stain=region.mean_stain,
        at_border=region.at_border,
        area_um2=scaled.get("area_um2"),
        nucleus_area_um2=scaled.get("nucleus_area_um2"),
        diameter_um=scaled.get("diameter_um"),
        **region.measures,
    )


def _write_mask(path: Path, mask: NDArray[np.bool_]) -> Path:
    return _write(path, mask.astype(np.uint8) * 255)


def _write_masked(path: Path, image: SmearImage, found: Segmentation) -> Path:
    from allcad_core.classification import mask_out
    from allcad_core.ground import balance

    return _write(path, mask_out(balance(image.pixels), found.cell))


def _write(path: Path, pixels: NDArray[np.uint8]) -> Path:
    with whole(path) as half:
        Image.fromarray(pixels).save(half, "PNG")
    return path
