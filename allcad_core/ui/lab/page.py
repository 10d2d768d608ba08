"""The whole lab on one smear: label, headline, and one method or two side by side."""

from __future__ import annotations

from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from allcad_core.errors import AllcadError
from allcad_core.segmentation import methods
from allcad_core.ui import notes, state
from allcad_core.ui.engine import Progress
from allcad_core.ui.lab import choice, label_row, one, side, told, truth, work
from allcad_core.ui.lab.case import Case
from allcad_core.ui.lab.truth import Truth
from allcad_core.ui.lab.work import Found, Part
from allcad_core.ui.state import Smear


def lab(smear: Smear) -> None:
    """Draw the lab."""
    known = truth.of(smear)
    label = label_row.begin(smear)
    left, right = st.columns([11, 8], gap="medium", vertical_alignment="top")
    left = left.container(key="lab-head")
    with right, st.container(horizontal_alignment="right"):
        method_choice()
    try:
        with left, notes.waiting("al-wait al-line") as progress:
            found = _found(smear, progress)
            case = Case(smear, known, _part(known), choice.micrometres(smear))
    except AllcadError as error:
        label_row.rest(label, smear, known)
        notes.broken([str(error)])
        return
    if len(found) == 1:
        _one(case, found[0], label, left)
    else:
        label_row.rest(label, smear, known)
        first, second = found
        score = case.difference(first, second)
        with left:
            _head(
                told.compared(first.method, second.method, score),
                told.alone(first.method, second.method, case.part, score),
            )
        side.body(case, first, second)
        side.table(case)


def _one(case: Case, rule: Found, label: DeltaGenerator, left: DeltaGenerator) -> None:
    result = one.shown(case.smear, rule)
    label_row.rest(label, case.smear, case.truth, result, case.micrometres)
    with left:
        _head(told.headline(result, rule), told.detail(result, case.truth, case.part, case.score(result)))
    one.doubts(rule, result)
    one.body(case, rule, result)


def _found(smear: Smear, progress: Progress) -> list[Found]:
    names = choice.pair() if choice.method() == choice.SIDE_BY_SIDE else (choice.method(),)
    for number, name in enumerate(names, start=1):
        if not work.is_known(smear, name):
            progress(f"Segmenting with {told.method(name).name}", number, len(names))
            work.found(smear, name)
    return [work.found(smear, name) for name in names]


def _head(headline: str, detail: str) -> None:
    st.title(headline, anchor=False)
    st.html(f'<p class="al-detail">{escape(detail)}</p>')


def _part(known: Truth | None) -> Part:
    part: Part = st.session_state.get("lab-part") or "nucleus"
    return part if known is None or part in known.parts else known.parts[0]


def method_choice() -> None:
    """The methods, and two of them side by side."""
    state.hold("lab-method-choice", choice.method())
    st.segmented_control(
        "Method",
        [*methods(), choice.SIDE_BY_SIDE],
        required=True,
        key="lab-method-choice",
        label_visibility="collapsed",
        format_func=lambda name: "Side by side" if name == choice.SIDE_BY_SIDE else told.method(name).title,
        on_change=lambda: choice.choose_method(st.session_state["lab-method-choice"]),
    )
