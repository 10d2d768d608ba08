"""Every stained object of nucleus size in a field: what a complete annotation must have a word about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core.ground import ground_colour
from allcad_core.results import Box

FALLBACK_RED_CELL = 1 / 28
"""Diameter of a red cell as a share of the long side, where a picture shows none."""

PURPLE = 0.08
"""Purple density from which a pixel is stained like a nucleus."""
NUCLEUS_SIZE = 0.75
"""An object of nucleus size has at least the area of a disc of this share of a red cell's diameter."""
THREAD = 0.2
"""What is thinner than this share of a red cell's diameter falls off."""
COVERED = 0.5
"""An object is spoken for when this share of it lies in boxes."""


@dataclass(frozen=True, eq=False)
class StainedObject:
    """One object: its box in pixels of the field, and the pixels of that box that are stained, bool (height, width)."""

    box: Box
    mask: NDArray[np.bool_]

    def covered_by(self, boxes: Iterable[Box]) -> bool:
        """Whether enough of it lies in ``boxes``."""
        x, y = round(self.box[0]), round(self.box[1])
        rest = self.mask.copy()
        for x0, y0, x1, y1 in boxes:
            rest[max(0, round(y0) - y) : max(0, round(y1) - y), max(0, round(x0) - x) : max(0, round(x1) - x)] = False
        return float(rest.sum()) <= (1 - COVERED) * float(self.mask.sum())


def stained_objects(pixels: NDArray[np.uint8], red_cell_diameter: float | None) -> tuple[StainedObject, ...]:
    """Stained objects of nucleus size, from the top down.

    Args:
        pixels: uint8 (height, width, 3), RGB.
        red_cell_diameter: in px; where unknown, a share of the long side stands in.
    """
    unit = red_cell_diameter or FALLBACK_RED_CELL * max(pixels.shape[:2])
    purple = _purple(pixels)
    side = 2 * round(THREAD * unit / 2) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    mask = cv2.morphologyEx((purple > PURPLE).astype(np.uint8), cv2.MORPH_OPEN, disc)
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(mask)
    least = np.pi / 4 * (NUCLEUS_SIZE * unit) ** 2
    found = []
    for number in range(1, count):
        x, y, width, height, area = (int(value) for value in stats[number])
        if area >= least:
            own = pieces[y : y + height, x : x + width] == number
            found.append(StainedObject((float(x), float(y), float(x + width), float(y + height)), own))
    return tuple(found)


def _purple(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(OD_red + OD_green) / 2 - OD_blue, with the optical density OD = log10(ground / light), float32 (height, width).

    Measured here and not by a segmentation method, so that a check of the annotation does not move with a method.
    """
    light = np.arange(1, 257, dtype=np.float32)
    tables = np.log10((ground_colour(pixels)[:, None] + 1) / light)
    planes = cv2.split(cv2.GaussianBlur(pixels, (5, 5), 1.0))
    red, green, blue = (np.asarray(cv2.LUT(plane, table)) for plane, table in zip(planes, tables, strict=True))
    return np.asarray((red + green) / 2 - blue, np.float32)
