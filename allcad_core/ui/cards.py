"""Model cards and data sheets as a visitor reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from allcad_core.models import Card, Figure
from allcad_core.ui import words

if TYPE_CHECKING:
    from allcad_core.analysis import Recipe

TASKS = {
    "cell": "Judges one cell",
    "field": "Judges a whole field",
    "detect": "Finds cells in a field",
    "segment": "Draws nuclei and cells",
}
PROTOCOLS = {
    "session": "On a sitting that it has not seen: other day, other light, often another camera",
    "field": "On a field that it has not seen, from sittings that it knows",
}
"""Protocols in a visitor's words."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set that models learned from or are measured on, and what to cite."""

    name: str
    what: str
    cite: str


DATA = (
    DataSet(
        "ALL-IDB",
        what="Blood smears of patients with acute lymphoblastic leukaemia and of healthy people, with the centres of blasts "
        "marked by experts. Given to researchers by the University of Milan.",
        cite="Labati, Piuri and Scotti, ALL-IDB: the acute lymphoblastic leukemia image database for image processing, "
        "ICIP 2011.",
    ),
    DataSet(
        "Masks of ALL-IDB",
        what="Expert outlines of nuclei and white cells, against which segmentation is measured.",
        cite="Di Ruberto, Loddo and Putzu 2016; Loddo and Putzu 2022.",
    ),
    DataSet(
        "Aria",
        what="Small fields of 89 suspected patients of another hospital. Only the whole field has a label, so every cell of "
        "it takes that label: many of these are wrong.",
        cite="Aria et al. 2021.",
    ),
    DataSet(
        "PBC",
        what="Healthy blood, one white cell in the middle of each picture, seven kinds. CC BY 4.0.",
        cite="Acevedo et al. 2020.",
    ),
    DataSet("TXL-PBC", what="Healthy blood through phone cameras on microscopes. MIT.", cite="TXL-PBC."),
)


def recipe_list(recipes: Sequence[Recipe]) -> None:
    """The models that one can choose on the page Analyse smear, each with its sentence."""
    if recipes:
        st.markdown("  \n".join(f"**{recipe.name}**: {recipe.sentence}" for recipe in recipes))


def model_card(card: Card) -> None:
    """One model: its figures first, then what it is, learned from, and has never seen."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(card.title, anchor=False)
            st.badge(TASKS[card.task], color="gray")
        st.caption(words.listing([card.name, f"{card.parameters:,} parameters", card.storage]))
        if card.figures:
            for protocol in dict.fromkeys(figure.protocol for figure in card.figures):
                st.markdown(f"**{PROTOCOLS.get(protocol, protocol)}**")
                measured = [figure for figure in card.figures if figure.protocol == protocol]
                for row in range(0, len(measured), 4):
                    for figure, column in zip(measured[row : row + 4], st.columns(4), strict=False):
                        with column:
                            _figure(figure)
        else:
            st.caption("No out-of-fold figures yet.")
        told = (("Never seen", card.never_seen), ("Trained on", card.trained_on), ("What it is", card.paper))
        st.markdown("  \n".join(f"**{what}.** {text}" for what, text in told))
        with st.expander("File, licence, command"):
            st.markdown(f"**Licences.** {card.licences}")
            st.code(f"{card.command}\n# {card.file}\n# SHA-256 {card.sha256}", language="bash", wrap_lines=True)


def _figure(figure: Figure) -> None:
    bounded = figure.low is not None and figure.high is not None
    st.metric(
        figure.name,
        f"{figure.value:.2f}",
        delta=f"{figure.low:.2f}{words.DASH}{figure.high:.2f}" if bounded else None,
        delta_arrow="off",
        delta_color="off",
        delta_description=f"95{words.NBSP}% interval" if bounded else None,
        help=f"{figure.protocol}. From {figure.source}.",
        border=True,
    )


def data_sets() -> None:
    """What the models learned from, with what to cite."""
    for data in DATA:
        with st.container(border=True):
            st.subheader(data.name, anchor=False)
            st.markdown(data.what)
            st.caption(data.cite)
