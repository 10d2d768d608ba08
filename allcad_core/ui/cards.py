"""Model cards, data sheets, licences and limits as a visitor reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from allcad_core.models import Card, Figure
from allcad_core.ui import bring, state, theme, words

if TYPE_CHECKING:
    from allcad_core.recipes import Recipe

TASKS = {
    "cell": "Judges one cell",
    "field": "Judges a whole field",
    "detect": "Finds cells in a field",
    "segment": "Draws nuclei and cells",
}
PROTOCOLS = {
    "session": "On a sitting that it has not seen: other day, other light, often another camera",
    "source": "On a data set that it has not seen: other hospital, other microscope",
    "field": "On a field that it has not seen, from sittings that it knows",
    "chen17": "On the 17 test fields of the paper, four of which show cells of fields that it trains on",
    "random4": "On the paper's random folds, where crops of one field stand on both sides",
}
"""Protocols in a visitor's words, the ones to believe first."""
SHORT = {"session": "new session", "source": "new hospital", "field": "new field"}
LIMITS = theme.ASSETS.parent / "docs" / "limits.md"


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
    """The ways to look that one can choose on the page Analyse smear, each with its sentence and a way there."""
    for recipe in recipes:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if st.button(f"Look with {recipe.name}", icon=":material/biotech:", key=f"look-{recipe.name}"):
                state.choose_recipe(recipe.name)
                st.switch_page(bring.PAGE)
            st.markdown(recipe.sentence, width="content")


def model_card(card: Card, *, is_open: bool) -> None:
    """One model as a line that opens: what it has never seen first, then its figures, what it is and learned from."""
    with st.expander(f"**{card.title}**  \n{_line(card)}", expanded=is_open, key=f"card-{card.name}"):
        told = (("Never seen", card.never_seen), ("Trained on", card.trained_on), ("What it is", card.paper))
        st.markdown("  \n".join(f"**{what}.** {text}" for what, text in told))
        known = list(dict.fromkeys(figure.protocol for figure in card.figures))
        for protocol in sorted(known, key=_rank):
            measured = [figure for figure in card.figures if figure.protocol == protocol]
            st.html(f'<p class="al-protocol">{escape(PROTOCOLS.get(protocol, protocol))}</p>{_figures(measured)}')
        if not known:
            st.caption("No out-of-fold figures yet.")
        st.markdown(f"**Licences.** {card.licences}")
        st.code(f"{card.command}\n# {card.file}\n# SHA-256 {card.sha256}", language=None, wrap_lines=True)


def _rank(protocol: str) -> int:
    known = list(PROTOCOLS)
    return known.index(protocol) if protocol in known else len(known)


def _line(card: Card) -> str:
    """The card in one line: name, task, its first figure under the protocol to believe, size."""
    best = min(card.figures, key=lambda figure: _rank(figure.protocol), default=None)
    figure = ""
    if best is not None:
        where = SHORT.get(best.protocol, best.protocol)
        figure = f"{best.name} {best.value:.2f}{_ends(best)}, {where}"
    return words.listing(
        [card.name, TASKS[card.task].lower(), figure, f"{card.parameters:,} parameters, {card.storage}"]
    )


def _ends(figure: Figure) -> str:
    return "" if figure.low is None or figure.high is None else f" ({figure.low:.2f}{words.DASH}{figure.high:.2f})"


def _figures(measured: Sequence[Figure]) -> str:
    """Figures with their 95 % intervals, in HTML."""
    items = "".join(
        f'<div title="{escape(figure.protocol)}. From {escape(figure.source)}."><dt>{escape(figure.name)}</dt>'
        f"<dd><b>{figure.value:.2f}</b>{_ends(figure)}</dd></div>"
        for figure in measured
    )
    return f'<dl class="al-figures">{items}</dl>'


def licences(cards: Sequence[Card]) -> None:
    """Under which licences code, weights and data stand."""
    st.markdown("**allcad** is free software under the GNU Affero General Public License, version 3 or later.")
    for card in cards:
        st.markdown(f"**{card.file}.** {card.licences}")


def limits() -> None:
    """What allcad may and may not be used for, as the documentation has it."""
    try:
        _, _, text = LIMITS.read_text("utf-8").partition("\n")
    except OSError:
        text = "For research and teaching. Not a medical device."
    st.markdown(text.replace("\n## ", "\n#### "))


def data_sets() -> None:
    """What the models learned from, with what to cite."""
    for data in DATA:
        with st.container(border=True):
            st.header(data.name, anchor=False)
            st.markdown(data.what)
            st.caption(data.cite)
