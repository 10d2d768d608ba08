"""Models and data: what each model is, what it learned from, what it scores, and where it may fail."""

import streamlit as st

from allcad_core.errors import AllcadError, UnknownNameError
from allcad_core.models import cards
from allcad_core.ui import engine, notes, tour, words
from allcad_core.ui.cards import data_sets, licences, limits, model_card, recipe_list


def draw() -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title("Models and data", anchor=False, width="content")
        tour.again()
    with st.container(key="models-limits"):
        notes.doubt(
            "No model here has been tried on patients.",
            "They learned from few hospitals, and from few patients with drawn cells. A figure below holds for pictures like "
            "those; expect less elsewhere.",
        )
    try:
        known = cards()
        recipes = engine.recipes()
    except AllcadError as error:
        notes.broken([str(error)])
        known, recipes = {}, ()
    asked = st.query_params.get("model", next(iter(known), ""))
    if known and asked not in known:
        notes.broken([str(UnknownNameError("model", asked, list(known)))])
    models_tab, data_tab, licence_tab, limits_tab = st.tabs(
        ["Models", "Data sets and papers", "Licences", "Known limits"]
    )
    with models_tab:
        recipe_list(recipes)
        st.caption(
            f"Each figure with its 95{words.NBSP}% interval, measured on pictures that the model did not learn from."
        )
        for card in known.values():
            model_card(card, is_open=card.name == asked)
    with data_tab:
        data_sets()
    with licence_tab:
        licences(list(known.values()))
    with limits_tab:
        limits()


draw()
