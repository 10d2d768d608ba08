"""The confusion matrix as a grid of buttons: counts, shares of the row with their interval, mistakes hatched."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from allcad_core.intervals import wilson
from allcad_core.ui import words
from allcad_core.ui.components import component
from allcad_core.ui.explorer.evidence import BLAST, HEALTHY, NONE, Evidence, Ints
from allcad_core.ui.explorer.told import Names, names

_mount = component("explorer/matrix")

STRENGTHS, OF_MISTAKES = (16, 54), (16, 46)
"""Per cent of the colour in a field that holds nothing, and in one that holds its whole row. More, and the words on it would
stand out by less than 4.5 to 1 in the dark."""
KINDS = {BLAST: "blast", HEALTHY: "healthy"}
Place = tuple[int, int]
"""Truth and answer, by their codes."""


def matrix(shown: Evidence, counts: Ints, chosen: Place, on_choice: Callable[[Place], None], *, key: str) -> None:
    """Show the matrix.

    Args:
        shown: what is counted.
        counts: int64 (3, 3), truth by answer.
        chosen: the framed field.
        on_choice: called with the field that the visitor chooses, before the page runs again.
        key: name of the matrix on its page.
    """
    called = names(shown.task)
    codes = (BLAST, HEALTHY, NONE) if shown.boxes else (BLAST, HEALTHY)

    def report() -> None:
        place = st.session_state[key].get("chosen")
        if isinstance(place, str):
            truth, answer = place.split("-")
            on_choice((int(truth), int(answer)))

    _mount(
        key=key,
        data={
            "rows": [_row(code, called, int(counts[code].sum())) for code in codes],
            "columns": [_column(code, called) for code in codes],
            "fields": [[_field(truth, answer, counts, called) for answer in codes] for truth in codes],
            "chosen": f"{chosen[0]}-{chosen[1]}",
            "alt": "Confusion matrix: rows are the truth, columns what the model said",
        },
        on_chosen_change=report,
    )


def _row(code: int, called: Names, total: int) -> dict[str, object]:
    if code == NONE:
        return {"code": code, "name": "extra", "glyph": "", "kind": "", "more": "no cell there"}
    return {"code": code, "name": called.of(code), "glyph": _glyph(code), "kind": KINDS[code], "more": f"{total:,}"}


def _column(code: int, called: Names) -> dict[str, object]:
    if code == NONE:
        return {"code": code, "name": "missed", "glyph": "", "kind": "", "more": ""}
    return {"code": code, "name": f"said {called.of(code)}", "glyph": _glyph(code), "kind": KINDS[code], "more": ""}


def _glyph(code: int) -> str:
    return words.GLYPHS[KINDS[code]]


def _field(truth: int, answer: int, counts: Ints, called: Names) -> dict[str, object]:
    if truth == NONE and answer == NONE:
        return {"place": "", "words": "not counted"}
    count, total = int(counts[truth, answer]), int(counts[truth].sum())
    share = wilson(count, total)
    low, high = STRENGTHS if truth == answer else OF_MISTAKES
    told = ["boxes" if count != 1 else "box"] if truth == NONE else []
    if truth != NONE and share.value is not None:
        told = [words.percent(share.value), f"({words.interval(share)})"]
    return {
        "place": f"{truth}-{answer}",
        "count": count,
        "share": told,
        "kind": KINDS[truth] if truth == answer else "mistake",
        "strength": round(low + (high - low) * (share.value or 0.0)),
        "alt": f"{called.behind(truth, answer, count)}: show them",
    }
