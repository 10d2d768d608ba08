"""The Stage page: what plays on it is prepared here, the smear and the round come from the address."""

from __future__ import annotations

import streamlit as st

from allcad_core.errors import AllcadError
from allcad_core.ui import notes, samples, state
from allcad_core.ui.explorer import pictures
from allcad_core.ui.stage import game, scenes
from allcad_core.ui.stage.game import LARGEST_SEED, PHOTOGRAPHS, Round
from allcad_core.ui.stage.show import show
from allcad_core.ui.state import Smear

NAMES = {game.GENERATED: "Generated", game.PHOTOGRAPHS: "Photographs of ALL-IDB2"}


def stage() -> None:
    """Draw the stage, then make the cells of the game, so that the scenes need not wait for them."""
    state.follow_address()
    notes.broken(state.failures())
    smear = state.current() or _first()
    try:
        with notes.waiting("al-wait al-one") as progress:
            played = scenes.scenes(smear, progress)
    except AllcadError as error:
        notes.broken([str(error)])
        return
    seed, source = _seed(), _source()
    ready = _made().get((seed, source, state.recipe()))
    show(played, ready, seed, _ask)
    _controls(source)
    if ready is None:
        _make(seed, source)


def _first() -> Smear:
    name = samples.listed()[0].name
    return Smear(samples.load(name), name)


def _controls(source: str) -> None:
    """What the game plays with, below the stage."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.session_state.setdefault("stage-round", _seed())
        st.number_input(
            "Round", 0, LARGEST_SEED, key="stage-round", on_change=_turn, width=160,
            help="The same number gives the same twelve cells.",
        )  # fmt: skip
        known = game.sources()
        if len(known) > 1:
            st.segmented_control(
                "Cells", known, default=source, required=True, key="stage-cells", format_func=NAMES.__getitem__,
                on_change=_change_source,
            )  # fmt: skip
        else:
            st.caption(
                "Cells are generated. With ALL-IDB2 in the data folder ($ALLCAD_DATA), its photographs can be played too."
            )


def _seed() -> int:
    """The round that the address names; the first one without it."""
    asked = st.query_params.get("round", "1")
    return min(int(asked), LARGEST_SEED) if asked.isdecimal() else 1


def _ask(seed: int) -> None:
    st.query_params["round"] = str(seed)
    st.session_state["stage-round"] = seed


def _turn() -> None:
    st.query_params["round"] = str(st.session_state["stage-round"])


def _source() -> str:
    chosen = st.query_params.get("cells", game.GENERATED)
    return chosen if chosen in game.sources() else game.GENERATED


def _change_source() -> None:
    st.query_params["cells"] = st.session_state["stage-cells"]


def _made() -> dict[tuple[int, str, str], Round]:
    """The rounds that this visitor may play at once; made ones stay with the process."""
    found: dict[tuple[int, str, str], Round] = st.session_state.setdefault("stage-rounds", {})
    while len(found) > 4:
        found.pop(next(iter(found)))
    return found


def _make(seed: int, source: str) -> None:
    recipe = state.recipe()
    try:
        if source == PHOTOGRAPHS:
            made = game.photographed_round(seed, str(pictures.folder().path))
        else:
            made = game.generated_round(seed, recipe)
    except AllcadError as error:
        notes.broken([str(error)])
        return
    _made()[seed, source, recipe] = made
    st.rerun()
