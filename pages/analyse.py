"""Analyse smear: the verdict first, then the field, its cells, and how the picture was read."""

import streamlit as st

from allcad_core.errors import AllcadError
from allcad_core.results import FieldAnalysis
from allcad_core.ui import bring, field_view, label, notes, pooling, proof, state, verdict
from allcad_core.ui.state import Smear


def draw() -> None:
    state.follow_address()
    notes.broken(state.failures())
    smear = state.current()
    if smear is None:
        with notes.empty():
            bring.sample_button()
            bring.uploader("first-upload", label_shown=False)
            bring.camera("first-camera")
        return
    state.write_address()
    head = st.container(key="label", border=True, horizontal=True, vertical_alignment="center")
    with head:
        label.title(smear)
    row = st.container()
    found = answer(smear)
    with row:
        field_view.smear_row()
        together = pooling.switch()
    if found is None:
        with head:
            label.rest(smear, None)
        return
    shown = field_view.at_chosen_score(found)
    with head:
        label.rest(smear, shown)
    with st.container(key="verdict"):
        pool = pooling.gathered(shown) if together and smear.sample is None else None
        if pool is None:
            verdict.verdict(shown)
        else:
            pooling.over_all(pool)
    cells_tab, mask_tab = st.tabs(["Cells", "Histogram and mask"], key="view", on_change="rerun")
    with cells_tab:
        finish = field_view.field(smear, found, shown)
    with mask_tab:
        if mask_tab.open:
            proof.histogram_and_mask(smear)
    label.onward()
    proof.behind(shown)
    finish()
    if state.read_ahead():
        st.rerun()


def answer(smear: Smear) -> FieldAnalysis | None:
    """The analysis of the smear, with its steps shown while it runs; a model that fails leaves a sentence."""
    try:
        with notes.waiting() as progress:
            return state.reviewed(smear, state.recipe(), progress)
    except AllcadError as error:
        notes.broken([str(error)])
        field_view.recipe_choice()
        return None


draw()
