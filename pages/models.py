"""Models and data: what each model is, what it learned from, what it scores, and where it may fail."""

import streamlit as st

from allcad_core.errors import AllcadError
from allcad_core.models import cards
from allcad_core.ui import engine, notes, theme, tour
from allcad_core.ui.cards import data_sets, model_card, recipe_list


def draw() -> None:
    theme.through_the_door()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title("Models and data", anchor=False, width="content")
        tour.again()
    notes.doubt(
        "No model here has been tried on patients.",
        "They learned from few hospitals, and from few patients with drawn cells. A figure below holds for pictures like those; "
        "expect less elsewhere.",
    )
    models_tab, data_tab = st.tabs(["Models", "Data sets and papers"])
    with models_tab:
        try:
            known = cards()
            recipes = engine.recipes()
        except AllcadError as error:
            notes.broken([str(error)])
            known, recipes = {}, ()
        recipe_list(recipes)
        for card in known.values():
            model_card(card)
    with data_tab:
        data_sets()


draw()
