"""The whole page: figures of every model above, one smear through all of them below. Each half is a fragment."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from allcad_core.ui.compare import choice
from allcad_core.ui.compare.figures import figures
from allcad_core.ui.compare.smear import one_smear

STYLE = Path(__file__).with_name("compare.css")


def compare() -> None:
    """Draw the page."""
    st.html(STYLE)
    choice.follow_address()
    st.fragment(figures)()
    st.fragment(one_smear)()
