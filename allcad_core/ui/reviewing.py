"""What a visitor says about cells: class, delete, draw, undo, by button and by key, and what was done last."""

from __future__ import annotations

from html import escape

import streamlit as st

from allcad_core import review
from allcad_core.errors import DataError
from allcad_core.results import Add, Delete, Edit, FieldAnalysis, Label, Relabel
from allcad_core.ui import state, words
from allcad_core.ui.state import Smear

KEYS: tuple[tuple[Label, str], ...] = (("blast", "1"), ("healthy", "2"), ("unsure", "3"))
"""The classes in the order of their buttons, with their keys; keys do nothing while a text field has the focus."""
UNDO, REDO, DELETE = "U", "Shift+U", "Delete"


def buttons(smear: Smear, analysis: FieldAnalysis, order: list[int], chosen: int | None) -> None:
    """A button for each class, to delete and to take back, and what was done last.

    Args:
        smear: the photograph.
        analysis: of it, reviewed so far.
        order: indices in ``every_cell`` of the shown cells, as they are gone through.
        chosen: the cell that the buttons are about; ``None`` where nothing is shown: then only undo is left.
    """
    cell = None if chosen is None else analysis.every_cell[chosen]
    with st.container(key="you-say", gap="small"):
        with st.container(horizontal=True, gap="small", key="classes"):
            for label, key in KEYS:
                said = cell is not None and cell.reviewed and cell.label == label
                st.button(
                    f"{words.GLYPHS[label]} {words.NAMES[label].capitalize()}",
                    key=f"say-{label}",
                    type="primary" if said else "secondary",
                    shortcut=key,
                    disabled=cell is None,
                    help=f"You say: {words.NAMES[label]} (key {key})",
                    on_click=_relabel,
                    args=(smear, analysis, chosen, label),
                )
        own = state.review_of(smear)
        with st.container(horizontal=True, gap="small", key="steps-back"):
            st.button(
                "Delete",
                key="delete",
                icon=":material/delete:",
                shortcut=DELETE,
                disabled=cell is None,
                help="No white cell to be counted (key Delete)",
                on_click=_delete,
                args=(smear, analysis, order, chosen),
            )
            st.button(
                "Undo",
                key="undo",
                icon=":material/undo:",
                shortcut=UNDO,
                disabled=not own.edits,
                help="Take the last change back (key U)",
                on_click=_undo,
                args=(smear, analysis),
            )
            st.button(
                "Redo",
                key="redo",
                icon=":material/redo:",
                shortcut=REDO,
                disabled=not own.undone,
                help="Make it again (key Shift+U)",
                on_click=_redo,
                args=(smear, analysis),
            )
        told = state.said() or "Keys: 1, 2, 3, Delete, U to undo."
        st.html(f'<p class="al-said" role="status">{escape(told)}</p>')


def draw(smear: Smear, analysis: FieldAnalysis, box: object) -> None:
    """A box that the visitor drew: a cell that nobody has judged yet, chosen at once."""
    try:
        drawn = review.checked_box(box, review.LEAST_SIDE)
    except DataError as error:
        state.say(str(error))
        return
    known = review.find(analysis.cells, drawn)
    if known is not None:
        state.say("There is a box around this cell already; it is chosen now.")
        state.choose_cell(analysis.every_cell.index(analysis.cells[known]))
        return
    edit = Add(drawn, "unsure")
    try:
        _make(smear, analysis, edit)
    except DataError as error:
        state.say(str(error))
        return
    state.say("Box added. Say what it is: 1 blast, 2 healthy, 3 cannot tell.")


def _relabel(smear: Smear, analysis: FieldAnalysis, chosen: int, label: Label) -> None:
    cell = analysis.every_cell[chosen]
    _make(smear, analysis, Relabel(cell.box, label))
    now = f"confirmed as {words.NAMES[label]}" if cell.label == label else f"is now {words.NAMES[label]}"
    state.say(f"Cell {chosen + 1} {now}. U takes it back.")


def _delete(smear: Smear, analysis: FieldAnalysis, order: list[int], chosen: int) -> None:
    state.set_review(smear, state.review_of(smear).then(Delete(analysis.every_cell[chosen].box)))
    place = order.index(chosen) if chosen in order else 0
    rest = [index for index in order if index != chosen]
    if rest:
        follower = rest[min(place, len(rest) - 1)]
        state.choose_cell(follower - (follower > chosen))
    state.say(f"Cell {chosen + 1} deleted. U brings it back.")


def _undo(smear: Smear, analysis: FieldAnalysis) -> None:
    own = state.review_of(smear)
    if own.edits:
        state.set_review(smear, own.undo())
        _show(smear, analysis, own.edits[-1])
        state.say(f"Taken back. {words.plural(len(own.edits) - 1, 'change')} left.")


def _redo(smear: Smear, analysis: FieldAnalysis) -> None:
    own = state.review_of(smear)
    if own.undone:
        state.set_review(smear, own.redo())
        _show(smear, analysis, own.undone[-1])
        state.say("Made again. U takes it back.")


def _make(smear: Smear, analysis: FieldAnalysis, edit: Edit) -> None:
    review.apply(analysis, [edit])  # refuses what does not fit before it is kept
    state.set_review(smear, state.review_of(smear).then(edit))
    _show(smear, analysis, edit)


def _show(smear: Smear, analysis: FieldAnalysis, edit: Edit) -> None:
    """Choose the cell that an edit speaks of, where it is left."""
    after = review.apply(analysis.by_models, state.review_of(smear).edits)
    index = review.find(after.every_cell, edit.box)
    if index is not None:
        state.choose_cell(index)
