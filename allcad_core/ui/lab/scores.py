"""Dice of every method on one smear, as dots with their whiskers."""

from __future__ import annotations

from html import escape

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from allcad_core.errors import AllcadError
from allcad_core.evaluation.one_smear import Agreement, dice_by_threshold
from allcad_core.segmentation import methods
from allcad_core.ui import state, words
from allcad_core.ui.lab import told, work
from allcad_core.ui.lab.case import Case
from allcad_core.ui.lab.work import Found

Row = Agreement | str | None
"""A score, why there is none, or nothing yet."""


def curve(case: Case) -> NDArray[np.float64] | None:
    """Dice of every threshold on grey levels, float64 (256,)."""
    if case.truth is None:
        return None
    key, mask = ("lab", case.smear.key, "curve", case.truth.name, case.part), case.truth.mask
    return state.remember(key, lambda: dice_by_threshold(work.brightness(case.smear).grey, mask(case.part)))


def scores(case: Case, rule: Found, result: Found) -> None:
    """Draw the Dice of every method; what takes long comes later, in its place.

    Args:
        case: a smear whose truth is known.
        rule: what the chosen method found.
        result: what is shown.
    """
    assert case.truth is not None
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        st.header("Dice on this smear", anchor=False)
        if len(case.truth.parts) > 1:
            part_choice()
        else:
            st.caption(told.PARTS[case.part], width="content")
    place = st.empty()
    rows: dict[str, Row] = {"own": case.score(result)} if result.method == "own" else {}
    rows |= dict.fromkeys(methods())
    for name in (rule.method, *methods()):
        if isinstance(rows[name], Agreement):
            continue
        if not work.is_known(case.smear, name):
            place.html(_dots(rows, rule, result))
        try:
            rows[name] = case.score(work.found(case.smear, name))
        except AllcadError as error:
            rows[name] = str(error)
    place.html(_dots(rows, rule, result))


def part_choice() -> None:
    """Nuclei or whole cells: what is compared."""
    st.segmented_control(
        "Compare",
        list(told.PARTS),
        default="nucleus",
        required=True,
        key="lab-part",
        persist_state="session",
        label_visibility="collapsed",
        format_func=lambda part: told.PARTS[part],
    )


def _dots(rows: dict[str, Row], rule: Found, result: Found) -> str:
    scored = [row for row in rows.values() if isinstance(row, Agreement)]
    floor = min((row.dice if row.low is None else row.low for row in scored), default=0.9)
    start = max(0.0, np.floor(10 * (floor - 0.02)) / 10)
    axis = (
        f"From {start:.1f} to 1. The whisker is a 95{words.NBSP}% interval, by drawing the cells of this smear again."
    )
    now = "own" if result.method == "own" else rule.method
    titles = {name: told.method(name).title for name in rows} | {"own": f"Your threshold, {result.threshold}"}
    lines = [_dot(titles[name], row, start, chosen=name == now) for name, row in rows.items()]
    return f'<div class="al-dice" title="{axis}">{"".join(lines)}</div>'


def _dot(title: str, row: Row, start: float, *, chosen: bool) -> str:
    head = f"<div{' class=al-now' if chosen else ''}><span>{escape(title)}</span>"
    if not isinstance(row, Agreement):
        why = f' title="{escape(row)}"' if row else ""
        return f'{head}<span class="al-track"></span><span{why}>{words.DASH if row else "measuring"}</span></div>'

    def at(value: float) -> float:
        return 100 * (value - start) / (1 - start)

    low, high = (row.dice, row.dice) if row.low is None or row.high is None else (row.low, row.high)
    whisker = f'<i style="left:{at(low):.1f}%;right:{100 - at(high):.1f}%"></i><u style="left:{at(row.dice):.1f}%"></u>'
    ends = "" if row.low is None else f" ({low:.2f}{words.DASH}{high:.2f})"
    return f'{head}<span class="al-track">{whisker}</span><span><b>{row.dice:.2f}</b>{ends}</span></div>'
