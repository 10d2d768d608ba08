"""The whole page: figures of every model above, one smear through all of them below. Each half is a fragment."""

from __future__ import annotations

import streamlit as st

from allcad_core.ui.compare import choice
from allcad_core.ui.compare.figures import figures
from allcad_core.ui.compare.smear import one_smear


def compare() -> None:
    """Draw the page."""
    choice.follow_address()
    st.fragment(figures)()
    st.fragment(one_smear)()
