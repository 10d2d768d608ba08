"""Sentences that stand out from a page: doubt in amber, broken things in red, waiting, and the empty page."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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


@contextmanager
def waiting(shape: str = "al-wait") -> Iterator[Progress]:
    """A grey stand-in of the answer, of its size, which names the step that runs and goes when the work is done."""
    place = st.empty()

    def say(step: str, number: int, steps: int) -> None:
        words = f"{escape(step)}, step {number} of {steps}"
        place.html(
            f'<div class="{shape}"><div><span class="al-step" role="status">{words}</span></div><div></div></div>',
        )

    try:
        yield say
    except Exception:  # not the signals by which Streamlit ends a run: after those nothing may be drawn
        place.empty()
        raise
    place.empty()


def unexpected(error: Exception) -> None:
    """Tell a visitor that allcad itself failed; the trace goes to the terminal."""
    logging.getLogger(__name__).error("A page failed.", exc_info=error)
    sentence = f"allcad failed here, which is its own mistake ({type(error).__name__}). "
    broken([sentence + "Reload the page, or try another smear. The terminal where it runs shows the details."])


def empty() -> DeltaGenerator:
    """The page before the first smear. Returns where the ways to bring one belong."""
    with st.container(key="empty", horizontal_alignment="center"):
        st.title("No smear yet.", anchor=False, text_alignment="center")
        st.html('<p class="al-detail">Bring a photograph, or start with a sample that was generated here.</p>')
        return st.container(width=520, horizontal_alignment="center")
