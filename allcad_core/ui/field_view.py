"""The field with its boxes, the controls that filter them, the gallery below and the chosen cell beside it."""

from __future__ import annotations

import math
from functools import partial

import streamlit as st

from allcad_core.results import FieldAnalysis
from allcad_core.ui import engine, media, reviewing, state, verdict, words
from allcad_core.ui.cell_card import Finish, cell_card
from allcad_core.ui.gallery import Tile, gallery
from allcad_core.ui.state import Smear
from allcad_core.ui.viewer import viewer

HEIGHT = 396
"""Pixels of the viewer on a wide screen: with label, verdict and gallery it fits 1440 x 900."""
KINDS = ("blast", "healthy", "review")


def field(smear: Smear, analysis: FieldAnalysis, shown: FieldAnalysis) -> Finish:
    """Draw the field and what can be done with it.

    Args:
        smear: the photograph.
        analysis: of it, at its model's own score.
        shown: the same as ``at_chosen_score`` gives it.

    Returns:
        What draws the rest of the card once the page stands.
    """
    left, right = st.columns([5, 2], gap="medium")
    with left:
        with st.container(horizontal=True, vertical_alignment="center", key="controls"):
            pills = st.container(width="content")
            st.space("stretch")
            score_slider(analysis)
            recipe_choice()
        with pills:
            kinds = kind_pills(shown)
        order = ordered(shown, kinds)
        chosen = state.chosen_cell()
        chosen = chosen if chosen in order else next(iter(order), None)
        if not shown.cells:
            verdict.nothing_found(shown, lambda score: _set_score(shown, score))
        viewer(
            picture(smear),
            (shown.width, shown.height),
            shown.every_cell,
            key="field",
            alt=f"{smear.name} with a box around every white cell. {shown.suggestion.headline}",
            least=shown.confidence,
            follows=_score_key(analysis),
            kinds=[*kinds, "unsure"],
            chosen=chosen,
            height=HEIGHT,
            um_per_px=shown.um_per_px,
            on_choice=state.choose_cell,
            on_drawn=lambda box: reviewing.draw(smear, shown, box),
        )
        cell_row(smear, shown, order, chosen)
    with right:
        return cell_card(smear, shown, order, chosen)


def at_chosen_score(analysis: FieldAnalysis) -> FieldAnalysis:
    """The analysis at the score that the visitor set, known before the slider is drawn: the verdict stands above it."""
    return analysis.at(float(st.session_state.get(_score_key(analysis), round(analysis.confidence, 2))))


def _score_key(analysis: FieldAnalysis) -> str:
    return f"least-{analysis.recipe}"


def score_slider(analysis: FieldAnalysis) -> None:
    """The score below which boxes are hidden; each model has its own, which outlives a change of page."""
    st.markdown("Score at least", width="content")
    st.slider(
        "Score at least",
        0.0,
        0.99,
        value=round(analysis.confidence, 2),
        step=0.01,
        key=_score_key(analysis),
        persist_state="session",
        label_visibility="collapsed",
        width=180,
    )


def _set_score(analysis: FieldAnalysis, score: float) -> None:
    st.session_state[_score_key(analysis)] = math.floor(100 * score) / 100


def recipe_choice() -> None:
    """The model that looks at the smear."""
    known = {one.name: one for one in engine.recipes()}
    names = list(known)
    st.session_state["recipe-choice"] = state.recipe()
    st.selectbox(
        "Model",
        names,
        key="recipe-choice",
        label_visibility="collapsed",
        help=known[state.recipe()].sentence,
        on_change=lambda: state.choose_recipe(st.session_state["recipe-choice"]),
        format_func=lambda name: f"Model: {name}",
        width=215,
    )


def kind_pills(shown: FieldAnalysis) -> list[str]:
    """Which classes are shown, with their counts."""
    flagged = sum(words.to_review(cell) for cell in shown.cells)
    counts = {"blast": shown.counts.blast, "healthy": shown.counts.healthy, "review": flagged}
    return st.pills(
        "Show",
        KINDS,
        selection_mode="multi",
        default=KINDS,
        key="kinds",
        persist_state="session",
        label_visibility="collapsed",
        format_func=lambda kind: f"{words.coloured(kind)} {words.NAMES[kind].capitalize()} {counts[kind]}",
    )


def ordered(shown: FieldAnalysis, kinds: list[str]) -> list[int]:
    """Indices in ``every_cell`` of the cells of these kinds, most suspicious first."""
    cells = [
        (index, cell)
        for index, cell in enumerate(shown.every_cell)
        if (cell.reviewed or cell.score >= shown.confidence)
        and ("review" if words.to_review(cell) else cell.label) in {*kinds, "unsure"}
    ]
    return [index for index, _ in sorted(cells, key=lambda pair: -words.suspicion(pair[1]))]


def picture(smear: Smear) -> bytes:
    """The photograph as the browser gets it."""
    return state.remember(("jpeg", smear.key), lambda: media.jpeg(smear.image.pixels))


def cell_row(smear: Smear, shown: FieldAnalysis, order: list[int], chosen: int | None) -> None:
    """The cut-out cells in a row, most suspicious first."""
    if not order:
        return
    sprite = state.remember(
        ("cells", smear.key, shown.recipe, tuple(cell.box for cell in shown.every_cell)),
        lambda: media.sprite([media.crop(smear.image.pixels, cell.box) for cell in shown.every_cell]),
    )
    tiles = []
    for index in order:
        cell = shown.every_cell[index]
        kind = "review" if words.to_review(cell) else cell.label
        drawn = cell.reviewed and cell.p_blast is None
        value = "drawn" if drawn else words.probability(words.suspicion(cell))
        told = "drawn by a person" if drawn else f"blast probability {value}"
        alt = f"Cell {index + 1}: {words.NAMES[cell.label]}, {told}"
        alt, value = (f"{alt}, reviewed by a person", f"{value} \u2713") if cell.reviewed else (alt, value)
        tiles.append(Tile(str(index), index, value, alt, kind, words.GLYPHS[kind]))
    gallery(
        sprite,
        tiles,
        key="cells",
        alt="White cells by falling blast probability",
        chosen=None if chosen is None else str(chosen),
        on_choice=lambda index: state.choose_cell(int(index)),
    )


def smear_row() -> None:
    """The visitor's smears side by side, where there are several."""
    smears = state.smears()
    if len(smears) < 2:
        return
    current = state.current()
    thumbnails = [state.remember(("tile", smear.key), partial(media.thumbnail, smear.image.pixels)) for smear in smears]
    gallery(
        media.sprite(thumbnails),
        [
            Tile(smear.key, place, smear.name, f"Show {smear.name}", more=state.counted(smear, state.recipe()))
            for place, smear in enumerate(smears)
        ],
        key="smears-row",
        alt="Your smears",
        chosen=current.key if current else None,
        on_choice=state.choose,
        layout="strip",
    )
