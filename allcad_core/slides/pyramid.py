"""A pyramid of JPEG tiles in a folder, as Deep Zoom lays them out: ``LEVEL/COLUMN_ROW.jpg``."""

from __future__ import annotations

import json
from collections import OrderedDict
from pathlib import Path
from threading import Lock

import cv2
import numpy as np

from allcad_core.slides.base import TILE, Pixels, Slide, SlideError, Window

FACTS = "slide.json"
"""Written last: where it is missing, the pyramid is not complete."""
TILES = "slide_files"
KEPT = 64
"""Decoded tiles that are kept: 50 MB."""


class TilePyramid(Slide):
    """A slide whose every level lies in a folder, as ``generated`` and ``converted`` make it."""

    def __init__(self, folder: Path) -> None:
        """Open a folder.

        Raises:
            SlideError: its facts are missing or damaged.
        """
        try:
            facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
            size = (int(facts["width"]), int(facts["height"]))
            super().__init__(str(facts["name"]), size, str(facts["key"]), facts["um_per_px"], str(facts["kind"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SlideError(f"The folder {folder.name} holds no complete slide. Make it anew.") from error
        self._tiles = folder / TILES
        self._decoded: OrderedDict[tuple[int, int, int], Pixels] = OrderedDict()
        self._lock = Lock()

    def tile(self, level: int, column: int, row: int) -> bytes:
        """A tile as it lies in the folder."""
        try:
            return (self._tiles / str(int(level)) / f"{int(column)}_{int(row)}.jpg").read_bytes()
        except OSError as error:
            raise SlideError(f"{self.name} has no tile {column}, {row} at level {level}.") from error

    def _region(self, window: Window, shrink: int) -> Pixels:
        level = self.levels - shrink.bit_length()
        if level < 0:
            raise SlideError(f"{self.name} cannot be shrunk {shrink} times.")
        width, height = self.size_at(shrink)
        x0, y0 = window[0] // shrink, window[1] // shrink
        x1, y1 = min(-(-window[2] // shrink), width), min(-(-window[3] // shrink), height)
        pixels = np.empty((y1 - y0, x1 - x0, 3), np.uint8)
        for row in range(y0 // TILE, -(-y1 // TILE)):
            for column in range(x0 // TILE, -(-x1 // TILE)):
                left, top = column * TILE, row * TILE
                part = self._pixels(level, column, row)
                a, b = max(x0, left), max(y0, top)
                c, d = min(x1, left + part.shape[1]), min(y1, top + part.shape[0])
                pixels[b - y0 : d - y0, a - x0 : c - x0] = part[b - top : d - top, a - left : c - left]
        return pixels

    def _pixels(self, level: int, column: int, row: int) -> Pixels:
        place = (level, column, row)
        with self._lock:
            if place in self._decoded:
                self._decoded.move_to_end(place)
                return self._decoded[place]
        picture = cv2.imdecode(np.frombuffer(self.tile(*place), np.uint8), cv2.IMREAD_COLOR)
        shrink = 1 << (self.levels - 1 - level)
        width, height = self.size_at(shrink)
        wanted = (min(TILE, height - row * TILE), min(TILE, width - column * TILE))
        if picture is None or picture.shape[:2] != wanted:
            raise SlideError(f"Tile {column}, {row} at level {level} of {self.name} is damaged. Make the slide anew.")
        pixels = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
        with self._lock:
            self._decoded[place] = pixels
            while len(self._decoded) > KEPT:
                self._decoded.popitem(last=False)
        return pixels


def facts_text(name: str, size: tuple[int, int], key: str, um_per_px: float | None, kind: str) -> str:
    """What ``TilePyramid`` wants to know of a folder, as JSON."""
    facts = {"name": name, "width": size[0], "height": size[1], "key": key, "um_per_px": um_per_px, "kind": kind}
    return json.dumps({"schema_version": 1, **facts}, indent=1) + "\n"


def deep_zoom_text(size: tuple[int, int]) -> str:
    """The Deep Zoom descriptor, by which other viewers open the same folder."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" Format="jpg" Overlap="0" TileSize="{TILE}">'
        f'<Size Width="{size[0]}" Height="{size[1]}"/></Image>\n'
    )
