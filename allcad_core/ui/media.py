"""Pictures on their way to the browser: encoded once, handed over as an address and never as raw arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core.results import Box

Pixels = NDArray[np.uint8]

LONGEST_SIDE = 8192
"""Pixels. Browsers on phones draw no larger canvas; the boxes stay in pixels of the field."""
PHOTO_QUALITY, CROP_QUALITY = 92, 88
TILE = 128
"""Pixels of a crop's side in a sprite: sharp on a screen with two device pixels for each of 64."""
SPRITE_COLUMNS = 16
CONTEXT = 1.5
"""A crop shows this many times the longer side of its box, so that a cell is seen among its neighbours."""


@dataclass(frozen=True, eq=False)
class Sprite:
    """Many crops in one picture, row by row: one request for a whole gallery."""

    jpeg: bytes
    columns: int
    rows: int


def jpeg(pixels: Pixels, quality: int = PHOTO_QUALITY) -> bytes:
    """Encode a picture, made smaller where its longer side passes ``LONGEST_SIDE``.

    Args:
        pixels: uint8 (height, width, 3), RGB.
        quality: JPEG quality, 1..100.
    """
    pixels = at_most(pixels, LONGEST_SIDE)
    done, data = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return data.tobytes()


def at_most(pixels: Pixels, longest: int) -> Pixels:
    """A picture made smaller where its longer side passes ``longest`` pixels; itself where it does not."""
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    return _resized(pixels, max(1, round(width * scale)), max(1, round(height * scale))) if scale < 1 else pixels


def crop(pixels: Pixels, box: Box, side: int = TILE) -> Pixels:
    """A square around a box with some of its surroundings, ``side`` pixels wide.

    At the edge of the picture the square is moved inwards; where the picture is smaller, its edge goes on.

    Args:
        pixels: uint8 (height, width, 3), RGB.
        box: x0, y0, x1, y1 in pixels of the picture.
        side: width and height of the result.
    """
    left, top, half = _square(box, pixels.shape)
    height, width = pixels.shape[:2]
    rows = np.clip(np.arange(top, top + 2 * half), 0, height - 1)
    columns = np.clip(np.arange(left, left + 2 * half), 0, width - 1)
    return _resized(pixels[np.ix_(rows, columns)], side, side)


def crop_frame(box: Box, shape: tuple[int, ...], side: int = TILE) -> tuple[NDArray[np.float64], float]:
    """Where a crop of a picture of this shape lies: its upper left corner (x, y) in the picture's pixels, and its scale."""
    left, top, half = _square(box, shape)
    return np.array([left, top], float), side / (2 * half)


def _square(box: Box, shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Left, top and half the side of the square around a box in a picture of this shape."""
    x0, y0, x1, y1 = box
    half = max(1, math.ceil(CONTEXT * max(x1 - x0, y1 - y0) / 2))

    def start(middle: float, length: int) -> int:
        return max(0, min(round(middle) - half, length - 2 * half)) if 2 * half <= length else round(middle) - half

    return start((x0 + x1) / 2, shape[1]), start((y0 + y1) / 2, shape[0]), half


def thumbnail(pixels: Pixels, width: int = TILE, height: int = TILE) -> Pixels:
    """The middle of a picture, as large as fits, at the wanted size."""
    tall, wide = pixels.shape[:2]
    scale = min(wide / width, tall / height)
    cut_width, cut_height = max(1, int(width * scale)), max(1, int(height * scale))
    top, left = (tall - cut_height) // 2, (wide - cut_width) // 2
    return _resized(pixels[top : top + cut_height, left : left + cut_width], width, height)


def sprite(tiles: Sequence[Pixels]) -> Sprite:
    """Crops of ``TILE`` by ``TILE`` pixels as one picture; empty where there are none."""
    if not tiles:
        return Sprite(b"", 1, 1)
    columns = min(SPRITE_COLUMNS, len(tiles))
    rows = math.ceil(len(tiles) / columns)
    sheet = np.full((rows * TILE, columns * TILE, 3), 255, np.uint8)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        sheet[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE] = tile
    return Sprite(jpeg(sheet, CROP_QUALITY), columns, rows)


def address(source: bytes | Path, kind: str, place: str) -> str:
    """Where the browser can fetch a file from this very server, as long as the visitor's page shows it.

    Args:
        source: content, or a file of allcad's own.
        kind: media type, such as ``image/jpeg``.
        place: where on the page it stands; another file at the same place takes over from it.
    """
    from streamlit.runtime import get_instance

    content = source if isinstance(source, bytes) else str(source)
    return get_instance().media_file_mgr.add(content, kind, f"allcad.{place}")


def _resized(pixels: Pixels, width: int, height: int) -> Pixels:
    smaller = width < pixels.shape[1]
    resized: Pixels = cv2.resize(
        np.ascontiguousarray(pixels), (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    ).astype(np.uint8, copy=False)
    return resized
