"""The one style block, the colours that Streamlit's options do not reach, and the frame of every page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import streamlit as st

from allcad_core import __version__
from allcad_core.ui import words

ASSETS = Path(__file__).resolve().parents[2] / "assets"
STYLES = tuple(Path(__file__).parent / name for name in ("theme.css", "compare/compare.css", "explorer/explorer.css"))


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


def own_navigation() -> None:
    """Let ``app.py`` alone say which pages there are; the server calls this before its first visitor.

    Streamlit 1.67 takes a folder ``pages`` for its older kind of app until ``st.navigation`` was called once: without this,
    the first visitor sees a sidebar come and go, and a page that is asked for first runs without its frame.
    """
    from streamlit.runtime.pages_manager import PagesManager

    PagesManager.uses_pages_directory = False


@cache
def style() -> str:
    """The style block of all pages, without its tags."""
    return "\n".join(path.read_text(encoding="utf-8") for path in STYLES)


def frame(title: str) -> None:
    """What every page has above its own content: title, icon and mark. Its style stands in its head already."""
    st.set_page_config(page_title=f"{title} \u00b7 allcad", page_icon=str(ASSETS / "favicon.svg"), layout="wide")
    st.logo(str(ASSETS / ("mark-dark.svg" if is_dark() else "mark.svg")), size="large")


def footer() -> None:
    """What every page has at its foot."""
    st.html(
        f'<footer class="al-foot"><span>{words.NOTICE}</span><span>Version {__version__} \u00b7 AGPL-3.0</span></footer>'
    )
