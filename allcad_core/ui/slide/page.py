"""The page Slide: bring a slide, watch it being made, look around, take along what was seen."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePath
from typing import Literal, cast

import streamlit as st

from allcad_core.errors import AllcadError, UnknownNameError
from allcad_core.slides import generated_slide, looks, open_slide
from allcad_core.slides.base import Progress, Slide
from allcad_core.slides.opening import ENDINGS
from allcad_core.ui import notes, state, words
from allcad_core.ui.slide import taking
from allcad_core.ui.slide.uploads import stored
from allcad_core.ui.slide.view import slide_view
from allcad_core.ui.slide.visits import Visit
from allcad_core.ui.state import asked_anew

VARIABLE = "ALLCAD_SLIDES"
"""Environment variable that names a folder of slides which every visitor of this server may open."""
GENERATED = {
    "large": ("20,000 × 20,000 px", (20_000, 20_000)),  # noqa: RUF001
    "small": ("4,000 × 3,000 px, made in seconds", (4_000, 3_000)),  # noqa: RUF001
}
"""Title and size of generated slides, by the name that the address has for them: ``?sample=small``."""
SEED = 1
MOST_VISITS = 4
"""Of one visitor; the oldest goes, and what was seen of it."""


def draw() -> None:
    """The page."""
    _follow_address()
    notes.broken(cast("list[str]", st.session_state.pop("slide-problems", [])))
    visit = current()
    if visit is None:
        _empty()
        return
    _write_address(visit)
    with st.container(horizontal=True, vertical_alignment="bottom", key="slide-head"):
        st.title("Slide", anchor=False, width="content")
        levels = f"pyramid of {visit.slide.levels} levels"
        size = words.size(visit.slide.width, visit.slide.height)
        st.caption(_plain(words.listing([visit.slide.name, size, levels])), width="content")
        st.space("stretch")
        _look_choice(visit)
        with st.popover("Open another slide", icon=":material/swap_horiz:"):
            _ways("other")
        with st.popover("Export", icon=":material/download:"):
            _exports(visit)
    slide_view(visit)


def current() -> Visit | None:
    """The visitor's slide."""
    return next(reversed(_visits().values()), None)


def _visits() -> dict[tuple[str, str], Visit]:
    return cast("dict[tuple[str, str], Visit]", st.session_state.setdefault("slide-visits", {}))


def _go(make: Callable[[], Visit], key: tuple[str, str]) -> None:
    """Turn to a visit; what was seen of a slide stays when the visitor comes back to it."""
    visits = _visits()
    visit = visits.pop(key, None)
    if visit is None:
        visit = make()
        visit.prepare()
    visits[key] = visit
    while len(visits) > MOST_VISITS:
        visits.pop(next(iter(visits)))


def _follow_address() -> None:
    """Open what the address asks for, ``?sample=...&model=...``, once for each new address."""
    asked = asked_anew("slide-address")
    if asked is None:
        return
    sample, look = asked
    shown = current()
    try:
        if look is not None:
            _choose_look(look)
        if sample is not None:
            _open(st.container(), _by_name(sample), name=sample)
        elif look is not None and shown is not None:
            _look_with(shown, look)
    except AllcadError as error:
        st.session_state["slide-problems"] = [str(error)]


def _choose_look(name: str) -> None:
    """Look in this way from now on. Raises UnknownNameError."""
    known = [one.name for one in looks()]
    if name not in known:
        raise UnknownNameError("model", name, known)
    st.session_state["slide-look"] = name


def _by_name(name: str) -> Callable[[Progress], Slide]:
    """How to come to a slide that the address names. Raises UnknownNameError."""
    if name in GENERATED:
        return partial(_generated, GENERATED[name][1])
    offered = _offered()
    if name not in offered:
        raise UnknownNameError("slide", name, [*GENERATED, *offered])
    return lambda tell: open_slide(offered[name], name, progress=tell)


def _write_address(visit: Visit) -> None:
    """Say in the address what the page shows, so that it can be sent to somebody. A visitor's own slide stays unnamed."""
    name = cast("dict[str, str]", st.session_state.get("slide-names", {})).get(visit.slide.key)
    look = visit.looker.look.name
    parameters = {"model": look} if name is None else {"sample": name, "model": look}
    if st.query_params.to_dict() != parameters:
        st.query_params.from_dict(parameters)
    st.session_state["slide-address"] = (name, look)


def _look_with(visit: Visit, look: str) -> None:
    _go(lambda: Visit(visit.slide, look, visit.own), (visit.slide.key, look))


def _empty() -> None:
    with st.container(key="empty", horizontal_alignment="center"):
        st.title("No slide yet.", anchor=False, text_alignment="center")
        st.html(
            '<p class="al-detail">Open a slide that is generated here, or bring your own: SVS, NDPI, MRXS, OME-TIFF, or any '
            "large photograph.</p>"
        )
        with st.container(width=520):
            _ways("first")


