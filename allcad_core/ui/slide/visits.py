"""A visitor's slide: what was seen of it, the scan in the background, and the name by which the browser asks for it."""

from __future__ import annotations

import secrets
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Collection, Iterator
from tempfile import TemporaryDirectory
from threading import Lock, Thread
from typing import Any

from allcad_core.errors import AllcadError
from allcad_core.results import Cell
from allcad_core.slides.base import Slide, Window
from allcad_core.slides.grid import Place, blocks, from_middle, shape
from allcad_core.slides.looking import Looker
from allcad_core.slides.scan import scan_slide
from allcad_core.slides.seen import Seen

MOST_AT_ONCE = 48
"""Unseen tiles that are looked at for one view; beyond that the visitor is asked to come nearer."""
VIEW_ACROSS = 3
"""Tiles a side of a view's blocks: the middle is answered first."""
STRIP_ACROSS = 6
"""Tiles of a block that is a single row or column, as a pan brings into view: read at once, it needs one margin only."""
PATIENCE_S = 2.0
"""For how long a scan stands aside after a view was looked at."""
MOST_LOOKERS = 8

_visits: weakref.WeakValueDictionary[str, Visit] = weakref.WeakValueDictionary()
_lookers: OrderedDict[tuple[str, str], Looker] = OrderedDict()
_lookers_lock = Lock()


def visit_of(token: str) -> Visit | None:
    """The visit that has this name, as long as its visitor is there."""
    return _visits.get(token)


class Visit:
    """One visitor at one slide with one model. It lives as long as the visitor's session holds it.

    Attributes:
        token: the name by which the visitor's browser, and nobody else, asks for tiles and cells.
        slide: the slide.
        looker: how it is looked at.
        seen: what was seen.
        problem: a sentence where something cannot go on; empty otherwise.
    """

    def __init__(self, slide: Slide, look: str | None = None, own: TemporaryDirectory[str] | None = None) -> None:
        """Nothing is seen yet.

        Args:
            slide: the slide.
            look: name of a way to look; the default without it. Raises UnknownNameError.
            own: folder of an uploaded file, which goes when the visit goes.
        """
        self.token = secrets.token_urlsafe(24)
        self.slide, self.own = slide, own
        self.looker = _looker(slide, look) if own is None else Looker(slide, look)
        self.seen = Seen(slide, self.looker.look.name, self.looker.look.confidence)
        self.problem = ""
        self._last_view = 0.0
        self._scan: Thread | None = None
        self._stop = threading.Event()
        self._lock, self._looking = Lock(), Lock()
        _visits[self.token] = self

    def prepare(self) -> None:
        """Measure the slide and load the models in the background, so that the first view waits for less."""
        Thread(target=_warm, args=(weakref.ref(self), self.looker), daemon=True).start()

    def look(self, window: Window, tiles: int = 0, cells: int = 0, *, ahead: bool = False) -> Iterator[dict[str, Any]]:
        """Look at what of a window was not seen yet: what is being read, then block after block what is there.

        Args:
            window: px of the slide.
            tiles: how many seen tiles the browser knows; what an interrupted look has found comes with the first answer.
            cells: likewise.
            ahead: nobody sees the window yet: tile by tile, so that a view waits for one of them at most, and nothing is
                said of what is being read.
        """
        self._last_view = time.monotonic()
        unseen = self.seen.unseen(window)
        if len(unseen) > MOST_AT_ONCE:
            yield {"too_far": True}
            return
        known = [tiles, cells]

        def fresh() -> dict[str, Any]:
            late, new = self.seen.news(*known)
            known[:] = [known[0] + len(late), known[1] + len(new)]
            return {"tiles": late, "cells": self._told(new), "next": list(known)}

        glass = [place for place in unseen if place in self.looker.blank]
        stained = [place for place in unseen if place not in self.looker.blank]
        waiting = from_middle(blocks(stained, 1 if ahead else _across(stained)), window)
        self.seen.add(glass, ())
        reading = {} if ahead else {"reading": [[b.left, b.top, b.right, b.bottom] for b in waiting]}
        yield {**reading, **fresh()}
        for block in waiting:
            try:
                with self._looking:  # whoever waited here finds what was seen meanwhile
                    if set(block.tiles) & set(self.seen.unseen(block.window())):
                        self.seen.add(block.tiles, self.looker.cells(block))
            except AllcadError as error:
                self.problem = str(error)
                yield {"problem": self.problem}
                return
            self._last_view = time.monotonic()
            yield {**fresh(), **self.figures()}

    def news(self, tiles: int, cells: int) -> dict[str, Any]:
        """What came after so many tiles and cells, and how the scan goes."""
        late, new = self.seen.news(tiles, cells)
        columns, rows = shape(self.slide)
        return {
            "tiles": late,
            "cells": self._told(new),
            "next": [tiles + len(late), cells + len(new)],
            "scan": {"runs": self.scanning, "seen": len(self.seen.tiles), "of": columns * rows},
            "problem": self.problem,
            **self.figures(),
        }

    def figures(self) -> dict[str, Any]:
        """Counts, share with its interval, and the memory of this server in bytes."""
        import psutil

        counts, share = self.seen.counts, self.seen.blast_fraction
        return {
            "counts": {"blast": counts.blast, "healthy": counts.healthy, "review": self.seen.to_review},
            "share": None if share.value is None else [share.value, share.low, share.high],
            "memory": psutil.Process().memory_info().rss,
        }

    def _told(self, cells: list[tuple[int, Cell]]) -> list[list[Any]]:
        """Number, box, class, whether to review, and score of the cells that are shown."""
        return [
            [number, *(round(edge, 1) for edge in cell.box), cell.label, int(cell.to_review), round(cell.score, 3)]
            for number, cell in cells
            if cell.score >= self.seen.confidence
        ]

    @property
    def scanning(self) -> bool:
        """Whether a scan goes on in the background."""
        return self._scan is not None and self._scan.is_alive()

    def scan(self, *, run: bool) -> None:
        """Begin to scan everything, or stop."""
        with self._lock:
            if not run:
                self._stop.set()
            elif not self.scanning:
                self._stop = threading.Event()
                self._scan = Thread(target=_scan, args=(weakref.ref(self), self._stop), daemon=True)
                self._scan.start()

    def hurry(self) -> float:
        """Seconds for which a scan should still stand aside."""
        return max(0.0, self._last_view + PATIENCE_S - time.monotonic()) if self._last_view else 0.0


