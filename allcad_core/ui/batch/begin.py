"""How a run is begun on the page: its files, its model, who does the work."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import cast

import streamlit as st

from allcad_core.batch import engines
from allcad_core.errors import AllcadError
from allcad_core.ui import bring, engine, samples
from allcad_core.ui.batch import runs

TITLES = {"local": "This machine", "dask": "Dask cluster"}
LIBRARIES = {"dask": "distributed"}


def complaints() -> list[str]:
    """What stands above the page: said once."""
    return cast("list[str]", st.session_state.pop("batch-complaints", []))


def complain(sentences: list[str]) -> None:
    """Set what stands above the page when it is drawn next."""
    st.session_state["batch-complaints"] = sentences


def form(show: Callable[[Path], None]) -> None:
    """Ask for a run and begin it. ``show`` is called with its folder."""
    left, right = st.columns([3, 2], gap="medium")
    turn = st.session_state.setdefault("batch-turn", 0)
    with left:
        named = st.text_area(
            "Folders, patterns or ZIP files on the machine where allcad runs, one a line",
            placeholder="/data/scans\n/data/2026/**/*.tif",
            height=92,
            key=f"batch-sources-{turn}",
        )
        uploaded = st.file_uploader(
            "Or bring photographs or a ZIP file; they are kept in the run's folder until you remove it",
            type=[*bring.TYPES, "zip"],
            accept_multiple_files=True,
            key=f"batch-upload-{turn}",
        )
    with right:
        model = st.selectbox("Model", [one.name for one in engine.recipes()], key="batch-model")
        engine_name = st.selectbox(
            "Who does the work", _engines(), format_func=lambda name: TITLES[name], key="batch-engine"
        )
        address = ""
        if engine_name != "local":
            address = st.text_input(
                "Address of the scheduler", placeholder="tcp://host:8786", key="batch-address-of",
                help="Without one, a cluster is made on this machine. Its workers must see the files under the same paths.",
            )  # fmt: skip
        workers = st.number_input(
            "Files at once", 1, 256, min(256, engines.fitting_workers()), key="batch-workers",
            help="Each worker loads the models once and takes about 1.5 GB of memory.",
        )  # fmt: skip
    sources = tuple(str(Path(line.strip()).expanduser()) for line in named.splitlines() if line.strip())
    with st.container(horizontal=True):
        start = st.button("Start", type="primary", icon=":material/play_arrow:", key="batch-start")
        try_it = st.button("Try the samples", icon=":material/science:", key="batch-try")
    if not (start or try_it):
        return
    files = [] if try_it else [(file.name, file.getvalue()) for file in uploaded or []]
    sources = (str(samples.FOLDER),) if try_it else sources
    if not sources and not files:
        complain(["No files were named. Name a folder, bring files, or try the samples."])
        st.rerun()
    try:
        out = runs.fresh()
        kept = runs.keep_uploads(out, files) if files else []
        runs.begin(out, runs.Asked((*map(_absolute, sources), *kept), model, workers, engine_name, address.strip()))
    except AllcadError as error:
        complain([str(error)])
    else:
        st.session_state["batch-turn"] = turn + 1
        show(out)
    st.rerun()


def _absolute(source: str) -> str:
    return str(Path(source).absolute())


def _engines() -> list[str]:
    """The engines that are installed here."""
    return [name for name in engines.NAMES if name == "local" or find_spec(LIBRARIES[name]) is not None]
