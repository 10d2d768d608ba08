"""The verdict: the answer as a sentence, its share with the interval, its reasons and its limits."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import streamlit as st

from allcad_core import review
from allcad_core.results import FieldAnalysis
from allcad_core.suggestion import DOUBTS
from allcad_core.ui import charts, notes

LIMITS = "The interval covers chance in counting, not the models' mistakes. On another microscope they make more."


def verdict(analysis: FieldAnalysis) -> None:
    """Draw the verdict on a field at the confidence that the page shows."""
    suggestion = analysis.suggestion
    left, right = st.columns([5, 2], gap="medium", vertical_alignment="top")
    with left:
        st.title(suggestion.headline, anchor=False)
        st.html(
            f'<p class="al-detail">{escape(suggestion.detail)}</p>{_why(analysis)}{_whole(analysis)}{_reviewed(analysis)}'
        )
    with right:
        charts.share(analysis.blast_fraction)
        st.html(f'<p class="al-why"><b>Limits:</b> {escape(LIMITS)}</p>')
    doubts = [note.message for note in analysis.warnings if note.code in DOUBTS]
    if doubts:
        notes.doubt(doubts[0], " ".join(doubts[1:]), filled=True)


def _why(analysis: FieldAnalysis) -> str:
    reasons = [reason for reason in analysis.suggestion.reasons if reason not in DOUBTS.values()]
    return f'<p class="al-why"><b>Why:</b> {escape(" ".join(reasons))}</p>' if reasons else ""


def _whole(analysis: FieldAnalysis) -> str:
    """What a model of whole fields says; in amber where it contradicts the counts."""
    if analysis.opinion is None:
        return ""
    kind = "al-why al-against" if analysis.agreement == "disagree" else "al-why"
    return f'<p class="{kind}"><b>Second look:</b> {escape(analysis.opinion_told)}</p>'


def _reviewed(analysis: FieldAnalysis) -> str:
    """How much a person has looked at; in the column that has room for it, so that nothing below moves."""
    return f'<p class="al-why"><b>Reviewed:</b> {escape(review.told(analysis))}</p>' if analysis.edits else ""


def nothing_found(analysis: FieldAnalysis, show: Callable[[float], None]) -> None:
    """Say how many boxes lie below the score where none reaches it, with a button that shows them.

    Args:
        analysis: one without shown cells.
        show: called with the score that the lowest box has.
    """
    scores = [cell.score for cell in analysis.every_cell]
    headline = f"No white cell reached a score of {analysis.confidence:.2f}."
    if not scores:
        rest = "No box lies below it either. Try a sharper photograph of the thin part of the smear."
        notes.doubt(headline, rest, filled=True)
        return
    boxes = "One box lies" if len(scores) == 1 else f"{len(scores)} boxes lie"
    notes.doubt(headline, f"{boxes} between {min(scores):.2f} and {analysis.confidence:.2f}.", filled=True)
    st.button("Show them" if len(scores) > 1 else "Show it", on_click=show, args=(min(scores),))