def _across(tiles: Collection[Place]) -> int:
    """Tiles a side of the blocks in which a view's tiles are read."""
    strip = 1 in (len({place[axis] for place in tiles}) for axis in (0, 1))
    return STRIP_ACROSS if strip else VIEW_ACROSS


def _scan(visit: weakref.ref[Visit], stop: threading.Event) -> None:
    """A scan's thread. It holds no visitor: once the visit is gone, it stops."""
    here = visit()
    if here is None:
        return
    looker, seen = here.looker, here.seen
    here.problem = ""
    del here

    def stand_aside() -> None:
        while not stop.is_set() and (present := visit()) is not None and (seconds := present.hurry()) > 0:
            del present
            stop.wait(min(seconds, 0.2))

    try:
        scan_slide(looker, seen, stop=lambda: stop.is_set() or visit() is None, before=stand_aside, across=2)
    except AllcadError as error:
        if (present := visit()) is not None:
            present.problem = str(error)


def _warm(visit: weakref.ref[Visit], looker: Looker) -> None:
    try:
        looker.warm()
    except AllcadError as error:
        if (present := visit()) is not None:
            present.problem = str(error)


def _looker(slide: Slide, look: str | None) -> Looker:
    """Visitors of the same slide share what was measured of it."""
    fresh = Looker(slide, look)
    key = (slide.key, fresh.look.name)
    with _lookers_lock:
        shared = _lookers.setdefault(key, fresh)
        _lookers.move_to_end(key)
        while len(_lookers) > MOST_LOOKERS:
            _lookers.popitem(last=False)
    return shared
