"""The annotated picture: every shown cell in its frame, and below the picture what it means."""

from __future__ import annotations

import io
import math
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from allcad_core.export import drawing
from allcad_core.export.footer import NOTICE, footer
from allcad_core.export.marks import COLOURS, INK, WHITE, glyph
from allcad_core.images import SmearImage
from allcad_core.results import Cell, FieldAnalysis

Pixels = NDArray[np.uint8]

COMMON_SIDE = 1300
"""Pixels of the longer side at which lines have the widths below; a larger picture is looked at smaller."""
LINE, CASING = 2.6, 1.0
"""Pixels: the line, and the white on each side of it."""
INK_CASING = 1.3
DASH, DOTS = (9.0, 6.0), (2.0, 4.0)
TAG, TAG_FROM, TAG_SHARE = 18.0, 40.0, 0.45
"""Side of a tag; box side from which it shows; largest part of a box that it may take."""
ROUNDING = 0.25
"""Radius of a healthy cell's corners as a part of its side."""
PNG_EFFORT = 4
"""Compression of PNG, 0 to 9: half the time of the usual 6 for one per cent more bytes."""


def annotated_png(image: SmearImage, analysis: FieldAnalysis) -> bytes:
    """The picture at full resolution with the shown cells framed, a strip of words below it, as PNG.

    Raises:
        ValueError: the analysis is of a picture of another size.
    """
    remarks = PngInfo()
    remarks.add_text("Software", "allcad")
    remarks.add_text("Comment", NOTICE)
    buffer = io.BytesIO()
    Image.fromarray(annotate(image, analysis)).save(buffer, "PNG", compress_level=PNG_EFFORT, pnginfo=remarks)
    return buffer.getvalue()


def annotated_jpeg(image: SmearImage, analysis: FieldAnalysis, longest: int = 1600, quality: int = 90) -> bytes:
    """The same for screens, as JPEG: at most ``longest`` pixels on the longer side, the strip not counted.

    Raises:
        ValueError: the analysis is of a picture of another size.
    """
    buffer = io.BytesIO()
    picture = Image.fromarray(annotate(image, analysis, longest))
    picture.save(buffer, "JPEG", quality=quality, subsampling="4:4:4", comment=NOTICE)
    return buffer.getvalue()


def annotate(image: SmearImage, analysis: FieldAnalysis, longest: int | None = None) -> Pixels:
    """uint8 (height + strip, width, 3), RGB: the picture with frames above the strip. Boxes keep their pixels.

    Arguments and errors are those of ``framed``.
    """
    canvas = framed(image, analysis, longest)
    return np.vstack([canvas, footer(analysis, canvas.shape[1], max(1.0, max(canvas.shape[:2]) / COMMON_SIDE))])


def framed(image: SmearImage, analysis: FieldAnalysis, longest: int | None = None) -> Pixels:
    """uint8 (height, width, 3), RGB: the picture with a frame around every shown cell, without the strip.

    Args:
        image: the picture, not changed.
        analysis: what is drawn: its cells at its confidence.
        longest: reduce the picture to this many pixels on its longer side before anything is drawn.

    Raises:
        ValueError: the analysis is of a picture of another size.
    """
    if (image.width, image.height) != (analysis.width, analysis.height):
        raise ValueError(
            f"{image.width} x {image.height} px were not analysed as {analysis.width} x {analysis.height}."
        )
    ratio = min(1.0, (longest or math.inf) / max(image.width, image.height))
    size = max(1, round(image.width * ratio)), max(1, round(image.height * ratio))
    canvas = np.array(image.pixels)
    if ratio < 1:
        canvas = np.asarray(cv2.resize(canvas, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    sides = [ratio * min(x1 - x0, y1 - y0) for x0, y0, x1, y1 in (cell.box for cell in analysis.cells)]
    scale = line_scale(max(size), sides)
    # Blasts over healthy cells, doubtful ones over both, and what scores higher over what scores lower.
    rank = {"unsure": 0, "healthy": 1, "blast": 2}
    cells = sorted(analysis.cells, key=lambda cell: (cell.to_review, rank[cell.label], cell.score))
    frames = [(cell, _within(canvas, cell, ratio, scale)) for cell in cells]
    for cell, box in frames:
        _frame(canvas, cell, box, scale)
    for cell, box in frames:
        _tags(canvas, cell, box, scale)
    return canvas


def line_scale(longer_side: float, box_sides: list[float]) -> float:
    """Factor for all widths: grows with the picture, unless its cells are too small to bear thicker lines."""
    bearable = median(box_sides) / TAG_FROM if box_sides else math.inf
    return max(1.0, min(longer_side / COMMON_SIDE, bearable))


def _within(canvas: Pixels, cell: Cell, ratio: float, scale: float) -> tuple[float, float, float, float]:
    """The cell's box in pixels of the canvas, its line kept inside the picture."""
    height, width = canvas.shape[:2]
    edge = math.ceil(_whole(LINE * scale) / 2 + _whole(INK_CASING * scale))
    x0, y0, x1, y1 = (ratio * side for side in cell.box)
    left, top = min(max(x0, edge), width - edge), min(max(y0, edge), height - edge)
    right, bottom = max(left + 1, min(x1, width - edge)), max(top + 1, min(y1, height - edge))
    # A line of an odd number of pixels is sharp where its middle is the middle of a pixel.
    half = 0.5 * (_whole(LINE * scale) % 2)
    return math.floor(left) + half, math.floor(top) + half, math.floor(right) + half, math.floor(bottom) + half


def _whole(pixels: float) -> int:
    return max(1, round(pixels))


def _frame(canvas: Pixels, cell: Cell, box: tuple[float, float, float, float], scale: float) -> None:
    side = min(box[2] - box[0], box[3] - box[1])
    radius = ROUNDING * side if cell.label == "healthy" and not cell.to_review else 0.0
    colour = COLOURS["review" if cell.to_review else cell.label]
    pattern = DASH if cell.to_review else DOTS if cell.label == "unsure" else None
    dash = (pattern[0] * scale, pattern[1] * scale) if pattern else None
    line, casing = _whole(LINE * scale), _whole((INK_CASING if cell.to_review else CASING) * scale)
    drawing.stroke(canvas, drawing.Frame(box, radius), line + 2 * casing, INK if cell.to_review else WHITE)
    drawing.stroke(canvas, drawing.Frame(box, radius, dash), line, colour)


def _tags(canvas: Pixels, cell: Cell, box: tuple[float, float, float, float], scale: float) -> None:
    """The glyph of the class above the box's upper left corner, a triangle before it where a person should look."""
    side = min(box[2] - box[0], box[3] - box[1])
    if side < TAG_FROM:
        return
    tag, casing = round(min(TAG * scale, TAG_SHARE * side)), _whole(CASING * scale)
    kinds = ["review", cell.label] if cell.to_review else [cell.label]
    above = math.floor(box[1]) - tag - casing
    top = above if above >= casing else math.floor(box[1]) + casing
    left = max(casing, min(math.floor(box[0]) - casing, canvas.shape[1] - len(kinds) * tag - casing))
    for place, kind in enumerate(kinds):
        glyph(canvas, kind, (left + place * tag, top), tag, casing)
