"""A row of small pictures to choose from: the cells of a field, or the smears that a visitor brought."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import streamlit as st

from allcad_core.ui import media
from allcad_core.ui.components import component

_mount = component("gallery")


@dataclass(frozen=True, slots=True)
class Tile:
    """One picture of a gallery.

    Attributes:
        index: what is reported when it is chosen.
        at: its place in the sprite, row by row.
        words: the caption; ``more`` its second line.
        alt: the same as a sentence.
        kind: blast, healthy, review or unsure for the colour of ``glyph``; empty without one.
    """

    index: str
    at: int
    words: str
    alt: str
    kind: str = ""
    glyph: str = ""
    more: str = ""


def gallery(
    sprite: media.Sprite,
    tiles: Sequence[Tile],
    *,
    key: str,
    alt: str,
    chosen: str | None,
    on_choice: Callable[[str], None],
    layout: Literal["row", "strip", "list", "grid"] = "row",
) -> None:
    """Show crops in the given order.

    Args:
        sprite: the pictures.
        tiles: which of them, in order, with their captions.
        key: name of this gallery on its page.
        alt: what the row shows, for those who do not see it.
        chosen: index of the framed tile.
        on_choice: called with the index of the tile that the visitor chooses, before the page runs again.
        layout: ``row`` has captions below and opens to a grid; ``strip`` has them beside the pictures, as for files;
            ``list`` is a strip that runs downwards; ``grid`` has large pictures in as many columns as fit, two on a phone.
    """

    def report() -> None:
        index = st.session_state[key].get("chosen")
        if isinstance(index, str):
            on_choice(index)

    _mount(
        key=key,
        data={
            "sprite": media.address(sprite.jpeg, "image/jpeg", f"{key}.sprite") if sprite.jpeg else "",
            "columns": sprite.columns,
            "rows": sprite.rows,
            "items": [asdict(tile) for tile in tiles],
            "chosen": chosen,
            "alt": alt,
            "layout": layout,
        },
        on_chosen_change=report,
    )
