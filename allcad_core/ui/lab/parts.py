"""Mounting the lab's own components: each is a folder with its markup, style and script, after the shared bus."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

HERE = Path(__file__).parent
UI = HERE.parent


def component(folder: str, *before: str) -> Any:
    """The mounting command of a component.

    Args:
        folder: under ``ui``; holds ``NAME.html``, ``NAME.css`` and ``NAME.js``.
        before: files under ``ui`` whose text comes first in the part of the same ending.
    """

    def text(ending: str) -> str:
        shared = [UI / name for name in before if name.endswith(ending)]
        return "\n".join(path.read_text("utf-8") for path in [*shared, UI / folder / f"{folder}{ending}"])

    return st.components.v2.component(
        f"allcad_{folder}",
        html=text(".html"),
        css=text(".css"),
        js=(HERE / "bus.js").read_text("utf-8") + text(".js"),
    )
