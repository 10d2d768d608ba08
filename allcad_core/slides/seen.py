"""What was seen of a slide: its tiles, its cells without doubles, counts that are never counted again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from threading import Lock

from allcad_core.detection.base import iou
from allcad_core.intervals import Proportion, wilson
from allcad_core.results import Cell, Counts, FieldAnalysis, Models, Note, Timing
from allcad_core.slides.base import TILE, Slide, Window
from allcad_core.slides.grid import Place, shape, under

SAME = 0.5
"""Boxes of two looks with this IoU or more are one cell, as in ``detection.sliced``."""


class Seen:
    """What one visitor has seen of one slide with one model. It only grows. Safe to share by threads."""

    def __init__(self, slide: Slide, look: str, confidence: float) -> None:
        """Nothing is seen yet.

        Args:
            slide: the slide.
            look: name of the way of looking.
            confidence: cells with a lower score are kept, but not counted.
        """
        self.slide, self.look, self.confidence = slide, look, confidence
        self._cells: list[Cell] = []
        self._by_tile: dict[Place, list[int]] = {}
        self._tiles: dict[Place, None] = {}
        self._counts = {"blast": 0, "healthy": 0, "unsure": 0, "review": 0}
        self._lock = Lock()

    def add(self, tiles: Iterable[Place], cells: Iterable[Cell]) -> list[int]:
        """Take over what a look at these tiles found; a cell that is known already stays as it was.

        Returns:
            The numbers of the new cells.
        """
        with self._lock:
            new = [number for cell in cells if (number := self._add(cell)) is not None]
            self._tiles.update(dict.fromkeys(tiles))
            return new

    def _add(self, cell: Cell) -> int | None:
        column, row = _tile_of(cell)
        near = [
            self._cells[number].box
            for across, down in product((-1, 0, 1), repeat=2)
            for number in self._by_tile.get((column + across, row + down), ())
        ]
        if near and float(iou([cell.box], near).max()) >= SAME:
            return None
        number = len(self._cells)
        self._cells.append(cell)
        self._by_tile.setdefault((column, row), []).append(number)
        if cell.score >= self.confidence:
            self._counts[cell.label] += 1
            self._counts["review"] += cell.to_review
        return number

    def unseen(self, window: Window) -> list[Place]:
        """Tiles under a window that nobody looked at yet."""
        with self._lock:
            return [place for place in under(self.slide, window) if place not in self._tiles]

    def everything_unseen(self) -> list[Place]:
        """The same of the whole slide."""
        return self.unseen((0, 0, self.slide.width, self.slide.height))

    @property
    def tiles(self) -> list[Place]:
        """Tiles that were seen, in the order of looking."""
        with self._lock:
            return list(self._tiles)

    @property
    def cells(self) -> list[Cell]:
        """All cells at every score, in the order of their numbers."""
        with self._lock:
            return list(self._cells)

    def news(self, tiles: int, cells: int) -> tuple[list[Place], list[tuple[int, Cell]]]:
        """What came after so many tiles and cells: places, and numbers with cells."""
        with self._lock:
            late = list(self._tiles)[tiles:] if tiles < len(self._tiles) else []
            return late, list(enumerate(self._cells[cells:], start=cells))

    def cells_of(self, numbers: Sequence[int]) -> list[tuple[int, Cell]]:
        """Cells by their numbers."""
        with self._lock:
            return [(number, self._cells[number]) for number in numbers]

    @property
    def counts(self) -> Counts:
        """Cells that reach the confidence, by label."""
        return Counts(self._counts["blast"], self._counts["healthy"], self._counts["unsure"])

    @property
    def to_review(self) -> int:
        """Counted cells at which a person should look."""
        return self._counts["review"]

    @property
    def blast_fraction(self) -> Proportion:
        """Share of blasts in what was seen, with its 95 % Wilson interval: of counting, not of what is unseen."""
        counts = self.counts
        return wilson(counts.blast, counts.total)

    @property
    def coverage(self) -> float:
        """Share of the slide's tiles that were seen, 0..1."""
        columns, rows = shape(self.slide)
        return len(self._tiles) / (columns * rows)

    def analysis(self, models: Models, device: str, backend: str = "torch") -> FieldAnalysis:
        """What was seen as the one typed result, so that every export knows it."""
        with self._lock:
            cells = tuple(sorted(self._cells, key=lambda cell: -cell.score))
        notes: tuple[Note, ...] = ()
        if self.coverage < 1:
            notes = (Note("partly_seen", f"{100 * self.coverage:.1f} % of the slide was looked at, the rest was not."),)
        return FieldAnalysis(
            image=self.slide.name,
            width=self.slide.width,
            height=self.slide.height,
            sha256=self.slide.key,
            recipe=self.look,
            models=models,
            device=device,
            backend=backend,
            confidence=self.confidence,
            every_cell=cells,
            warnings=notes,
            timing_ms=Timing(),
        )


def _tile_of(cell: Cell) -> Place:
    x0, y0, x1, y1 = cell.box
    return int((x0 + x1) / 2) // TILE, int((y0 + y1) / 2) // TILE
