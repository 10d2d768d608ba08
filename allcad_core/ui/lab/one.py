"""One method on one smear: its steps, the viewer, the histogram with its line, Dice where truth is known, the regions."""

from __future__ import annotations

import numpy as np
import streamlit as st

from allcad_core.quality import RED_CELL_UM
from allcad_core.ui import notes, state
from allcad_core.ui.lab import choice, measures, told, work
from allcad_core.ui.lab.cards import cards
from allcad_core.ui.lab.case import Case
from allcad_core.ui.lab.scores import curve, scores
from allcad_core.ui.lab.work import Found
from allcad_core.ui.mask_view import Planes, mask_view
from allcad_core.ui.region_table import region_table
from allcad_core.ui.stages import stages
from allcad_core.ui.state import Smear
from allcad_core.ui.threshold import Line, threshold

HEIGHT = 508
"""Pixels of the viewer on a wide screen: with label, headline and cards it fits 1440 x 900."""


def shown(smear: Smear, rule: Found) -> Found:
    """What is shown: the method's own result, or that of the threshold which the visitor set in its place."""
    level = choice.threshold(smear, rule.method)
    if rule.threshold is None or level is None or level == rule.threshold:
        return rule
    return work.at_threshold(smear, level)


def doubts(rule: Found, result: Found) -> None:
    """What a visitor should know about this result."""
    if result is rule and not rule.lowest_cluster:
        notes.doubt(
            "The smallest cluster is not the darkest here.",
            "The paper's rule therefore takes red cells or ground for nuclei as well. The mended rule keeps to the darkest "
            "cluster.",
            filled=True,
        )
    elif not result.regions:
        notes.doubt(
            "Nothing here is large enough to be a cell.", "Move the line, or choose another method.", filled=True
        )


def body(case: Case, rule: Found, result: Found) -> None:
    """Draw everything below the headline.

    Args:
        case: the smear.
        rule: what the chosen method found.
        result: what is shown, see ``shown``.
    """
    smear = case.smear
    steps = told.stages(result, rule, case.truth, case.part, case.score(result))
    subject = f"{smear.key[:16]} {rule.method} {result.threshold}"
    stages(steps, cards(case, result, steps), key="lab-stages")
    left, right = st.columns([8, 5], gap="medium")
    with left:
        _viewer(case, rule, result, steps, subject)
    with right, st.container(gap="small"):
        _histogram(case, rule, result)
        place = st.container(gap="small")
        _table(case, result, subject)
        if case.truth is not None:
            with place:
                scores(case, rule, result)


def _viewer(case: Case, rule: Found, result: Found, steps: list[told.Stage], subject: str) -> None:
    smear = case.smear
    first, second, _ = work.brightness(smear).clusters
    planes = Planes(
        grey=None if result.threshold is None else work.grey_png(smear),
        feature=work.purple_png(smear) if rule.method == work.STAIN else None,
        mask=None if result.threshold is not None else work.plane_png(smear, result),
        truth=_truth_png(case),
    )
    mask_view(
        work.photograph(smear),
        case.size,
        planes,
        steps,
        key="lab-view",
        alt=f"{smear.name}. {told.headline(result, rule)}",
        regions=[(region, measures.tag(region, case.micrometres)) for region in result.regions],
        subject=subject,
        threshold=result.threshold,
        clusters=(first.high, second.high),
        part=case.part,
        micrometres=case.micrometres,
        height=HEIGHT,
    )


def _truth_png(case: Case) -> bytes | None:
    truth = case.truth
    if truth is None:
        return None
    return state.remember(("lab", case.smear.key, "truth.png", truth.name), lambda: work.png(truth.plane))


def _heading(title: str, caption: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute", gap="small"):
        st.header(title, anchor=False)
        st.caption(caption, width="content")


def _histogram(case: Case, rule: Found, result: Found) -> None:
    bright = work.brightness(case.smear)
    line, taken = None, None
    if rule.threshold is None or result.threshold is None:
        _heading("Grey histogram", "log count")
        taken = np.bincount(bright.grey[result.mask("nucleus")], minlength=256)
    else:
        _heading("Grey histogram", "log count; drag the line, or use \u2190 \u2192")
        line = Line(result.threshold, rule.threshold, told.method(rule.method).name, curve(case))
    threshold(
        bright.histogram,
        bright.clusters,
        key="lab-threshold",
        subject=f"{case.smear.key[:16]} {rule.method}",
        line=line,
        taken=taken,
        on_level=lambda level: choice.set_threshold(case.smear, rule.method, level),
    )


def _table(case: Case, result: Found, subject: str) -> None:
    scale = case.micrometres
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        st.header("Regions", anchor=False)
        with st.popover(
            "In pixels: set a scale" if scale is None else f"{1 / scale:.1f} px a \u00b5m",
            type="tertiary",
            width="content",
        ):
            _scale(case)
    knows = result.knows_cytoplasm
    region_table(
        measures.columns(knows, scale),
        [measures.row(region, knows, scale) for region in result.regions],
        key="lab-regions",
        subject=subject,
        notes=[measures.CUT if region.at_border else "" for region in result.regions],
    )


def _scale(case: Case) -> None:
    """Where the scale comes from, and a field to set another one."""
    revealed = choice.from_red_cells(case.smear)
    if revealed is None:
        st.markdown("No lone red cell gives a scale here.")
    else:
        st.markdown(
            f"Red cells measure {RED_CELL_UM} \u00b5m across on a dry smear. Their median here is "
            f"{RED_CELL_UM / revealed:.0f} px, hence {1 / revealed:.1f} px a \u00b5m; expect that to be off by some "
            "per cent."
        )
    key = f"lab-scale-{case.smear.key}"
    state.hold(key, choice.own_scale(case.smear))
    st.number_input(
        "Pixels a \u00b5m, where you know better",
        min_value=0.1,
        max_value=1000.0,
        step=0.1,
        key=key,
        placeholder="from red cells",
        on_change=lambda: choice.set_scale(case.smear, st.session_state[key]),
    )
