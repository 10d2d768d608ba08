"""How the answers differ between sessions at the microscope, or kinds of cells: where the average hides a failure."""

from __future__ import annotations

import streamlit as st

from allcad_core.evaluation.metrics import Estimate
from allcad_core.ui import words
from allcad_core.ui.explorer import told, work
from allcad_core.ui.explorer.evidence import BLAST, HEALTHY, Evidence

TITLES = {"session": "Session by session", "kind": "Kind by kind"}


def table(shown: Evidence, threshold: float | None) -> None:
    """Shares of each session, and of each kind where the data set tells any; nothing where all are of one."""
    for part, title in TITLES.items():
        values = shown.values(part)
        if len(values) < 2:
            continue
        st.header(title, anchor=False)
        st.dataframe(_columns(shown, part, list(values), threshold), hide_index=True)


def _columns(shown: Evidence, part: str, values: list[str], threshold: float | None) -> dict[str, list[object]]:
    called = told.names(shown.task)
    found: dict[str, list[object]] = {part: []}
    for value in values:
        own = shown.part({part: (value,)})
        counts, shares = own.matrix(threshold), work.shares(own, threshold)
        row = {
            "right": told.share(shares["right"]),
            called.blasts: int(counts[BLAST].sum()),
            "found": _told(shares["found"]),
            called.healthies: int(counts[HEALTHY].sum()),
            "spared": _told(shares["spared"]),
        }
        found[part].append(value.replace("_", " "))
        if part == "session":
            row = {"camera": ", ".join(own.values("camera")), **row}
        for name, entry in row.items():
            found.setdefault(name, []).append(entry)
    return found


def _told(share: Estimate) -> str:
    return words.DASH if share.value is None else told.share(share)
