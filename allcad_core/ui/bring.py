"""Bringing a smear: upload or sample, the same on every page."""

from __future__ import annotations

import streamlit as st

from allcad_core.ui import media, samples, state
from allcad_core.ui.gallery import Tile, gallery

PAGE = "pages/analyse.py"
"""Where a new smear is shown."""
TYPES = ["jpg", "jpeg", "png", "tif", "tiff", "bmp", "webp"]


def uploader(key: str, *, label_shown: bool = True, page: str = PAGE) -> None:
    """An uploader for several files. Once they are read it is empty again, and the visitor sees the first smear on ``page``."""
    turn = st.session_state.setdefault("uploads", 0)
    files = st.file_uploader(
        "A photograph of a stained smear",
        type=TYPES,
        accept_multiple_files=True,
        key=f"{key}-{turn}",
        label_visibility="visible" if label_shown else "collapsed",
    )
    if files:
        st.session_state["uploads"] = turn + 1
        if state.take([(file.name, file.getvalue()) for file in files]):
            st.switch_page(page)
        st.rerun()


def sample_button(page: str = PAGE) -> None:
    """The button that shows an answer, on ``page``, to those who brought nothing."""
    if st.button("Try a sample", type="primary", icon=":material/science:"):
        state.take_sample(samples.listed()[0].name)
        st.switch_page(page)


def sample_row(key: str) -> None:
    """All samples to choose from, each with its picture."""
    listed = samples.listed()
    smear = state.current()
    gallery(
        _sample_sprite(),
        [Tile(one.name, place, one.title, one.sentence) for place, one in enumerate(listed)],
        key=key,
        alt="Generated samples",
        chosen=smear.sample if smear else None,
        on_choice=state.take_sample,
        layout="list",
    )


@st.cache_resource(show_spinner=False)
def _sample_sprite() -> media.Sprite:
    return media.sprite([media.thumbnail(samples.load(one.name).pixels) for one in samples.listed()])
