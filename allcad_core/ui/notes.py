"""Sentences that stand out from a page: doubt in amber, broken things in red, waiting, and the empty page."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from allcad_core.ui.engine import Progress


def doubt(headline: str, text: str = "", *, filled: bool = False) -> None:
    """Something to be kept in mind, behind an amber edge."""
    tone = "al-note al-filled" if filled else "al-note"
    st.html(f'<div class="{tone}" role="note">{_paragraphs(headline, text)}</div>')


def broken(sentences: Iterable[str]) -> None:
    """Files or models that cannot be used, one note each: what is wrong, with what, what to do."""
    for sentence in sentences:
        first, dot, rest = sentence.partition(". ")
        st.html(f'<div class="al-note al-broken" role="alert">{_paragraphs(first + dot.strip(), rest)}</div>')


def _paragraphs(headline: str, text: str) -> str:
    rest = f"<p>{escape(text)}</p>" if text else ""
    return f"<p><b>{escape(headline)}</b></p>{rest}"


def waiting(place: DeltaGenerator, shape: str = "al-wait") -> Progress:
    """A grey stand-in of the answer at ``place``, of its size, which names the step that runs."""

    def say(step: str, number: int, steps: int) -> None:
        words = f"{escape(step)}, step {number} of {steps}"
        place.html(
            f'<div class="{shape}"><div><span class="al-step" role="status">{words}</span></div><div></div></div>',
        )

    return say


def empty() -> DeltaGenerator:
    """The page before the first smear. Returns where the ways to bring one belong."""
    with st.container(key="empty", horizontal_alignment="center"):
        st.title("No smear yet.", anchor=False, text_alignment="center")
        st.html('<p class="al-detail">Bring a photograph, or start with a sample that was generated here.</p>')
        return st.container(width=520, horizontal_alignment="center")
