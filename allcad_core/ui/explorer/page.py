"""The whole explorer: the answer, the choices, the matrix with what lies behind it, the curves, and each session."""

from __future__ import annotations

from html import escape

import streamlit as st

from allcad_core.errors import AllcadError
from allcad_core.evaluation.metrics import Estimate
from allcad_core.ui import notes, state, words
from allcad_core.ui.explorer import behind, choice, controls, own_data, pictures, sessions, told, work
from allcad_core.ui.explorer.choice import Choice
from allcad_core.ui.explorer.curves import curves
from allcad_core.ui.explorer.evidence import NONE, Evidence
from allcad_core.ui.explorer.matrix import matrix
from allcad_core.ui.explorer.own_data import Own
from allcad_core.ui.explorer.work import Stored

LEFT_OUT = ("session", "source")
"""Protocols whose folds differ in kind, so that they are told one by one."""
SHARES = {"right": "Right", "found": "Blasts found", "spared": "Healthy spared", "precision": "Precision"}


def explorer() -> None:
    """Draw the explorer. All of it is one fragment: a choice reruns neither frame nor navigation."""
    choice.follow_address(work.stored())
    _body()


@st.fragment
def _body() -> None:
    stored = work.stored()
    brought = choice.own()
    if brought is None and not stored:
        _nothing_stored()
        return
    if choice.complaint():
        notes.broken([choice.complaint()])
    chosen = None if brought is not None else choice.current(stored)
    value = choice.own_threshold() if chosen is None else chosen.threshold
    with st.container(key="explorer-head"):  # first, so that nothing that follows is moved by its length
        whole = _read(chosen, brought)
        shown = None if whole is None else whole.part(dict(choice.filters()))
        if shown is not None:
            _answer(shown, value)
    with st.container(key="explorer-choice", horizontal=True, vertical_alignment="bottom"):
        if brought is not None:
            controls.own_row(brought, can_go_back=bool(stored))
        elif chosen is not None:
            controls.stored_row(chosen, stored)
        if whole is None or shown is None:
            return
        level = controls.rest(whole, value)
    if chosen is not None:
        choice.write_address(chosen)
    if brought is not None:
        own_data.refused(brought)
    _doubts(shown, stored)
    if not shown.items:
        notes.doubt("Nothing is left under these filters.", "Choose fewer of them, or show all.", filled=True)
        return
    _views(shown, value, level, brought)


def _read(chosen: Choice | None, brought: Own | None) -> Evidence | None:
    """What the page is about; ``None`` where it cannot be read, which is said."""
    if brought is not None:
        return brought.evidence
    assert chosen is not None
    try:
        return work.load(chosen.task, chosen.model, chosen.protocol, chosen.dataset)
    except AllcadError as error:
        st.title("These results cannot be read.", anchor=False)
        notes.broken([str(error)])
        return None


def _views(shown: Evidence, value: float | None, level: float, brought: Own | None) -> None:
    """Matrix and curves first: they follow the slider; the pictures behind a number come after them."""
    left, right = st.columns([5, 7], gap="medium", vertical_alignment="top")
    counts = shown.matrix(value)
    with left:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header("What it said against what it was", anchor=False, width="content")
            controls.usual_threshold(shown, value)
        with st.container(key="explorer-matrix-boxes" if shown.boxes else "explorer-matrix"):
            matrix(shown, counts, _open_place(shown), choice.choose_place, key="explorer-fields")
        st.html(_shares(shown, value))
        interval = f"95{words.NBSP}% interval"
        st.caption(f"Share of the row, {interval}. Hatched: a mistake. Choose a field to see what it counts.")
    files = pictures.files(shown.dataset) if brought is None else brought.files
    with right:
        room = behind.room(shown, counts, files)
    place = st.container(key="explorer-lines")
    with place:
        curves(shown, _lines(shown), counts, level, key="explorer-curves")
    sessions.table(shown, value)
    with room:
        behind.behind(shown, value, level, files)


def _open_place(shown: Evidence) -> tuple[int, int]:
    place = choice.place()
    return choice.FIRST if NONE in place and not shown.boxes else place


def _lines(shown: Evidence) -> work.Lines:
    """Curves, computed once a choice; a stand-in of their size names what is being done."""
    key = ("explorer-lines", shown)
    if key in st.session_state.get("memory", {}):
        return state.remember(key, lambda: work.lines(shown))
    with notes.waiting("al-wait al-curves") as progress:
        progress("Drawing whole fields anew for the intervals", 1, 1)
        return state.remember(key, lambda: work.lines(shown))


def _answer(shown: Evidence, value: float | None) -> None:
    counts = shown.matrix(value)
    st.title(words.in_one_piece(told.headline(shown, counts, work.shares(shown, value)["right"])), anchor=False)
    parts = [told.detail(shown), told.folds(work.by_fold(shown, value)) if shown.protocol in LEFT_OUT else ""]
    st.html(f'<p class="al-detail">{escape(" ".join(filter(None, parts)))}</p>')


def _shares(shown: Evidence, value: float | None) -> str:
    """The shares at the threshold, each with its interval."""
    found = work.shares(shown, value)
    cells = "".join(
        f"<dt>{title}</dt><dd><b>{words.percent(found[name].value)}</b> {_ends(found[name])}</dd>"
        for name, title in SHARES.items()
    )
    return f'<dl class="al-shares">{cells}</dl>'


def _ends(share: Estimate) -> str:
    return "" if share.low is None else told.share(share).partition(" ")[2]


def _doubts(shown: Evidence, stored: Stored) -> None:
    """What to keep in mind beside the figure: a split that leaks, folds that are missing."""
    protocols = stored.get(shown.task, {}).get(shown.model, ())
    fair = next((name for name in protocols if name in told.PROTOCOLS and not told.PROTOCOLS[name].leaks), None)
    known = told.PROTOCOLS.get(shown.protocol)
    if known is not None and known.leaks:
        right = None
        if fair is not None:
            right = work.shares(work.load(shown.task, shown.model, fair, shown.dataset), None)["right"]
        note = told.leak(shown, right, fair or "")
        if note is not None:
            notes.doubt(*note, filled=True)
    if told.unfinished(shown):
        notes.doubt(told.unfinished(shown), "The figures are over the others and say too little.", filled=True)


def _nothing_stored() -> None:
    with st.container(key="empty", horizontal_alignment="center"):
        st.title("No results are stored.", anchor=False, text_alignment="center")
        st.html(
            '<p class="al-detail">Train a model with <code>allcad train</code>, or bring labelled pictures of your own.</p>'
        )
        with st.container(width=520, horizontal_alignment="center"):
            controls.own_button()
