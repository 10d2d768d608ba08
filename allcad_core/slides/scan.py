"""Scanning all of a slide, block by block, and a journal by which a killed scan goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from allcad_core.results import Cell
from allcad_core.slides.base import TILE, SlideError
from allcad_core.slides.grid import Place, blocks
from allcad_core.slides.looking import Looker
from allcad_core.slides.seen import Seen

SCAN_ACROSS = 3
"""Tiles a side of a scan's blocks: a visitor who moves meanwhile waits for one of them at most."""

Told = Callable[[int, int], None]
"""Called with tiles seen and tiles of the slide."""


def scan_slide(
    looker: Looker,
    seen: Seen,
    *,
    progress: Told | None = None,
    stop: Callable[[], bool] = lambda: False,
    before: Callable[[], None] = lambda: None,
    after: Callable[[Sequence[Place], Sequence[Cell]], None] = lambda *_: None,
    across: int = SCAN_ACROSS,
) -> bool:
    """Look at everything that was not seen yet; empty glass is passed over.

    Args:
        looker: how to look.
        seen: takes what is found.
        progress: told after each block.
        stop: asked before each block.
        before: called before each block; may wait for somebody in a hurry.
        after: given the tiles and cells of each block.
        across: tiles a side of a block.

    Returns:
        Whether the scan came to its end.

    Raises:
        AllcadError: the file is damaged, or the model cannot be used.
    """
    waiting = seen.everything_unseen()
    total = len(waiting) + len(seen.tiles)
    glass = [place for place in waiting if place in looker.blank]
    seen.add(glass, ())
    after(glass, ())
    for block in blocks((place for place in waiting if place not in looker.blank), across):
        if stop():
            return False
        before()
        tiles = [place for place in seen.unseen(block.window()) if place in block.tiles]
        if not tiles:  # a visitor was quicker
            continue
        for part in [block] if len(tiles) == len(block.tiles) else blocks(tiles, across):
            cells = looker.cells(part)
            seen.add(part.tiles, cells)
            after(part.tiles, cells)
        if progress is not None:
            progress(len(seen.tiles), total)
    return True


class Journal:
    """A file that grows by a line a block, so that a kill costs one block. Use it as a context."""

    def __init__(self, path: Path, looker: Looker) -> None:
        """Nothing is read yet."""
        self._path = path
        self._facts = {"schema_version": 1, "slide": looker.slide.key, "look": looker.look.name, "tile": TILE}
        self._file: TextIO | None = None

    def resume(self, seen: Seen) -> int:
        """Give ``seen`` what an earlier scan of the same slide with the same model has written.

        Returns:
            How many tiles that was.

        Raises:
            SlideError: the journal belongs to another slide or model.
        """
        if not self._path.exists():
            return 0
        lines = self._path.read_text(encoding="utf-8").splitlines()
        entries = [entry for line in lines if (entry := _parsed(line)) is not None]
        if not entries:
            return 0
        if entries[0] != self._facts:
            raise SlideError(
                f"{self._path.parent.name} holds the scan of another slide or model. Choose another folder with --out."
            )
        count = 0
        for entry in entries[1:]:
            tiles: list[Place] = [(int(column), int(row)) for column, row in entry["tiles"]]
            seen.add(tiles, [cell_from(form) for form in entry["cells"]])
            count += len(tiles)
        self._rewrite(entries)
        return count

    def _rewrite(self, entries: list[Any]) -> None:
        """Drop a last line that a kill has cut."""
        part = self._path.with_name(f"{self._path.name}.part")
        part.write_text("".join(f"{json.dumps(entry)}\n" for entry in entries), encoding="utf-8")
        part.replace(self._path)

    def __enter__(self) -> Journal:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = not self._path.exists() or self._path.stat().st_size == 0
        self._file = self._path.open("a", encoding="utf-8")
        if fresh:
            self._line(self._facts)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, tiles: Sequence[Place], cells: Sequence[Cell]) -> None:
        """Note a block; once this returns, a kill does not lose it."""
        self._line({"tiles": [list(tile) for tile in tiles], "cells": [asdict(cell) for cell in cells]})

    def _line(self, entry: dict[str, Any]) -> None:
        assert self._file is not None
        self._file.write(f"{json.dumps(entry)}\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def cell_from(form: dict[str, Any]) -> Cell:
    """A cell from its journal form, which is ``dataclasses.asdict`` of it."""
    return Cell(
        **{
            **form,
            "box": tuple(form["box"]),
            "outline": tuple((x, y) for x, y in form["outline"]),
            "flags": tuple(form["flags"]),
        }
    )
