"""The strip below an annotated picture: the answer, the key to the marks, and what allcad is not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from allcad_core.export.marks import HAIRLINE, INK, MUTED, PAPER, glyph
from allcad_core.results import FieldAnalysis

NOTICE = "For research and teaching. Not a medical device."

TEXT, SMALLEST = 16.0, 8.0
"""Pixels of a letter's height at scale 1, and the least that can be read."""
LINE_HEIGHT, PADDING, GAP = 1.75, 0.75, 1.25
"""In parts of the letter's height."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that stay on one line, with the mark of a class before them where there is one."""

    text: str
    kind: str | None = None
    quiet: bool = False
    new_line: bool = False


def footer(analysis: FieldAnalysis, width: int, scale: float) -> NDArray[np.uint8]:
    """uint8 (height, ``width``, 3), RGB: as many lines as the words need at this width.

    Args:
        analysis: what the words are about.
        width: of the picture above, in pixels.
        scale: factor of the letters' size; they shrink where the picture is too narrow for them.
    """
    pieces = _pieces(analysis)
    size = TEXT * scale
    while max(_width(piece, size) for piece in pieces) > width - 2 * PADDING * size and size > SMALLEST:
        size = max(SMALLEST, 0.92 * size)
    lines = _lines(_broken(pieces, size, width - 2 * PADDING * size), size, width)
    padding, step = PADDING * size, LINE_HEIGHT * size
    strip = Image.new("RGB", (width, round(2 * padding + step * len(lines))), PAPER)
    pen = ImageDraw.Draw(strip)
    pen.line((0, 0, width, 0), fill=HAIRLINE, width=max(1, round(scale)))
    marks: list[tuple[str, tuple[float, float]]] = []
    for row, line in enumerate(lines):
        x, middle = padding, padding + step * (row + 0.5)
        for piece in line:
            if piece.quiet and piece is not line[0]:
                x = max(x, width - padding - _width(piece, size))  # to the right edge
            if piece.kind is not None:
                marks.append((piece.kind, (x, middle - size / 2)))
            start = x + (1.4 * size if piece.kind is not None else 0)
            pen.text((start, middle), piece.text, fill=MUTED if piece.quiet else INK, font=_font(size), anchor="lm")
            x += _width(piece, size) + GAP * size
    canvas = np.array(strip)
    for kind, corner in marks:
        glyph(canvas, kind, corner, size, casing=0)
    return canvas


def _pieces(analysis: FieldAnalysis) -> list[Piece]:
    """What is said. The font that comes with Pillow has no dash, so the interval is joined by a word."""
    counts, share = analysis.counts, analysis.blast_fraction
    pieces = [Piece(analysis.suggestion.headline)]
    if share.value is not None and share.low is not None and share.high is not None:
        ends = f"{100 * share.low:.0f} to {100 * share.high:.0f}"
        pieces.append(Piece(f"Blast share {100 * share.value:.0f} % (95 % interval {ends})"))
    review = sum(cell.to_review for cell in analysis.cells)
    pieces.append(Piece(f"Blast {counts.blast}", "blast", new_line=True))
    pieces.append(Piece(f"Healthy {counts.healthy}", "healthy"))
    if review:
        pieces.append(Piece(f"To review {review}", "review"))
    if counts.unsure:
        pieces.append(Piece(f"Cannot tell {counts.unsure}", "unsure"))
    pieces.append(Piece(NOTICE, quiet=True))
    return pieces


def _broken(pieces: list[Piece], size: float, room: float) -> list[Piece]:
    """The same pieces, those that are wider than ``room`` taken apart between words."""
    parts: list[Piece] = []
    for piece in pieces:
        line = replace(piece, text="")
        for word in piece.text.split(" "):
            longer = replace(line, text=f"{line.text} {word}".lstrip())
            if line.text and _width(longer, size) > room:
                parts.append(line)
                longer = Piece(word, quiet=piece.quiet, new_line=True)
            line = longer
        parts.append(line)
    return parts


def _lines(pieces: list[Piece], size: float, width: int) -> list[list[Piece]]:
    lines: list[list[Piece]] = []
    free = 0.0
    for piece in pieces:
        needed = _width(piece, size)
        if not lines or piece.new_line or needed > free:
            lines.append([])
            free = width - 2 * PADDING * size
        lines[-1].append(piece)
        free -= needed + GAP * size
    return lines


def _width(piece: Piece, size: float) -> float:
    return _font(size).getlength(piece.text) + (1.4 * size if piece.kind is not None else 0)


def _font(size: float) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)  # Pillow's wheels are built with FreeType
    return font
