"""The one style block, the colours that Streamlit's options do not reach, and the frame of every page."""

from __future__ import annotations

import runpy
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import streamlit as st

from allcad_core import __version__
from allcad_core.ui import words

ASSETS = Path(__file__).resolve().parents[2] / "assets"
DOOR = ASSETS.parent / "app.py"
STYLE = Path(__file__).with_name("theme.css")


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of charts, which are drawn before the browser knows the theme. Contrasts are in the notes on the look."""

    paper: str
    well: str
    line: str
    ink: str
    muted: str
    violet: str
    teal: str
    amber: str
    aubergine: str
    rose: str
    ground: str


LIGHT = Palette(
    paper="#FAF7F2",
    well="#F1ECE3",
    line="#DDD4C8",
    ink="#211C28",
    muted="#5F5767",
    violet="#6D22AE",
    teal="#12918A",
    amber="#E8A117",
    aubergine="#43305C",
    rose="#C77D84",
    ground="#B9AFA3",
)
DARK = Palette(
    paper="#17141C",
    well="#2A2532",
    line="#3D3647",
    ink="#F0EBF3",
    muted="#B3A9BC",
    violet="#A873F0",
    teal="#3FC4B8",
    amber="#F7C667",
    aubergine="#9C87BA",
    rose="#C77D84",
    ground="#7B7366",
)


def is_dark() -> bool:
    """Whether the visitor sees the dark theme."""
    return st.context.theme.type == "dark"


def palette() -> Palette:
    """The colours of the visitor's theme."""
    return DARK if is_dark() else LIGHT


def through_the_door() -> None:
    """Make sure that a page runs inside ``app.py``; every page calls this first.

    Where the very first request of a server is for a page and not for the door, Streamlit 1.67 takes the folder
    ``pages`` for its older kind of app and runs the page bare. Then ``app.py`` is run here, which runs the page again.
    """
    from streamlit.runtime.pages_manager import PagesManager

    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        runpy.run_path(str(DOOR), run_name="__main__")
        st.stop()


@cache
def style() -> str:
    """The style block, without its tags."""
    return STYLE.read_text(encoding="utf-8")


def frame(title: str) -> None:
    """What every page has above its own content: title, icon, mark and style."""
    st.set_page_config(page_title=f"{title} \u00b7 allcad", page_icon=str(ASSETS / "favicon.svg"), layout="wide")
    st.logo(str(ASSETS / ("mark-dark.svg" if is_dark() else "mark.svg")), size="large")
    st.html(STYLE)


def footer() -> None:
    """What every page has at its foot."""
    st.html(
        f'<footer class="al-foot"><span>{words.NOTICE}</span><span>Version {__version__} \u00b7 AGPL-3.0</span></footer>'
    )
