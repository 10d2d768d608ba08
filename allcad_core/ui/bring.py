"""Bringing a smear: upload or sample, the same on every page."""

from __future__ import annotations

import streamlit as st

from allcad_core.ui import media, samples, state
from allcad_core.ui.gallery import Tile, gallery

TYPES = ["jpg", "jpeg", "png", "tif", "tiff", "bmp", "webp"]


def uploader(key: str, label: str = "A photograph of a stained smear", *, show_label: bool = True) -> bool:
    """An uploader for several files. It empties itself once they are read.

    Returns:
        Whether a new smear is there to be shown.
    """
    turn = st.session_state.setdefault("uploads", 0)
    files = st.file_uploader(
        label,
        type=TYPES,
        accept_multiple_files=True,
        key=f"{key}-{turn}",
        label_visibility="visible" if show_label else "collapsed",
    )
    if not files:
        return False
    brought = state.take([(file.name, file.getvalue()) for file in files])
    st.session_state["uploads"] = turn + 1
    return brought


def try_sample() -> None:
    """Show the sample for a first visit."""
    state.take_sample(samples.listed()[0].name)


def sample_row(key: str) -> None:
    """All samples as pictures to choose from."""
    listed = samples.listed()
    smear = state.current()
    gallery(
        _sample_sprite(),
        [Tile(one.name, place, one.title, f"Generated sample: {one.title}") for place, one in enumerate(listed)],
        key=key,
        alt="Generated samples",
        chosen=smear.sample if smear else None,
        on_choice=state.take_sample,
    )


@st.cache_resource(show_spinner=False)
def _sample_sprite() -> media.Sprite:
    return media.sprite([media.thumbnail(samples.load(one.name).pixels) for one in samples.listed()])
