"""What a run has found: the answer, the fields with most blasts, what failed, and the files to take along."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st

from allcad_core.batch import report
from allcad_core.batch.progress import Progress
from allcad_core.batch.run import facts, open_run
from allcad_core.batch.store import DONE
from allcad_core.errors import AllcadError
from allcad_core.images import base_name
from allcad_core.intervals import wilson
from allcad_core.ui import charts, notes, state, words
from allcad_core.ui.batch import runs

MOST_ROWS = 1000
"""Fields of the table; the summary has them all."""

MOST_REASONS = 5
"""Failed files that are named at once where no file was analysed."""
FORMATS = "JPEG, PNG, TIFF, BMP or WebP files"


def title(out: Path) -> str:
    """What a run is called: its first source, and how many more there are. A folder that a visitor named says its name."""
    try:
        sources = facts(out).get("sources", [])
    except AllcadError:
        sources = []
    if not sources:
        return "New run" if runs.is_own(out) else out.name
    names = [
        "brought files" if Path(one).parent == out or one.startswith(str(out)) else base_name(one) for one in sources
    ]
    more = f" and {words.plural(len(names) - 1, 'more source')}" if len(set(names)) > 1 else ""
    return f"{names[0]}{more}"


def show(out: Path, at: Progress) -> None:
    """Draw what a run that is done has found.

    Raises:
        AllcadError: its folder is damaged.
    """
    found: dict[str, Any] = state.remember(("batch", out, at.done, at.failed, at.seconds), partial(_told, out))
    everything: report.Group = found["everything"]
    if not everything.files:
        _nothing(out, at, found)
        return
    left, right = st.columns([5, 2], gap="medium", vertical_alignment="top")
    with left:
        st.title(found["headline"], anchor=False)
        facts_shown = [
            words.plural(everything.blast + everything.healthy, "white cell"),
            f"{found['review']:,} to be looked at again" if found["review"] else "",
            words.plural(at.failed, "failed file") if at.failed else "",
            f"model {found['model']}",
        ]
        st.html(f'<p class="al-detail">{escape(words.listing(facts_shown))}</p>')
        if found["same"]:
            many = words.plural(found["same"], "file")
            notes.doubt(
                f"{many} {'is' if found['same'] == 1 else 'are'} the same as another.",
                "Its cells are counted each time.",
            )
    with right:
        charts.share(everything.share)
        st.html(
            '<p class="al-why"><b>Limits:</b> Cells of all fields are counted together; several patients may be among them.</p>'
        )
    _drawn(found["drawn"])
    if found["rows"]:
        with st.expander(f"Fields, those with most blasts first ({everything.files:,})", icon=":material/table:"):
            st.dataframe(found["rows"], hide_index=True, alt="A row a field, those with most blasts first")
    if at.failed:
        with st.expander(f"{words.plural(at.failed, 'file')} could not be analysed", icon=":material/error:"):
            st.dataframe(
                {"File": [name for name, _ in found["failures"]], "Why": [why for _, why in found["failures"]]},
                hide_index=True,
                alt="Files that failed, and why",
            )


def _nothing(out: Path, at: Progress, found: dict[str, Any]) -> None:
    """Why a run has no answer, and what to do: no share stands where nothing was counted."""
    st.title(found["headline"], anchor=False)
    if not at.failed:
        notes.broken([f"No photograph was found in {title(out)}. Name a folder or a ZIP file that holds {FORMATS}."])
        return
    why = [sentence if name in sentence else f"{name}: {sentence}" for name, sentence in found["failures"]]
    notes.broken(why[:MOST_REASONS])
    if at.failed > MOST_REASONS:
        st.html(
            f'<p class="al-detail">{words.plural(at.failed - MOST_REASONS, "further file")} failed; the summary names each.</p>'
        )


def _told(out: Path) -> dict[str, Any]:
    with closing(open_run(out)) as store:
        most = "WHERE status = ? ORDER BY blast DESC, healthy, path, member LIMIT ?"
        rows = [
            {
                "File": one.name,
                "Blasts": one.blast or 0,
                "White cells": (one.blast or 0) + (one.healthy or 0),
                "Blast share (95 %)": str(wilson(one.blast or 0, (one.blast or 0) + (one.healthy or 0))),
                "Suggestion": report.KINDS.get(one.kind or "", one.kind or ""),
            }
            for one in store.told(most, (DONE, MOST_ROWS))
        ]
        return {**report.told(store, out), "rows": rows}


def _drawn(fields: list[report.Drawn]) -> None:
    """The fields with most blasts, drawn."""
    seen = [one for one in fields if one.url]
    if not seen:
        return
    st.header("The field with blasts" if len(seen) == 1 else f"The {len(seen)} fields with most blasts", anchor=False)
    tiles = "".join(
        f'<li><img src="{one.url}" alt="{escape(one.name)}, {one.blast} of {one.total} white cells look like blasts">'
        f"<span><b>{words.GLYPHS['blast']} {one.blast}</b> of {one.total}, {escape(one.share)}</span>"
        f"<span>{escape(one.name)}</span></li>"
        for one in seen
    )
    st.html(f'<ul class="al-fields">{tiles}</ul>')


def downloads(out: Path) -> None:
    """Buttons for what a run leaves."""
    files = (
        ("Report (HTML)", partial((out / report.NAME).read_bytes), "report.html", "text/html", "description"),
        ("Summary (CSV)", partial((out / "summary.csv").read_bytes), "summary.csv", "text/csv", "table"),
        ("Everything (ZIP, Parquet)", partial(runs.packed, out), "run.zip", "application/zip", "folder_zip"),
    )
    for label, made, name, kind, icon in files:
        if runs.is_light(out) if name == "run.zip" else (out / name).is_file():
            st.download_button(
                label, made, name, kind, icon=f":material/{icon}:", on_click="ignore", key=f"batch-{name}"
            )
