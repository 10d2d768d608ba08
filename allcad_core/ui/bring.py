"""Bringing a smear: upload, camera or sample, the same on every page."""

from __future__ import annotations

import streamlit as st

from allcad_core.ui import media, samples, state
from allcad_core.ui.gallery import Tile, gallery

PAGE = "pages/analyse.py"
"""Where a new smear is shown."""
TYPES = ["jpg", "jpeg", "png", "tif", "tiff", "bmp", "webp"]
REVIEWS = ["json"]
"""A review that was saved with the export "Everything (JSON)" comes back with its photograph."""


def uploader(key: str, *, label_shown: bool = True, page: str = PAGE) -> None:
    """An uploader for several files. Once they are read it is empty again, and the visitor sees the first smear on ``page``."""
    turn = st.session_state.setdefault("uploads", 0)
    files = st.file_uploader(
        "A photograph of a stained smear",
        type=[*TYPES, *REVIEWS] if page == PAGE else TYPES,
        accept_multiple_files=True,
        help="A review that was saved as JSON comes back when it is brought with, or after, its photograph"
        if page == PAGE
        else None,
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


def camera(key: str, page: str = PAGE) -> None:
    """A button that opens the camera; its picture is shown on ``page``. Nothing asks for the camera before it is pressed."""
    turn = st.session_state.setdefault("snapshots", 0)
    opened = f"{key}-open"
    if not st.session_state.get(opened):
        st.button("Use the camera", icon=":material/photo_camera:", key=f"{key}-button", on_click=_open, args=(opened,))
        return
    shot = st.camera_input(
        "Photograph what the microscope shows",
        resolution="1080p",
        key=f"{key}-{turn}",
        help="Where no picture comes, allow the camera in the browser's address bar. The picture stays on this machine.",
    )
    st.button("Close the camera", icon=":material/close:", key=f"{key}-close", on_click=_open, args=(opened, False))
    if shot is not None:
        st.session_state["snapshots"] = turn + 1
        st.session_state[opened] = False
        if state.take([(f"snapshot-{turn + 1}.jpg", shot.getvalue())]):
            st.switch_page(page)
        st.rerun()


def _open(name: str, on: bool = True) -> None:
    st.session_state[name] = on


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