def _ways(key: str) -> None:
    """The ways to a slide: generated, from the server's folder, uploaded."""
    place = st.container()
    for number, (name, (title, size)) in enumerate(GENERATED.items()):
        kind: Literal["primary", "secondary"] = "primary" if number == 0 and key == "first" else "secondary"
        if st.button(f"Generated slide, {title}", type=kind, key=f"{key}-{number}", width="stretch"):
            _open(place, partial(_generated, size), name=name)
    turn = st.session_state.setdefault("slide-turn", 0)  # what was chosen once is not opened again by the next run
    listed = _offered()
    if listed:
        chosen = st.selectbox("A slide of this server", list(listed), index=None, key=f"{key}-listed-{turn}")
        if chosen:
            st.session_state["slide-turn"] = turn + 1
            _open(place, _by_name(chosen), name=chosen)
    file = st.file_uploader("Your own slide", type=list(ENDINGS), key=f"{key}-upload-{turn}")
    st.caption("It stays on this machine, in a folder that goes when you leave.")
    if file is not None:
        st.session_state["slide-turn"] = turn + 1
        own, path = stored(file.getbuffer(), re.sub(r"[^a-z0-9]", "", PurePath(file.name).suffix.lower()) or "bin")
        _open(
            place,
            lambda tell: open_slide(path, file.name, folder=Path(own.name), progress=tell),
            lambda slide: Visit(slide, _chosen_look(), own),
        )


def _generated(size: tuple[int, int], tell: Progress) -> Slide:
    return generated_slide(SEED, size, progress=tell)


def _open(
    place: st.delta_generator.DeltaGenerator,
    make: Callable[[Progress], Slide],
    visit: Callable[[Slide], Visit] | None = None,
    name: str | None = None,
) -> None:
    """Make or open a slide with its progress shown, then show it; one that fails leaves a sentence.

    Args:
        place: where its progress stands.
        make: makes or opens it.
        visit: begins a visit to it; with the chosen model unless told.
        name: what the address calls it.
    """
    try:
        with place, _progress() as tell:
            slide = make(tell)
    except AllcadError as error:
        st.session_state["slide-problems"] = [str(error)]
    else:
        if name is not None:
            st.session_state.setdefault("slide-names", {})[slide.key] = name
        _go(lambda: (visit or (lambda one: Visit(one, _chosen_look())))(slide), (slide.key, _chosen_look()))
    st.rerun()


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar that follows long work. A visitor who leaves stops it; painted tiles stay for the next time."""
    bar = st.progress(0.0, "Opening the slide")
    last = -1

    def tell(step: str, done: int, total: int) -> None:
        nonlocal last
        percent = 100 * done // max(total, 1)
        if percent != last:
            last = percent
            bar.progress(min(percent, 100) / 100, f"{step}, {percent} %")

    yield tell
    bar.empty()


def _offered() -> dict[str, Path]:
    """Slides of the folder that whoever runs the server has named."""
    named = os.environ.get(VARIABLE)
    if not named or not Path(named).is_dir():
        return {}
    return {
        path.name: path
        for path in sorted(Path(named).iterdir())
        if path.is_file() and path.suffix.lower().lstrip(".") in ENDINGS
    }


def _chosen_look() -> str:
    return cast("str", st.session_state.get("slide-look") or looks()[0].name)


def _look_choice(visit: Visit) -> None:
    """The way of looking; what was seen with another one is kept apart."""
    known = {one.name: one for one in looks()}
    state.hold("slide-look-choice", visit.looker.look.name)

    def change() -> None:
        st.session_state["slide-look"] = st.session_state["slide-look-choice"]
        _look_with(visit, _chosen_look())

    st.selectbox(
        "Model",
        list(known),
        key="slide-look-choice",
        label_visibility="collapsed",
        help=visit.looker.look.sentence,
        on_change=change,
        format_func=lambda name: f"Model: {name}",
        width=180,
    )


def _exports(visit: Visit) -> None:
    """Download buttons; a file is made when its button is pressed, of what was seen until then."""
    st.caption("Cells that were seen until you press.")
    stem = PurePath(visit.slide.name).stem or "slide"
    for title, made, ending, kind, icon in (
        ("Everything (JSON)", taking.as_json, "slide.json", "application/json", "data_object"),
        ("Outlines (QuPath)", taking.as_geojson, "geojson", "application/geo+json", "polyline"),
        ("Table of cells (CSV)", taking.as_csv, "cells.csv", "text/csv", "table"),
    ):
        st.download_button(
            title, partial(made, visit.seen, visit.looker), f"{stem}.{ending}", kind,
            icon=f":material/{icon}:", width="stretch", on_click="ignore",
        )  # fmt: skip


def _plain(text: str) -> str:
    """A file's name with nothing that Markdown would read as its own."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]()#+-.!|~$:<>" else letter for letter in text)
