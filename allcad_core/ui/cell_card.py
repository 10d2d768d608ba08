"""One cell large: what it looks like, how sure the models are, its measures, and why they may be wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import cv2
import numpy as np
import streamlit as st
from numpy.typing import NDArray

from allcad_core.errors import AllcadError
from allcad_core.results import Cell, FieldAnalysis, in_micrometres
from allcad_core.ui import charts, engine, media, reviewing, state, words
from allcad_core.ui.state import Smear

Finish = Callable[[], None]
"""Draws what was left for later."""

SIDE = 320
"""Pixels of the large crops."""
DOUBTS: dict[str, str] = {
    "disagree": "the detector and the classifier do not agree",
    "uncertain": "its probability lies near one half",
    "border": "the edge of the picture cuts it",
}
OTHER: dict[str, str] = {"blast": "healthy", "healthy": "blast"}
SCALED = (
    ("Diameter", "diameter_um", "{:.1f} \u00b5m"),
    ("Nucleus", "nucleus_area_um2", "{:,.0f} \u00b5m\u00b2"),
)
IN_PIXELS = (
    ("Diameter", "diameter", "{:.0f} px"),
    ("Nucleus", "nucleus_area", "{:,.0f} px\u00b2"),
)
MEASURES: tuple[tuple[str, str, str], ...] = (
    ("N:C", "nc_ratio", "{:.2f}"),
    ("Roundness", "roundness", "{:.2f}"),
    ("Solidity", "solidity", "{:.2f}"),
)


def cell_card(smear: Smear, analysis: FieldAnalysis, order: list[int], chosen: int | None) -> Finish:
    """Draw the card of the chosen cell with buttons to its neighbours in ``order``.

    Args:
        smear: the photograph.
        analysis: at the confidence that the page shows.
        order: indices in ``every_cell`` of the shown cells, most suspicious first.
        chosen: one of them, or ``None`` where nothing is shown.

    Returns:
        What draws where the classifier looked, once the rest of the page stands: that takes a moment.
    """
    with st.container(border=True, key="card"):
        if chosen is None:
            st.markdown("**No cell is shown.**")
            st.caption("Lower the score or show more classes.")
            if analysis.edits or state.review_of(smear).undone:
                reviewing.buttons(smear, analysis, order, None)
            return lambda: None
        cell = analysis.every_cell[chosen]
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.header(f"Cell {chosen + 1} of {analysis.counts.total + analysis.counts.unsure}", anchor=False)
            _badge(cell)
        reviewing.buttons(smear, analysis, order, chosen)
        explain = _pictures(smear, analysis, chosen)
        ask = _probabilities(smear, analysis, chosen)
        _measures(cell, analysis.um_per_px)
        doubts = st.empty()
        _neighbours(order, chosen)

    def finish() -> None:
        explain()
        others = ask()
        with doubts.container():
            _doubts(cell, analysis, others)

    with doubts.container():
        _doubts(cell, analysis, {})
    return finish


def _badge(cell: Cell) -> None:
    glyph, colour = words.GLYPHS[cell.label], words.COLOURS[cell.label]
    tick = " \u2713" if cell.reviewed else ""
    st.badge(f"{glyph} {words.label_name(cell.label).capitalize()}{tick}", color=colour)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Why:
    """Where a classifier looked at a cell, ready to be shown: its name, the map as JPEG, and one sentence."""

    classifier: str
    picture: bytes
    sentence: str


def _why(smear: Smear, analysis: FieldAnalysis, chosen: int) -> Why | None:
    """Where the classifier looked at a cell; ``None`` where nothing can be said."""
    try:
        found = engine.explain(smear.image, analysis, chosen)
    except AllcadError:  # the analysis stands without it, and what is broken was said above the page
        return None
    if found is None:
        return None
    cell = analysis.every_cell[chosen]
    corner, scale = media.crop_frame(cell.box, smear.image.pixels.shape, SIDE)
    picture = found.over(media.crop(smear.image.pixels, cell.box, SIDE), corner, scale)
    _outline(picture, cell, corner, scale)
    return Why(found.classifier, media.jpeg(picture, media.CROP_QUALITY), found.sentence)


def _pictures(smear: Smear, analysis: FieldAnalysis, chosen: int) -> Finish:
    """The cell as photographed, and beside it where the classifier looked; as measured until that is known."""
    cell = analysis.every_cell[chosen]
    photograph = media.crop(smear.image.pixels, cell.box, SIDE)
    left, right = st.columns(2, gap="small", wrap=False)
    with left:
        st.image(media.jpeg(photograph, media.CROP_QUALITY), width="stretch", alt="The cell as photographed")
        st.caption("As photographed")
    with right:
        beside = st.empty()
    below = st.empty()
    key = ("why", smear.key, analysis.recipe, cell.box)

    def finish() -> None:
        why = state.remember(key, lambda: _why(smear, analysis, chosen))
        if why is None:
            return
        with beside.container():
            st.image(why.picture, width="stretch", alt=f"Bright over grey: what spoke for the answer. {why.sentence}")
            st.caption(f"Where {why.classifier} looked")
        below.caption(why.sentence)

    with beside.container():  # always something: until it is replaced, a browser shows what stood here for another cell
        measured = media.jpeg(_outlined(photograph, cell, smear), media.CROP_QUALITY)
        st.image(measured, width="stretch", alt="Outline of the cell" if cell.outline else "The cell in grey")
        st.caption("As measured" if cell.outline else "Not measured")
    below.caption(words.NBSP)
    if not state.is_remembered(key):
        return finish
    finish()
    return lambda: None


def _outlined(crop: media.Pixels, cell: Cell, smear: Smear) -> media.Pixels:
    """The crop in grey with the measured cell, where there is one, in colour, and its outline in ink on white."""
    corner, scale = media.crop_frame(cell.box, smear.image.pixels.shape, SIDE)
    inside = np.zeros(crop.shape[:2], np.uint8)
    if cell.outline:
        points = np.round((np.asarray(cell.outline) - corner) * scale).astype(np.int32)
        cv2.fillPoly(inside, [points], 1)
    grey = np.repeat(crop.mean(axis=2, keepdims=True), 3, axis=2) * 0.6 + 100
    picture = np.where(inside[..., None] > 0, crop, grey.astype(np.uint8))
    _outline(picture, cell, corner, scale)
    return picture


def _outline(picture: media.Pixels, cell: Cell, corner: NDArray[np.float64], scale: float) -> None:
    """Draw the cell's outline in ink with a white edge, in place."""
    if not cell.outline:
        return
    points = np.round((np.asarray(cell.outline) - corner) * scale).astype(np.int32)
    cv2.polylines(picture, [points], True, (255, 255, 255), 5, cv2.LINE_AA)
    cv2.polylines(picture, [points], True, (33, 28, 40), 2, cv2.LINE_AA)


