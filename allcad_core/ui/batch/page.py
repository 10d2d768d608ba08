"""What the page Batch shows: the answer of the chosen run, how to begin another, and the visitor's runs."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import cast

import streamlit as st

from allcad_core.batch.progress import Progress
from allcad_core.errors import AllcadError
from allcad_core.ui import notes, words
from allcad_core.ui.batch import begin, outcome, runs

EVERY_S = 2
"""Seconds between two looks at a run that is at work."""
STATES = {
    "starting": "Starting",
    "listing": "Listing files",
    "working": "At work",
    "finishing": "Writing the report",
    "done": "Done",
    "stopped": "Stopped",
    "failed": "Cannot go on",
}


def batch() -> None:
    """Draw the page."""
    follow_address()
    notes.broken(begin.complaints())
    chosen = current()
    if chosen is None:
        st.title("Many photographs, one run.", anchor=False)
        st.html(
            '<p class="al-detail">Name folders, or bring files. The run goes on when this page is closed, and after a restart '
            "it goes on where it was.</p>"
        )
    elif runs.state(chosen).state in runs.ENDED:
        ended(chosen)
    else:
        watched(chosen)
    if chosen is None:
        with st.container(border=True):
            begin.form(choose)
    else:
        with st.expander("Begin another run", icon=":material/add:"):
            begin.form(choose)
    mine(chosen)


def own() -> list[Path]:
    """The runs that this visitor has begun or named; nobody else's."""
    return cast("list[Path]", st.session_state.setdefault("batch-runs", []))


def current() -> Path | None:
    """The run that the page shows."""
    chosen = cast("Path | None", st.session_state.get("batch-run"))
    return chosen if chosen is not None and chosen.is_dir() else None


def choose(out: Path | None) -> None:
    """Show a run, and let the address name it where it is one of the page's own."""
    if out is not None and out not in own():
        own().append(out)
    st.session_state["batch-run"] = out
    if out is not None and runs.is_own(out):
        st.query_params["run"] = out.name
    else:
        st.query_params.pop("run", None)


def follow_address() -> None:
    """Show the run that the address names: so a run is found again in another window, or tomorrow."""
    token = st.query_params.get("run")
    if token is None or token == st.session_state.get("batch-address"):
        return
    st.session_state["batch-address"] = token
    found = runs.by_token(token)
    if found is None:
        begin.complain(["The run that this address names is not on this machine. It may have been removed."])
    else:
        choose(found)


@st.fragment(run_every=EVERY_S)
def watched(out: Path) -> None:
    """A run at work: how far it is, and how long the rest takes."""
    at = runs.state(out)
    if at.state in runs.ENDED:
        st.rerun()
    st.title(sentence(at), anchor=False)
    finished = at.done + at.failed
    st.progress(finished / at.total if at.total and at.state != "listing" else 0.0, text=told(at))
    if st.button("Stop the run", icon=":material/stop:", help="What is done is kept; the run can go on later"):
        runs.end(out)
        st.session_state["batch-stopping"] = out
    if st.session_state.get("batch-stopping") == out:
        st.caption("Stopping; files that are being read are looked at again when the run goes on.")


def sentence(at: Progress) -> str:
    """How far a run is, as the page's first line."""
    if at.state == "listing":
        return f"Listing files: {at.total:,} so far."
    if at.state == "finishing":
        return "Writing the report."
    if at.state == "starting" or not at.total:
        return "Starting the run."
    return f"{at.done + at.failed:,} of {words.plural(at.total, 'file')} looked at."


def told(at: Progress) -> str:
    """What stands beside the bar."""
    parts = [] if at.state == "starting" else [STATES[at.state]]
    if at.remaining_s is not None and at.state == "working":
        parts.append(f"about {left(at.remaining_s)} left")
    if at.failed:
        parts.append(f"{at.failed:,} failed")
    if at.workers and at.state == "working":
        parts.append(words.plural(at.workers, "worker"))
    return words.listing(parts)


def left(seconds: float) -> str:
    """A time as a person says it.

    >>> left(40), left(400), left(90000)
    ('40 s', '7 min', '25 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.0f} h"


def ended(out: Path) -> None:
    """A run that is not at work: what it found, and how to go on."""
    at = runs.state(out)
    st.session_state.pop("batch-stopping", None)
    try:
        if at.state == "done":
            outcome.show(out, at)
        elif at.state == "failed":
            st.title("This run cannot go on.", anchor=False)
            notes.broken([at.sentence])
        else:
            waiting = at.total - at.done - at.failed
            rest = f", {waiting:,} wait" if at.total else ""
            st.title(f"Stopped: {words.plural(at.done, 'file')} done{rest}.", anchor=False)
            st.html('<p class="al-detail">Nothing is lost. The run goes on where it was.</p>')
    except AllcadError as error:
        notes.broken([str(error)])
    with st.container(horizontal=True):
        if at.state == "done":
            outcome.downloads(out)
        if at.state != "done" and st.button("Go on", type="primary", icon=":material/play_arrow:"):
            _again(out, retry=False)
        if at.failed and st.button("Look at failed files again", icon=":material/refresh:"):
            _again(out, retry=True)
        if runs.is_own(out):
            st.button("Remove", icon=":material/delete:", on_click=partial(_remove, out), help="Results and uploads")


def _again(out: Path, *, retry: bool) -> None:
    try:
        runs.begin(out, runs.Asked((), "", retry=retry))
    except AllcadError as error:
        begin.complain([str(error)])
    st.rerun()


def _remove(out: Path) -> None:
    try:
        runs.remove(out)
    except AllcadError as error:
        begin.complain([str(error)])
        return
    own().remove(out)
    choose(None)


def mine(chosen: Path | None) -> None:
    """The visitor's runs as a table to choose from, and the way to others by their folder."""
    left_column, right = st.columns([3, 2], gap="medium")
    with left_column:
        _table(chosen)
    with right, st.form("batch-open", border=False):
        path = st.text_input("Open a run by its folder", placeholder="/data/run", key="batch-folder")
        if st.form_submit_button("Open", icon=":material/folder_open:") and path.strip():
            try:
                choose(runs.opened(path.strip()))
            except AllcadError as error:
                begin.complain([str(error)])
            st.rerun()


def _table(chosen: Path | None) -> None:
    listed = [out for out in own() if out.is_dir()][::-1]
    if not listed:
        st.caption("Your runs will stand here. Others do not see them; the address of this page opens them again.")
        return
    states = [runs.state(out) for out in listed]
    picked = st.dataframe(
        {
            "Run": [outcome.title(out) for out in listed],
            "State": [STATES[at.state] for at in states],
            "Files": [(at.done + at.failed) / at.total if at.total else 0.0 for at in states],
            "Done": [at.done for at in states],
            "Failed": [at.failed for at in states],
        },
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        column_config={"Files": st.column_config.ProgressColumn(format="percent", min_value=0.0, max_value=1.0)},
        key=f"batch-table-{len(listed)}",
        alt="Your runs with their state, progress and failed files",
    )
    rows = picked["selection"]["rows"]
    if rows and listed[rows[0]] != chosen:
        choose(listed[rows[0]])
        st.rerun()
