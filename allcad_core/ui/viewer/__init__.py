"""The field viewer: a photograph at full resolution with boxes above it, that can be moved and asked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from allcad_core.results import Cell
from allcad_core.ui import media, words
from allcad_core.ui.components import component

LIBRARY = Path(__file__).with_name("openseadragon.min.js")
EVERY_KIND = ("blast", "healthy", "review", "unsure")

_mount = component("viewer", last="viewer/mount.js")


@dataclass(frozen=True, slots=True)
class Key:
    """One entry of the legend that lies on the picture."""

    name: str
    colour: str
    glyph: str = "\u25a0"


def viewer(
    jpeg: bytes,
    size: tuple[int, int],
    cells: Sequence[Cell] = (),
    *,
    key: str,
    alt: str,
    least: float = 0.0,
    follows: str = "",
    kinds: Collection[str] = EVERY_KIND,
    chosen: int | None = None,
    height: int = 492,
    fill: bool = True,
    legend: Sequence[Key] = (),
    um_per_px: float | None = None,
    on_choice: Callable[[int], None] | None = None,
    on_drawn: Callable[[object], None] | None = None,
) -> None:
    """Show a field.

    Args:
        jpeg: the picture, encoded.
        size: width and height of the field in pixels, the measure of the boxes; the picture may be smaller.
        cells: all cells at every score; the browser filters.
        key: name of this viewer on its page.
        alt: what the picture shows, for those who do not see it.
        least: cells with a lower score are hidden, save reviewed ones.
        follows: key of a slider of the page that says ``least`` in the browser, so that no box waits for a run.
        kinds: which of blast, healthy, review (flagged cells) and unsure are shown.
        chosen: index in ``cells`` of the framed cell.
        height: pixels on a wide screen; a phone takes its own.
        fill: start with the viewer filled rather than with the whole field.
        legend: what the colours mean, where nothing beside the viewer says so.
        um_per_px: micrometres a pixel of the field, for the scale bar; none is shown without it.
        on_choice: called with the index of the cell that the visitor chooses, before the page runs again.
        on_drawn: called with x0, y0, x1, y1 in pixels of the field of a box that the visitor draws; without it, the
            viewer offers no drawing.
    """
    data = {
        "image": media.address(jpeg, "image/jpeg", f"{key}.image"),
        "library": media.address(LIBRARY, "text/javascript", "viewer.library"),
        "width": size[0],
        "height": height,
        "fill": fill,
        "alt": alt,
        "least": least,
        "follows": follows,
        "kinds": list(kinds),
        "chosen": chosen,
        "draws": on_drawn is not None,
        "micrometres": um_per_px,
        "legend": [{"name": entry.name, "colour": entry.colour, "glyph": entry.glyph} for entry in legend],
        "cells": [_described(index, cell) for index, cell in enumerate(cells)],
    }

    def report() -> None:
        index = st.session_state[key].get("chosen")
        if on_choice is not None and isinstance(index, int):
            on_choice(index)

    def report_drawn() -> None:
        box = st.session_state[key].get("drawn")
        if on_drawn is not None and box is not None:
            on_drawn(list(box))

    _mount(key=key, data=data, on_chosen_change=report, on_drawn_change=report_drawn)


def _described(index: int, cell: Cell) -> dict[str, Any]:
    return {
        "index": index,
        "box": [round(edge, 1) for edge in cell.box],
        "kind": cell.label,
        "review": words.to_review(cell),
        "score": 1.0 if cell.reviewed else cell.score,
        "reviewed": cell.reviewed,
        "text": "drawn" if cell.reviewed and cell.p_blast is None else words.probability(cell.score),
    }
