"""The Live page: each frame that the browser sends is looked at and answered; a frozen one goes to Analyse smear."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import cast

import streamlit as st

from allcad_core import images, watching
from allcad_core.errors import AllcadError
from allcad_core.ui import bring, media, notes, state
from allcad_core.ui.live.camera import Frame, camera
from allcad_core.watching import Watch, Watched

WARM = (640, 480)
"""Size of a camera's frame, px."""
FILM_SEED, FILM_SIZE = 500_001, (1600, 1200)
"""Of the generated smear that stands in for a camera: apart from the seeds of training and trials."""
FILM_PX_PER_UM, FILM_DENSITY, FILM_BLASTS = 6.0, 900.0, 0.55
FROZEN = "camera-frame.jpg"
STYLE = """<style>
.st-key-live [data-stale="true"] { opacity: 1 !important; transition: none !important; }
.stApp:has(.st-key-live) [data-testid="stStatusWidget"] { visibility: hidden; }
</style>"""
"""Ten runs a second are no reason to grey the picture out, or to show that the page runs."""


@dataclass
class Visit:
    """One visitor's film.

    Attributes:
        watch: looks at it; made with the first frame.
        answer: number of the last frame that was looked at, and what was seen.
        trouble: why frames cannot be looked at.
        frozen: the frame that was stopped at, on its way to another page.
    """

    watch: Watch | None = None
    answer: tuple[int, Watched] | None = None
    trouble: str = ""
    frozen: Frame | None = field(default=None, repr=False)


def live() -> None:
    """Draw the page. The camera is a fragment: a frame reruns neither frame nor navigation."""
    st.title("Live camera", anchor=False)
    st.html(
        '<p class="al-detail">Boxes follow the cells while the smear moves. Every frame stays on this machine; none is kept.</p>'
    )
    try:
        film = _film()
    except AllcadError as error:
        notes.broken([str(error)])
        return
    st.html(STYLE)
    with st.container(key="live"):
        _picture(film)
    notes.doubt(
        "A moving picture is judged by its quickest model alone.",
        "Freeze it to have the frame analysed in full, with every score, reason and interval. No figure here is a diagnosis.",
    )
    _warm(film)


@st.fragment
def _picture(film: bytes) -> None:
    visit = cast("Visit", st.session_state.setdefault("live", Visit()))
    if visit.frozen is not None:
        frame, visit.frozen = visit.frozen, None
        state.take([(FROZEN, frame.jpeg)])
        st.switch_page(bring.PAGE)
    camera(
        film,
        visit.answer,
        visit.trouble,
        on_frame=lambda frame: look(visit, frame),
        on_frozen=lambda frame: setattr(visit, "frozen", frame),
    )


def look(visit: Visit, frame: Frame) -> None:
    """Answer one frame; a model that fails leaves a sentence instead."""
    begun = perf_counter()
    try:
        if visit.watch is None:
            visit.watch = Watch(watching.detector())
        seen = visit.watch.look(watching.decode(frame.jpeg), frame.at_s)
    except AllcadError as error:
        visit.trouble = str(error)
        return
    visit.trouble = ""
    visit.answer = (frame.number, _timed(seen, begun))


def _timed(seen: Watched, begun: float) -> Watched:
    return replace(seen, ms=1000 * (perf_counter() - begun))


@st.cache_resource(show_spinner=False)
def _warm(film: bytes) -> None:
    """Load the network and let it look once, while the visitor still reads; what fails is told with the first frame."""
    try:
        pixels = images.read(film).pixels[: WARM[1], : WARM[0]]
        Watch(watching.detector()).look(pixels, 0.0)
    except AllcadError:
        return


@st.cache_resource(show_spinner=False)
def _film() -> bytes:
    """A generated smear larger than the camera's window."""
    from allcad_core.synthesis import Scene, generate

    scene = Scene(
        magnification=FILM_PX_PER_UM,
        white_density=FILM_DENSITY,
        blast_fraction=FILM_BLASTS,
        clustering=0.1,
        defocus=0.1,
    )
    return media.jpeg(generate(FILM_SEED, FILM_SIZE, scene).pixels)
