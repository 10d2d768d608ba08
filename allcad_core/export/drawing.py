"""Marks drawn with smooth edges onto a picture: frames, glyphs and plates, each from its distance function."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float64]
Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Frame:
    """The outline of a box: x0, y0, x1, y1 in pixels, on the middle of the line.

    Attributes:
        radius: of the corners, in pixels; 0 gives square ones.
        dash: lengths of mark and gap in pixels; ``None`` for a whole line.
    """

    box: tuple[float, float, float, float]
    radius: float = 0.0
    dash: tuple[float, float] | None = None


def stroke(canvas: Pixels, frame: Frame, width: float, colour: Colour) -> None:
    """Draw a frame's line, ``width`` pixels wide, onto ``canvas`` (height, width, 3), in place."""
    patch, x, y = _patch(canvas, frame.box, width)
    x0, y0, x1, y1 = frame.box
    # Position against the middle of the box, folded into one quarter.
    dx, dy = np.abs(x - (x0 + x1) / 2) - (x1 - x0) / 2, np.abs(y - (y0 + y1) / 2) - (y1 - y0) / 2
    if frame.radius > 0:
        qx, qy = dx + frame.radius, dy + frame.radius
        outside = np.hypot(np.maximum(qx, 0), np.maximum(qy, 0))
        distance = outside + np.minimum(np.maximum(qx, qy), 0) - frame.radius
    else:
        distance = np.maximum(dx, dy)
    cover = _inside(np.abs(distance) - width / 2)
    if frame.dash is not None:
        along = np.where(dx > dy, _dashes(y - y0, y1 - y0, frame.dash), _dashes(x - x0, x1 - x0, frame.dash))
        cover = cover * along
    _blend(patch, cover, colour)


def plate(canvas: Pixels, box: tuple[float, float, float, float], colour: Colour) -> None:
    """Fill a rectangle."""
    patch, x, y = _patch(canvas, box, 1)
    x0, y0, x1, y1 = box
    _blend(patch, _inside(np.maximum(np.maximum(x0 - x, x - x1), np.maximum(y0 - y, y - y1))), colour)


def diamond(canvas: Pixels, centre: tuple[float, float], size: float, colour: Colour) -> None:
    """Fill a diamond, ``size`` pixels from tip to tip."""
    patch, x, y = _patch(canvas, _around(centre, size), 1)
    reach = np.abs(x - centre[0]) + np.abs(y - centre[1])
    _blend(patch, _inside((reach - size / 2) / math.sqrt(2)), colour)


def ring(canvas: Pixels, centre: tuple[float, float], size: float, width: float, colour: Colour) -> None:
    """Draw a circle of ``size`` pixels across, on the middle of its line."""
    patch, x, y = _patch(canvas, _around(centre, size), width)
    distance = np.hypot(x - centre[0], y - centre[1]) - size / 2
    _blend(patch, _inside(np.abs(distance) - width / 2), colour)


def triangle(canvas: Pixels, centre: tuple[float, float], size: float, colour: Colour) -> None:
    """Fill a triangle with its tip up, ``size`` pixels wide and 6/7 as high."""
    height = size * 6 / 7
    patch, x, y = _patch(canvas, _around(centre, size), 1)
    down = y - (centre[1] - height / 2)
    slant = (np.abs(x - centre[0]) - down * size / (2 * height)) * height / math.hypot(height, size / 2)
    _blend(patch, _inside(np.maximum(slant, down - height)), colour)


def cross(canvas: Pixels, centre: tuple[float, float], size: float, width: float, colour: Colour) -> None:
    """Draw two diagonal strokes."""
    patch, x, y = _patch(canvas, _around(centre, size), width)
    dx, dy = x - centre[0], y - centre[1]
    root = math.sqrt(2)
    off = np.minimum(np.abs(dx - dy), np.abs(dx + dy)) / root - width / 2
    _blend(patch, _inside(np.maximum(off, np.maximum(np.abs(dx), np.abs(dy)) - size / 2)), colour)


def _around(centre: tuple[float, float], size: float) -> tuple[float, float, float, float]:
    return centre[0] - size / 2, centre[1] - size / 2, centre[0] + size / 2, centre[1] + size / 2


def _patch(canvas: Pixels, box: tuple[float, float, float, float], margin: float) -> tuple[Pixels, Plane, Plane]:
    """The part of the canvas that a mark may touch, with the coordinates of its pixels' middles."""
    height, width = canvas.shape[:2]
    pad = int(np.ceil(margin)) + 2
    left, right = np.clip([np.floor(box[0]) - pad, np.ceil(box[2]) + pad], 0, width).astype(int)
    top, bottom = np.clip([np.floor(box[1]) - pad, np.ceil(box[3]) + pad], 0, height).astype(int)
    x = (np.arange(left, right, dtype=np.float64) + 0.5)[None, :]
    y = (np.arange(top, bottom, dtype=np.float64) + 0.5)[:, None]
    return canvas[top:bottom, left:right], x, y


def _inside(distance: Plane) -> Plane:
    """Share of a pixel that a shape covers, from the signed distance of its middle to the edge."""
    return np.asarray(np.clip(0.5 - distance, 0, 1))


def _dashes(along: Plane, length: float, dash: tuple[float, float]) -> Plane:
    """1 on a mark, 0 in a gap; marks and gaps stretched so that a side starts and ends with a mark, at its corners."""
    mark, gap = dash
    count = max(1, round((length + gap) / (mark + gap)))
    stretch = length / (count * mark + (count - 1) * gap)
    mark, period = stretch * mark, stretch * (mark + gap)
    middle = np.mod(np.clip(along, 0, length), period) - mark / 2
    return np.maximum(_inside(np.abs(middle) - mark / 2), _inside(np.abs(middle - period) - mark / 2))


def _blend(patch: Pixels, cover: Plane, colour: Colour) -> None:
    if patch.size:
        mixed = patch + cover[..., None] * (np.array(colour, dtype=np.float32) - patch)
        patch[...] = mixed.round().astype(np.uint8)