def _probabilities(smear: Smear, analysis: FieldAnalysis, chosen: int) -> Callable[[], dict[str, float]]:
    """A bar for each model that has spoken; returns what asks the further classifiers and adds theirs."""
    cell = analysis.every_cell[chosen]
    place = st.empty()
    key = ("opinions", smear.key, analysis.recipe, tuple(cell.box for cell in analysis.every_cell))

    def draw(others: dict[str, float]) -> dict[str, float]:
        with place.container():
            _bars(cell, analysis, others)
        return others

    def ask() -> dict[str, float]:
        found = state.remember(key, lambda: _second_opinions(smear, analysis))
        return draw({name: chances[chosen] for name, chances in found.items()})

    if state.is_remembered(key):
        ask()
    else:
        draw({})
    return ask


def _second_opinions(smear: Smear, analysis: FieldAnalysis) -> dict[str, tuple[float, ...]]:
    try:
        return engine.second_opinions(smear.image, analysis)
    except AllcadError:  # the card stands without them
        return {}


def _bars(cell: Cell, analysis: FieldAnalysis, others: dict[str, float]) -> None:
    own = dict(cell.probabilities)
    if not own and cell.p_blast is not None:
        own = {analysis.models.classifier or "Blast": cell.p_blast}
    bars = {**own, **others}
    facts = []
    if bars:
        charts.probability_bars(bars, {name: _tick(name, analysis) for name in bars})
        facts.append("Blast probability; the line is where a model's blasts begin")
    drawn = cell.reviewed and not cell.probabilities and cell.p_blast is None
    facts.append("drawn by a person" if drawn else f"box score {words.probability(cell.score)}")
    told = words.listing(facts)
    st.caption(f"{told[0].upper()}{told[1:]}")


def _tick(name: str, analysis: FieldAnalysis) -> float | None:
    """From where on a model says blast; a detector says the likelier of the two."""
    return 0.5 if name == analysis.models.detector else engine.threshold(name)


def _measures(cell: Cell, um_per_px: float | None) -> None:
    """The measures, in micrometres where the scale is known, else in pixels."""
    measured = {**cell.measures, **in_micrometres(cell.measures, um_per_px)}
    forms = [*(SCALED if um_per_px is not None else IN_PIXELS), *MEASURES]
    known = [(name, form.format(measured[key])) for name, key, form in forms if key in measured]
    if known:
        items = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in known)
        st.html(f'<dl class="al-measures">{items}</dl>')


def _doubts(cell: Cell, analysis: FieldAnalysis, others: dict[str, float]) -> None:
    told = [
        _disagreement(cell, analysis) if flag == "disagree" else DOUBTS[flag] for flag in cell.flags if flag in DOUBTS
    ]
    told += [
        f"{name} says {words.NAMES[said]}"
        for name, chance in others.items()
        if not cell.reviewed and cell.label in OTHER and (said := _said(name, chance)) == OTHER[cell.label]
    ]
    if told:
        st.html(f'<div class="al-note"><p><b>May be wrong:</b> {escape(", and ".join(told))}.</p></div>')


def _said(classifier: str, chance: float) -> str:
    tick = engine.threshold(classifier)
    return "blast" if chance >= (0.5 if tick is None else tick) else "healthy"


def _disagreement(cell: Cell, analysis: FieldAnalysis) -> str:
    """Who says what, where detector and classifier differ."""
    detector, classifier = analysis.models.detector, analysis.models.classifier
    if classifier is None or cell.reviewed or cell.label not in OTHER:
        return DOUBTS["disagree"]
    by_label = classifier if engine.relabels(analysis.recipe) else detector
    other = detector if by_label == classifier else classifier
    return f"{by_label} says {words.NAMES[cell.label]}, {other} says {words.NAMES[OTHER[cell.label]]}"


def _neighbours(order: list[int], chosen: int) -> None:
    place = order.index(chosen) if chosen in order else 0
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(f"{place + 1} of {len(order)}, most suspicious first", width="content")
        with st.container(horizontal=True, width="content", gap="small", key="steps"):
            _step("Previous cell", ":material/chevron_left:", "Left", order, place - 1)
            _step("Next cell", ":material/chevron_right:", "Right", order, place + 1)


def _step(name: str, icon: str, key: str, order: list[int], place: int) -> None:
    inside = 0 <= place < len(order)
    st.button(
        "",
        icon=icon,
        key=name,
        help=f"{name} ({key.lower()} arrow key)",
        shortcut=key,
        disabled=not inside,
        on_click=state.choose_cell,
        args=(order[place] if inside else 0,),
    )
