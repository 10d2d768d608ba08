"""Why a cell was judged so, as a picture: what the network saw beside what spoke for its answer."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core.explained import Explained
from allcad_core.explanation import overlay
from allcad_core.export.marks import INK, PAPER, WHITE
from allcad_core.results import Cell

SIDE, GAP = 320, 16
"""Pixels of each picture of a cell, and between and around the two."""
LONG_SIDE = 640
"""Pixels of the longer side of each picture of a field."""


def explained_png(explained: Explained, cell: Cell) -> bytes:
    """The crop and its map side by side, the cell outlined where its outline is known, as PNG."""
    seen = cv2.resize(explained.crop, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    mapped = overlay(explained.crop, explained.heat, SIDE)
    if cell.outline:
        scale = explained.scale * SIDE / len(explained.crop)
        outlined(mapped, (np.asarray(cell.outline) - explained.corner) * scale)
    return _beside(np.asarray(seen, np.uint8), mapped)


def why_png(shown: NDArray[np.uint8], heat: NDArray[np.float32]) -> bytes:
    """What a classifier saw of a whole picture beside what spoke for its answer, as PNG.

    Args:
        shown: uint8 (height, width, 3), RGB.
        heat: float32 (height, width), 0..1.
    """
    mapped = overlay(shown, heat, LONG_SIDE)
    height, width = mapped.shape[:2]
    return _beside(np.asarray(cv2.resize(shown, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8), mapped)


def _beside(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> bytes:
    """Two pictures of one size side by side, as PNG."""
    height, width = first.shape[:2]
    sheet = np.full((height + 2 * GAP, 2 * width + 3 * GAP, 3), PAPER, np.uint8)
    for place, picture in enumerate((first, second)):
        left = GAP + place * (width + GAP)
        sheet[GAP : GAP + height, left : left + width] = picture
    done, data = cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    assert done
    return data.tobytes()


def outlined(picture: NDArray[np.uint8], points: NDArray[np.float64]) -> None:
    """Draw a closed outline (n, 2), x, y in px, in ink with a white edge, in place."""
    line = np.rint(points).astype(np.int32)
    cv2.polylines(picture, [line], True, WHITE, 4, cv2.LINE_AA)
    cv2.polylines(picture, [line], True, INK, 2, cv2.LINE_AA)
