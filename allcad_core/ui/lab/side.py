"""Two methods side by side on one smear, with their difference between them, and every method in a table."""

from __future__ import annotations

import streamlit as st

from allcad_core.errors import AllcadError
from allcad_core.segmentation import methods
from allcad_core.ui import notes, state, words
from allcad_core.ui.lab import choice, told, work
from allcad_core.ui.lab.case import Case
from allcad_core.ui.lab.scores import part_choice
from allcad_core.ui.lab.told import Key, Stage
from allcad_core.ui.lab.work import Found
from allcad_core.ui.mask_view import Planes, mask_view

HEIGHT = 336
"""Pixels of each viewer on a wide screen: a third of the page at the shape of a photograph."""
MASK = (Key("nucleus", told.AUBERGINE), Key("cytoplasm", told.PALE))


def body(case: Case, first: Found, second: Found) -> None:
    """Draw three linked viewers: one method, the difference, the other method."""
    planes = [work.plane_png(case.smear, found) for found in (first, second)]
    left, middle, right = st.columns(3, gap="small", vertical_alignment="center")
    with left:
        _method_choice(0)
    with middle, st.container(horizontal_alignment="center"):
        part_choice()
    with right:
        _method_choice(1)
    left, middle, right = st.columns(3, gap="small")
    with left:
        _view(case, "left", Stage("mask", "", "", "", _legend(first), told.COVER), Planes(mask=planes[0]))
        st.caption(told.headline(first, first))
    with middle:
        legend = told.difference_legend(first.method, second.method)
        _view(
            case, "difference", Stage("difference", "", "", "", legend, 0.85), Planes(mask=planes[0], other=planes[1])
        )
        st.caption("Where they differ. Drag or zoom one picture; the others follow.")
    with right:
        _view(case, "right", Stage("mask", "", "", "", _legend(second), told.COVER), Planes(mask=planes[1]))
        st.caption(told.headline(second, second))


def _legend(found: Found) -> tuple[Key, ...]:
    return MASK if found.knows_cytoplasm else MASK[:1]


def _view(case: Case, name: str, stage: Stage, planes: Planes) -> None:
    what = {"left": "First method", "right": "Second method"}.get(name, "Where the two methods differ")
    mask_view(
        work.photograph(case.smear),
        case.size,
        planes,
        [stage],
        key=f"lab-side-{name}",
        alt=f"{case.smear.name}. {what}",
        part=case.part,
        micrometres=case.micrometres,
        height=HEIGHT,
        controls=False,
        linked=True,
    )


def _method_choice(side: int) -> None:
    key = f"lab-pair-{side}"
    state.hold(key, choice.pair()[side])
    st.selectbox(
        "Left method" if side == 0 else "Right method",
        methods(),
        key=key,
        format_func=lambda name: told.method(name).title,
        label_visibility="collapsed",
        on_change=lambda: choice.choose_pair(side, st.session_state[key]),
    )


def table(case: Case) -> None:
    """Every method on this smear: cells, share, Dice, time."""
    import pandas as pd

    rows, trouble = [], []
    for name in methods():
        try:
            rows.append(_row(case, work.found(case.smear, name)))
        except AllcadError as error:
            trouble.append(str(error))
    st.header("Every method on this smear", anchor=False)
    if case.truth is not None:
        there = "is" if case.truth.cells == 1 else "are"
        st.caption(f"{words.plural(case.truth.cells, 'white cell')} {there} really there.")
    notes.broken(trouble)
    number = st.column_config.NumberColumn
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={
            "Nuclei": number(format="%.1f %%", help="Share of the picture that is taken for nucleus"),
            "Time": number(format="%.0f ms", help="Of this picture on this machine, its network loaded"),
            "How it works": st.column_config.TextColumn(width="large"),
        },
        alt="Every method with its white cells, its share of nuclei, its Dice and its time",
    )


def _row(case: Case, found: Found) -> dict[str, object]:
    scored = {}
    for part in () if case.truth is None else case.truth.parts:
        score = case.score(found, part)
        scored[f"Dice, {told.PARTS[part].lower()}"] = words.DASH if score is None else told.dice(score)
    return {
        "Method": told.method(found.method).title,
        "White cells": len(found.regions),
        "Nuclei": 100 * float(found.mask("nucleus").mean()),
        **scored,
        "Time": found.milliseconds,
        "How it works": told.method(found.method).sentence,
    }
