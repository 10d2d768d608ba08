"""Mounting the page's own components: each is a folder with its markup, style and script."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

HERE = Path(__file__).parent


def component(name: str) -> Any:
    """The mounting command of the component in the folder ``name``."""

    def text(ending: str) -> str:
        return (HERE / name / f"{name}{ending}").read_text("utf-8")

    return st.components.v2.component(f"allcad_compare_{name}", html=text(".html"), css=text(".css"), js=text(".js"))
