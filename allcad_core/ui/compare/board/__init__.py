"""One smear through several models: the same picture in a panel each, with dashed frames where they disagree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from allcad_core.compared import Place
from allcad_core.results import Cell
from allcad_core.ui import media
from allcad_core.ui.components import component

_mount = component("compare/board")


@dataclass(frozen=True, slots=True)
class Panel:
    """What one model says.

    Attributes:
        name: of the model.
        state: whether it still looks, has an answer, or cannot be used.
        count: such as ``12 of 21``; empty before the answer.
        note: a few words below the picture.
        cells: white cells that it shows.
    """

    name: str
    state: Literal["waiting", "done", "failed"]
    count: str = ""
    note: str = ""
    cells: tuple[Cell, ...] = ()


def board(
    jpeg: bytes,
    size: tuple[int, int],
    panels: Sequence[Panel],
    disputed: Sequence[Place],
    *,
    key: str,
    alt: str,
    turn: int,
    rest_s: float,
    chosen: int | None,
    arrived: bool,
    on_place: Callable[[int], None],
    on_more: Callable[[], None],
) -> None:
    """Show the panels.

    Args:
        jpeg: the picture, encoded.
        size: width and height in pixels, the measure of the boxes; the encoded picture may be smaller.
        panels: one a model.
        disputed: the places on which the models that answered disagree.
        key: name of the board on its page.
        alt: what the board shows, for those who do not see it.
        turn: another number at each run, so that a browser that waits for answers asks again.
        rest_s: seconds for which a changed picture must stand before any answer can come.
        chosen: index in ``disputed`` of the framed place.
        arrived: bring the board into view, once.
        on_place: called with the index of the place that the visitor chooses, before the page runs again.
        on_more: called when the browser asks for further answers.
    """

    def report_place() -> None:
        number = st.session_state[key].get("place")
        if isinstance(number, int):
            on_place(number)

    _mount(
        key=key,
        data={
            "image": media.address(jpeg, "image/jpeg", f"{key}.image"),
            "width": size[0],
            "height": size[1],
            "alt": alt,
            "panels": [
                {
                    "name": panel.name,
                    "state": panel.state,
                    "count": panel.count,
                    "meaning": "Blasts among the white cells that it counts" if panel.count else "",
                    "note": panel.note,
                    "cells": [{"box": _rounded(cell.box), "kind": cell.label} for cell in panel.cells],
                }
                for panel in panels
            ],
            "places": [
                {
                    "box": _rounded(place.box),
                    "name": f"Place {number + 1}",
                    "said": {model: place.label(model) for model in place.models},
                }
                for number, place in enumerate(disputed)
            ],
            "chosen": chosen,
            "pending": any(panel.state == "waiting" for panel in panels),
            "arrived": arrived,
            "turn": turn,
            "rest": round(1000 * rest_s),
        },
        on_place_change=report_place,
        on_more_change=on_more,
    )


def _rounded(box: Sequence[float]) -> list[float]:
    return [round(side, 1) for side in box]
