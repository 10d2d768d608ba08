"""The marks of the classes, told by shape and by colour: the same over a picture and in words beside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from allcad_core.export import drawing

VIOLET, TEAL, AMBER, GREY = (0x6D, 0x22, 0xAE), (0x00, 0x80, 0x7A), (0xE8, 0xA1, 0x17), (0x6B, 0x64, 0x73)
"""Blast, healthy, to review, cannot tell: over a smear the same in every theme, as the picture is."""
INK, WHITE = (0x21, 0x1C, 0x28), (0xFF, 0xFF, 0xFF)
PAPER, MUTED, HAIRLINE = (0xFA, 0xF7, 0xF2), (0x5F, 0x57, 0x67), (0xDD, 0xD4, 0xC8)

COLOURS = {"blast": VIOLET, "healthy": TEAL, "review": AMBER, "unsure": GREY}


def glyph(canvas: NDArray[np.uint8], kind: str, corner: tuple[float, float], side: float, casing: float) -> None:
    """Draw a class's tag: its glyph in a filled square of ``side`` pixels, with an edge of ``casing`` pixels.

    Args:
        canvas: uint8 (height, width, 3), changed in place.
        kind: ``blast`` (diamond), ``healthy`` (ring), ``review`` (triangle), ``unsure`` (cross).
        corner: x, y of the square's upper left corner.
        side: of the square, in pixels.
        casing: width of the edge around it, in pixels; white, or ink around amber.
    """
    x, y = corner
    edge = INK if kind == "review" else WHITE
    drawing.plate(canvas, (x - casing, y - casing, x + side + casing, y + side + casing), edge)
    drawing.plate(canvas, (x, y, x + side, y + side), COLOURS[kind])
    centre = (x + side / 2, y + side / 2)
    if kind == "blast":
        drawing.diamond(canvas, centre, 0.6 * side, WHITE)
    elif kind == "healthy":
        drawing.ring(canvas, centre, 0.47 * side, 0.12 * side, WHITE)
    elif kind == "review":
        drawing.triangle(canvas, centre, 0.62 * side, INK)
    else:
        drawing.cross(canvas, centre, 0.45 * side, 0.11 * side, WHITE)
