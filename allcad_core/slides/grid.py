"""The fixed grid of a slide: its tiles, and how tiles that lie together become blocks that are looked at at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from allcad_core.slides.base import TILE, Slide, Window

Place = tuple[int, int]
"""Column and row of a tile."""
MOST_ACROSS = 4
"""Tiles a side of a block: with its margin about a field of five megapixels at most, whose memory is known."""


@dataclass(frozen=True, slots=True)
class Block:
    """A rectangle of tiles: columns ``left`` to ``right`` and rows ``top`` to ``bottom``, the last ones not included."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def tiles(self) -> tuple[Place, ...]:
        """Its tiles, row by row."""
        return tuple((x, y) for y in range(self.top, self.bottom) for x in range(self.left, self.right))

    def window(self, margin: int = 0) -> Window:
        """Its px, with a margin around them."""
        return (
            self.left * TILE - margin, self.top * TILE - margin,
            self.right * TILE + margin, self.bottom * TILE + margin,
        )  # fmt: skip


def shape(slide: Slide) -> Place:
    """Columns and rows of a slide's grid."""
    return -(-slide.width // TILE), -(-slide.height // TILE)


def under(slide: Slide, window: Window) -> list[Place]:
    """Tiles that a window lies on, row by row; what lies beyond the slide has none."""
    columns, rows = shape(slide)
    across = range(max(0, window[0] // TILE), min(columns, -(-window[2] // TILE)))
    down = range(max(0, window[1] // TILE), min(rows, -(-window[3] // TILE)))
    return [(x, y) for y in down for x in across]


def blocks(tiles: Iterable[Place], most: int = MOST_ACROSS) -> list[Block]:
    """Rectangles that hold exactly these tiles, each at most ``most`` tiles a side, from the top left on.

    >>> [(b.left, b.top, b.right, b.bottom) for b in blocks([(0, 0), (1, 0), (0, 1), (1, 1), (5, 1)])]
    [(0, 0, 2, 2), (5, 1, 6, 2)]
    """
    left = set(tiles)
    found = []
    for x, y in sorted(left, key=lambda tile: (tile[1], tile[0])):
        if (x, y) not in left:
            continue
        right = x + 1
        while right - x < most and (right, y) in left:
            right += 1
        bottom = y + 1
        while bottom - y < most and _whole(left, x, right, bottom):
            bottom += 1
        block = Block(x, y, right, bottom)
        left.difference_update(block.tiles)
        found.append(block)
    return found


def _whole(tiles: Collection[Place], left: int, right: int, row: int) -> bool:
    return all((x, row) in tiles for x in range(left, right))


def from_middle(found: Iterable[Block], window: Window) -> list[Block]:
    """Blocks in the order of their distance from the middle of a window."""
    x, y = (window[0] + window[2]) / 2, (window[1] + window[3]) / 2

    def distance(block: Block) -> float:
        x0, y0, x1, y1 = block.window()
        return max(x0 - x, 0, x - x1) ** 2 + max(y0 - y, 0, y - y1) ** 2

    return sorted(found, key=distance)
