"""Review sheets: a field with numbered boxes and a grid of pixels, its quarters enlarged, and every cell close up."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from allcad_core.annotation.build import FieldAnnotation, MarkedBox
from allcad_core.annotation.second_pass import unlabelled
from allcad_core.annotation.stained import stained_objects
from allcad_core.datasets import FieldRecord
from allcad_core.datasets.boxes import CellBox
from allcad_core.errors import DataError
from allcad_core.results import Box

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]

LONG_SIDE = 1500
"""Long side of a sheet, px."""
LARGEST_FILE = 1_450_000
"""Bytes; a sheet above it is drawn smaller."""
CELL_SIDE = 90
"""On quarters, cells are at least that long, px."""
DENSE = 7
"""Fields with that many boxes are drawn in quarters, too."""
OVERLAP = 0.06
"""Quarters overlap by this share of the field on each side."""
TILE, TILE_MARGIN, TILES = 280, 0.45, 30
"""Side of a close-up, px; what it shows around the box, as a share of its side; close-ups on a sheet."""
RULER = 26
"""Width of the strip along the edges that bears the coordinates, px."""
GRID_STEPS = (10, 20, 50, 100, 200)
"""Distances between grid lines, px of the field; the smallest that leaves ``GRID_GAP`` px of the sheet is taken."""
GRID_GAP = 45

VIOLET, TEAL, GREY = (0x6D, 0x22, 0xAE), (0x00, 0x80, 0x7A), (0x50, 0x50, 0x50)
AMBER, YELLOW, WHITE, INK = (0xE8, 0xA1, 0x17), (0xFF, 0xE0, 0x30), (255, 255, 255), (0x21, 0x1C, 0x28)
GRID = (0xB4, 0xC4, 0xD8)
COLOURS: dict[str, Colour] = {"blast": VIOLET, "healthy": TEAL, "ignore": GREY, "unboxed": AMBER}


@dataclass(frozen=True)
class View:
    """A part of a field drawn at a scale: ``box`` in pixels of the field, ``scale`` sheet pixels for one of them."""

    box: tuple[int, int, int, int]
    scale: float

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where on the sheet a point of the field lies."""
        return (x - self.box[0]) * self.scale + RULER, (y - self.box[1]) * self.scale + RULER


def write_sheets(record: FieldRecord, annotation: FieldAnnotation, folder: Path) -> list[Path]:
    """Draw all sheets of a field and write them as PNG.

    ``NAME.png`` shows the whole field, ``NAME_q1.png`` to ``NAME_q4.png`` the quarters of a dense one (upper left,
    upper right, lower left, lower right), ``NAME_cells1.png`` and on every box close up.

    Raises:
        DataError: the folder lies in a repository; pictures of patients do not belong there.
        ImageError: the picture cannot be read.
    """
    refuse_repository(folder)
    folder.mkdir(parents=True, exist_ok=True)
    pixels = record.read().pixels
    height, width = pixels.shape[:2]
    views = {record.name: View((0, 0, width, height), (LONG_SIDE - 2 * RULER) / max(width, height))}
    if len(annotation.boxes) >= DENSE:
        quarters = _quarters(width, height, median([_shorter(marked.cell.box) for marked in annotation.boxes]))
        views |= {f"{record.name}_q{number}": view for number, view in enumerate(quarters, start=1)}
    things = _things(annotation)
    boxes = [marked.cell.box for marked in things]
    palette = _palette(pixels, boxes)
    written = [
        _write(_draw(pixels, view, record, annotation), folder / f"{name}.png", palette) for name, view in views.items()
    ]
    for page in range(0, len(things), TILES):
        sheet = _close_ups(pixels, things[page : page + TILES], record, annotation)
        written.append(_write(sheet, folder / f"{record.name}_cells{page // TILES + 1}.png", palette))
    return written


def write_blind_sheets(record: FieldRecord, folder: Path) -> list[Path]:
    """Draw a field and its quarters with the grid alone, for somebody who is to see nothing that others said of it.

    ``IMAGE.png`` and ``IMAGE_q1.png`` to ``IMAGE_q4.png``; the name, too, says nothing: its label is left out.

    Raises:
        DataError: the folder lies in a repository; pictures of patients do not belong there.
        ImageError: the picture cannot be read.
    """
    refuse_repository(folder)
    folder.mkdir(parents=True, exist_ok=True)
    pixels = record.read().pixels
    height, width = pixels.shape[:2]
    plain = replace(record, name=unlabelled(record.name), blast_points=(), other_points=())
    nothing = FieldAnnotation(plain.name, (), (), {}, (), looked=False)
    views = {plain.name: View((0, 0, width, height), (LONG_SIDE - 2 * RULER) / max(width, height))}
    views |= {f"{plain.name}_q{number}": view for number, view in enumerate(_quarters(width, height), start=1)}
    # Stained objects are not shown, yet their colours are kept.
    palette = _palette(pixels, [thing.box for thing in stained_objects(pixels, None)])
    return [
        _write(_draw(pixels, view, plain, nothing), folder / f"{name}.png", palette) for name, view in views.items()
    ]


