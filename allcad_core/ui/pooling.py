"""Several photographs as one patient's smear: the switch, the verdict over the pool, and each field in a table."""

from __future__ import annotations

from html import escape

import streamlit as st

from allcad_core import pooled
from allcad_core.errors import AllcadError
from allcad_core.pooled import Pooled
from allcad_core.results import FieldAnalysis
from allcad_core.ui import charts, notes, state, verdict, words


def switch() -> bool:
    """The switch between each field for itself and one smear; only where there are several photographs."""
    if len(_own()) < 2:
        return False
    return st.toggle(
        "One patient's smear",
        key="pooled",
        persist_state="session",
        help="Pool the cells of all photographs, with one share and one interval",
    )


def _own() -> list[state.Smear]:
    """What can be pooled: the visitor's own photographs; samples are smears of nobody."""
    return [smear for smear in state.smears() if smear.sample is None]


def gathered(shown: FieldAnalysis) -> Pooled | None:
    """The pool of what was read so far, at the confidence of ``shown``; ``None`` where nothing can be pooled."""
    name = state.recipe()
    try:
        known = [state.reviewed(smear, name).at(shown.confidence) for smear in _own() if state.is_known(smear, name)]
        return pooled.pool(known) if known else None
    except AllcadError:  # a model that cannot be used says so where its field stands
        return None


def over_all(found: Pooled) -> None:
    """The verdict over the pool."""
    suggestion = found.suggestion
    total = len(_own())
    left, right = st.columns([5, 2], gap="medium", vertical_alignment="top")
    with left:
        st.title(suggestion.headline, anchor=False)
        st.html(f'<p class="al-detail">{escape(f"{_read(found, total)} {suggestion.detail}")}</p>{_spread(found)}')
    with right:
        charts.share(found.blast_fraction)
        st.html(f'<p class="al-why"><b>Limits:</b> {escape(verdict.LIMITS)}</p>')
    if found.doubtful:
        names = ", ".join(field.image for field in found.doubtful)
        much = "They hold most of the cells." if found.doubts else "They hold the smaller part of the cells."
        notes.doubt(f"In doubt: {names}.", much, filled=bool(found.doubts))
    if found.twice:
        notes.doubt(f"Brought twice and counted once: {', '.join(found.twice)}.")
    with st.expander(f"Each of the {words.plural(len(found.fields), 'field')}", icon=":material/table_rows:"):
        _table(found)
        st.download_button(
            "Cells of all fields (CSV)",
            lambda: _csv(found),
            "smear.cells.csv",
            "text/csv",
            icon=":material/table:",
            on_click="ignore",
        )


def _read(found: Pooled, total: int) -> str:
    read = len(found.fields) + len(found.twice)
    if read < total:
        return f"{read} of {total} fields read so far."
    return f"{words.plural(len(found.fields), 'field')} of one smear, their cells pooled."


def _spread(found: Pooled) -> str:
    if found.spread is None:
        return ""
    low, high = (words.percent(share) for share in found.spread)
    told = f"{low} blasts in each" if low == high else f"from {low} to {high} blasts"
    return f'<p class="al-why"><b>Field by field:</b> {told}.</p>'


def _table(found: Pooled) -> None:
    import pandas as pd

    rows = [
        {
            "Field": field.image,
            "Blasts": field.counts.blast,
            "White cells": field.counts.total,
            "Share": str(field.blast_fraction),
            "Reviewed": field.reviewed,
            "Warnings": ", ".join(words.short_warning(note.code) for note in field.warnings) or words.DASH,
        }
        for field in found.fields
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Each field with its blasts, white cells, share and warnings")


def _csv(found: Pooled) -> str:
    from allcad_core import export

    return export.table_csv(list(found.fields))
