"""What every slide offers, whoever reads it: its size, regions at a power of two, and tiles for a viewer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core.errors import AllcadError

Pixels = NDArray[np.uint8]
Window = tuple[int, int, int, int]
"""x0, y0, x1, y1 in px of the slide at full size; x1 and y1 lie one past the last pixel."""
Progress = Callable[[str, int, int], None]
"""Called with a step in words, how much of it is done, and of how much."""

TILE = 512
"""Px a side of a viewer's tile at every level, and of the grid by which it is kept what was seen."""
QUALITY = 88
"""Of JPEG tiles that are encoded here."""


class SlideError(AllcadError):
    """A slide that cannot be opened, made or read. The message names it and the remedy."""


class Stopped(AllcadError):  # noqa: N818 (a person's wish, no mistake)
    """Somebody stopped a long work."""


class Slide(ABC):
    """A picture too large to be held: every read costs memory for its own result only. Safe to share by threads.

    Attributes:
        name: what a person calls it.
        width, height: px at full size.
        key: SHA-256 of the file's bytes; of what it is made from, where there is no file.
        um_per_px: micrometres a pixel at full size, ``None`` where the file does not say.
        kind: the format in a word.
    """

    def __init__(self, name: str, size: tuple[int, int], key: str, um_per_px: float | None, kind: str) -> None:
        self.name, (self.width, self.height), self.key = name, size, key
        self.um_per_px, self.kind = um_per_px, kind

    @property
    def levels(self) -> int:
        """How often the slide halves until its longer side is one pixel, plus one; Deep Zoom counts so."""
        return (max(self.width, self.height) - 1).bit_length() + 1

    def size_at(self, shrink: int) -> tuple[int, int]:
        """Width and height of the slide, shrunk."""
        return -(-self.width // shrink), -(-self.height // shrink)

    def read(self, window: Window, shrink: int = 1) -> Pixels:
        """Pixels of a window.

        Args:
            window: px at full size; what lies beyond the slide is cut off.
            shrink: a power of two; the result is so many times smaller, rounded up.

        Returns:
            uint8 (height, width, 3), RGB.

        Raises:
            SlideError: nothing of the window lies on the slide, or the file is damaged there.
        """
        x0, y0, x1, y1 = window
        x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, self.width), min(y1, self.height)
        if x1 <= x0 or y1 <= y0:
            raise SlideError(f"{window} lies beyond {self.name}, which has {self.width} x {self.height} px.")
        return self._region((x0, y0, x1, y1), shrink)

    @abstractmethod
    def _region(self, window: Window, shrink: int) -> Pixels:
        """``read`` of a window that lies within the slide."""

    def tile(self, level: int, column: int, row: int) -> bytes:
        """A viewer's tile as JPEG.

        Args:
            level: as Deep Zoom counts: 0 is one pixel, ``levels - 1`` full size.
            column: of the tile at that level.
            row: likewise.

        Raises:
            SlideError: there is no such tile.
        """
        if not 0 <= level < self.levels or min(column, row) < 0:
            raise SlideError(f"{self.name} has no tile {column}, {row} at level {level}.")
        shrink = 1 << (self.levels - 1 - level)
        side = TILE * shrink
        return encoded(
            self.read((column * side, row * side, (column + 1) * side, (row + 1) * side), shrink),
        )

    def overview(self, longest: int = 1024) -> tuple[Pixels, int]:
        """The whole slide with its longer side at ``longest`` px or less, and by how much it is shrunk."""
        shrink = 1
        while max(self.size_at(shrink)) > longest:
            shrink *= 2
        return self.read((0, 0, self.width, self.height), shrink), shrink

    def close(self) -> None:  # noqa: B027 (most slides hold nothing)
        """Let go of the file."""


def encoded(pixels: Pixels, quality: int = QUALITY) -> bytes:
    """A tile as JPEG."""
    done, data = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return data.tobytes()


def halved(pixels: Pixels) -> Pixels:
    """Half as wide and half as high, rounded up, each pixel the mean of four."""
    height, width = pixels.shape[:2]
    even = cv2.copyMakeBorder(pixels, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    return np.asarray(
        cv2.resize(even, (even.shape[1] // 2, even.shape[0] // 2), interpolation=cv2.INTER_AREA), np.uint8
    )