def refuse_repository(folder: Path) -> None:
    """Raises DataError where ``folder`` lies in a repository."""
    for parent in (folder.resolve(), *folder.resolve().parents):
        if (parent / ".git").exists():
            raise DataError(
                f"Sheets show photographs of patients and are not written into the repository '{parent}'. "
                "Name a folder outside it."
            )


def _quarters(width: int, height: int, cell_side: float | None = None) -> list[View]:
    """Upper left, upper right, lower left, lower right; cells of ``cell_side`` px are drawn large enough."""
    spans = []
    for size in (width, height):
        margin = round(OVERLAP * size)
        spans.append(((0, size // 2 + margin), (size // 2 - margin, size)))
    scale = (LONG_SIDE - 2 * RULER) / (max(width, height) * (0.5 + OVERLAP))
    if cell_side is not None:
        scale = max(scale, CELL_SIDE / cell_side)
    return [View((x0, y0, x1, y1), scale) for y0, y1 in spans[1] for x0, x1 in spans[0]]


def _shorter(box: Box) -> float:
    return min(box[2] - box[0], box[3] - box[1])


def _things(annotation: FieldAnnotation) -> list[MarkedBox]:
    """Boxes and unboxed objects, as one list."""
    loose = [MarkedBox(key, CellBox("ignore", one.box, "unboxed")) for key, one in annotation.unboxed.items()]
    return [*annotation.boxes, *loose]


def _draw(pixels: Pixels, view: View, record: FieldRecord, annotation: FieldAnnotation) -> Image.Image:
    """One view with ruler, grid and marks."""
    x0, y0, x1, y1 = view.box
    size = round((x1 - x0) * view.scale), round((y1 - y0) * view.scale)
    small = cv2.resize(pixels[y0:y1, x0:x1], size, interpolation=cv2.INTER_AREA if view.scale < 1 else cv2.INTER_CUBIC)
    sheet = Image.new("RGB", (size[0] + 2 * RULER, size[1] + 2 * RULER), WHITE)
    sheet.paste(Image.fromarray(np.asarray(small, np.uint8)), (RULER, RULER))
    draw = ImageDraw.Draw(sheet)
    draw.fontmode = "1"  # hard edges keep the colours few and the files small
    _grid(draw, view, sheet.size)
    for x, y in record.other_points:
        _dot(draw, view.at(x, y))
    for marked in _things(annotation):
        if _meet(marked.cell.box, view.box):
            _mark(draw, view, marked)
    for x, y in record.blast_points:
        _cross(draw, view.at(x, y))
    return sheet


def _meet(first: Box, second: tuple[int, int, int, int]) -> bool:
    return first[0] < second[2] and second[0] < first[2] and first[1] < second[3] and second[1] < first[3]


def _grid(draw: ImageDraw.ImageDraw, view: View, size: tuple[int, int]) -> None:
    """Thin lines each so many pixels of the field, with their coordinates along all four edges."""
    step = next((step for step in GRID_STEPS if step * view.scale >= GRID_GAP), GRID_STEPS[-1])
    x0, y0, x1, y1 = view.box
    font = _font(12)
    for x in range(-(-x0 // step) * step, x1 + 1, step):
        at = view.at(x, 0)[0]
        draw.line([(at, RULER), (at, size[1] - RULER)], GRID, 1)
        for y in (RULER - 3, size[1] - 8):
            draw.text((at, y), str(x), INK, font, anchor="ms")
    for y in range(-(-y0 // step) * step, y1 + 1, step):
        at = view.at(0, y)[1]
        draw.line([(RULER, at), (size[0] - RULER, at)], GRID, 1)
        draw.text((0, at), str(y), INK, font, anchor="lm")
        draw.text((size[0], at), str(y), INK, font, anchor="rm")


def _mark(draw: ImageDraw.ImageDraw, view: View, marked: MarkedBox) -> None:
    """A box in the shape and colour of its class, with its id above the upper left corner."""
    kind = "unboxed" if marked.cell.source == "unboxed" else marked.cell.kind
    box = (*view.at(*marked.cell.box[:2]), *view.at(*marked.cell.box[2:]))
    colour = COLOURS[kind]
    if kind == "healthy":
        draw.rounded_rectangle(box, 0.2 * min(box[2] - box[0], box[3] - box[1]), outline=colour, width=3)
    elif kind == "blast":
        draw.rectangle(box, outline=colour, width=3)
    else:
        _dotted(draw, box, colour)
    font = _font(17)
    left, top, right, bottom = draw.textbbox((box[0], max(box[1], 20)), marked.id, font, anchor="lb")
    draw.rectangle((left - 3, top - 2, right + 3, bottom + 2), fill=colour)
    draw.text((box[0], max(box[1], 20)), marked.id, INK if kind == "unboxed" else WHITE, font, anchor="lb")


def _dotted(draw: ImageDraw.ImageDraw, box: Box, colour: Colour) -> None:
    x0, y0, x1, y1 = box
    for x in np.arange(x0, x1, 9):
        draw.line([(x, y0), (min(x + 5, x1), y0)], colour, 3)
        draw.line([(x, y1), (min(x + 5, x1), y1)], colour, 3)
    for y in np.arange(y0, y1, 9):
        draw.line([(x0, y), (x0, min(y + 5, y1))], colour, 3)
        draw.line([(x1, y), (x1, min(y + 5, y1))], colour, 3)


def _cross(draw: ImageDraw.ImageDraw, at: tuple[float, float]) -> None:
    x, y = at
    for colour, width, arm in ((INK, 5, 10), (YELLOW, 3, 9)):
        draw.line([(x - arm, y), (x + arm, y)], colour, width)
        draw.line([(x, y - arm), (x, y + arm)], colour, width)


def _dot(draw: ImageDraw.ImageDraw, at: tuple[float, float]) -> None:
    x, y = at
    draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=WHITE, outline=INK, width=1)


def _close_ups(
    pixels: Pixels, things: Sequence[MarkedBox], record: FieldRecord, annotation: FieldAnnotation
) -> Image.Image:
    """Every box enlarged, with its own grid; the caption gives id, class and box."""
    columns = min(len(things), 6)
    pitch_x, pitch_y = TILE + 2 * RULER + 6, TILE + 2 * RULER + 22
    rows = -(-len(things) // columns)
    sheet = Image.new("RGB", (columns * pitch_x, rows * pitch_y), WHITE)
    draw = ImageDraw.Draw(sheet)
    draw.fontmode = "1"
    for index, marked in enumerate(things):
        view = _around(marked.cell.box, pixels.shape[1], pixels.shape[0])
        left, top = index % columns * pitch_x, index // columns * pitch_y
        sheet.paste(_draw(pixels, view, record, annotation), (left, top + 20))
        kind = "unboxed" if marked.cell.source == "unboxed" else f"{marked.cell.kind} ({marked.cell.source})"
        words = f"{marked.id} {kind} {' '.join(f'{side:g}' for side in marked.cell.box)}"
        draw.text((left + RULER, top + 18), words, INK, _font(14), anchor="lb")
    return sheet


def _around(box: Box, width: int, height: int) -> View:
    """A square view around a box, within the field."""
    side = min((1 + 2 * TILE_MARGIN) * max(box[2] - box[0], box[3] - box[1]), width, height)
    x0 = round(min(max((box[0] + box[2] - side) / 2, 0), width - side))
    y0 = round(min(max((box[1] + box[3] - side) / 2, 0), height - side))
    return View((x0, y0, x0 + round(side), y0 + round(side)), TILE / round(side))


def _write(sheet: Image.Image, path: Path, palette: Image.Image) -> Path:
    """As PNG of 256 colours, smaller where the file would be too large."""
    picture = sheet
    while True:
        buffer = io.BytesIO()
        picture.quantize(palette=palette, dither=Image.Dither.NONE).save(buffer, "PNG", compress_level=9)
        if buffer.tell() <= LARGEST_FILE:
            path.write_bytes(buffer.getvalue())
            return path
        smaller = round(picture.width * 0.9), round(picture.height * 0.9)
        picture = picture.resize(smaller, Image.Resampling.LANCZOS)


def _palette(pixels: Pixels, boxes: Sequence[Box]) -> Image.Image:
    """The colours of the marks, and those of the photograph: half for what lies in boxes, half for all of it."""
    marks = [VIOLET, TEAL, GREY, AMBER, YELLOW, WHITE, INK, GRID]
    free = 256 - len(marks)
    inside = [pixels[round(y0) : round(y1), round(x0) : round(x1)].reshape(-1, 3) for x0, y0, x1, y1 in boxes]
    samples = (
        [np.concatenate(inside)[::7], pixels[::8, ::8].reshape(-1, 3)] if inside else [pixels[::8, ::8].reshape(-1, 3)]
    )
    colours = [value for mark in marks for value in mark]
    for sample in samples:
        own = Image.fromarray(sample[None]).quantize(free // len(samples), dither=Image.Dither.NONE).getpalette()
        colours += own or []
    palette = Image.new("P", (1, 1))
    palette.putpalette(colours[: 256 * 3])
    return palette


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def chosen(records: Iterable[FieldRecord], names: Sequence[str]) -> list[FieldRecord]:
    """The records of these names, all where none is given. Raises DataError for an unknown name."""
    known = {record.name: record for record in records}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise DataError(
            f"There is no field '{unknown[0]}' in the data. Names are such as {next(iter(known), 'Im001_1')}."
        )
    return [known[name] for name in names] if names else list(known.values())
