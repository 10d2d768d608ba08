"""The Live page: the camera with its boxes; a frozen frame goes to Analyse smear."""

from __future__ import annotations

from typing import cast

import streamlit as st

from allcad_core import images, watching
from allcad_core.errors import AllcadError
from allcad_core.ui import bring, media, notes, state
from allcad_core.ui.live.camera import Camera, camera
from allcad_core.ui.live.routes import prefix
from allcad_core.watching import Watch

WARM = (640, 480)
"""Size of a camera's frame, px."""
FILM_SEED, FILM_SIZE = 500_001, (1600, 1200)
"""Of the generated smear that stands in for a camera: apart from the seeds of training and trials."""
FILM_PX_PER_UM, FILM_DENSITY, FILM_BLASTS = 6.0, 900.0, 0.55
FROZEN = "camera-frame.jpg"


def live() -> None:
    """Draw the page. The camera is a fragment: a frame reruns neither frame nor navigation."""
    with st.container(key="live-head"):
        st.title("Live camera", anchor=False)
        st.html(
            '<p class="al-detail">Boxes follow the cells while the smear moves. Every frame stays on this machine; none is kept.</p>'
        )
    try:
        film = _film()
    except AllcadError as error:
        notes.broken([str(error)])
        return
    _picture(film)
    notes.doubt(
        "A moving picture is judged quickly: each cell by two networks, a few cells a frame.",
        "Freeze it to have the frame analysed in full, with every score, reason and interval. No figure here is a diagnosis.",
    )
    _warm(film)


@st.fragment
def _picture(film: bytes) -> None:
    frozen = cast("bytes | None", st.session_state.pop("live-frozen", None))
    if frozen is not None:
        state.take([(FROZEN, frozen)])
        st.switch_page(bring.PAGE)
    camera(Camera(prefix(), film), on_frozen=lambda jpeg: st.session_state.update({"live-frozen": jpeg}))


@st.cache_resource(show_spinner=False)
def _warm(film: bytes) -> None:
    """Load the network and let it look once, while the visitor still reads; what fails is told with the first frame."""
    try:
        pixels = images.read(film).pixels[: WARM[1], : WARM[0]]
        Watch(watching.detector(), watching.classifier()).look(pixels, 0.0)
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
