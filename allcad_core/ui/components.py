"""Mounting allcad's own components: each is a folder with its markup, style and script, which may share files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

UI = Path(__file__).parent


def component(folder: str, *before: str, name: str = "", last: str = "") -> Any:
    """The mounting command of a component.

    Args:
        folder: under ``ui``; its last part names ``NAME.html``, ``NAME.css`` and ``NAME.js`` in it, what is missing is empty.
        before: files under ``ui`` whose text comes first in the part of the same ending.
        name: what Streamlit calls it; the folder's path without it.
        last: a script under ``ui`` that comes after all others.
    """
    own = folder.rsplit("/", 1)[-1]

    def text(ending: str) -> str:
        paths = [UI / one for one in before if one.endswith(ending)]
        paths.append(UI / folder / f"{own}{ending}")
        paths += [UI / one for one in (last,) if one.endswith(ending) and one]
        return "\n".join(path.read_text("utf-8") for path in paths if path.is_file())

    return st.components.v2.component(
        f"allcad_{name or folder.replace('/', '_')}",
        html=text(".html") or None,
        css=text(".css") or None,
        js=text(".js"),
    )
