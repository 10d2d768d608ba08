"""The camera's picture with boxes over it: frames go to the server one at a time through a socket."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from allcad_core.ui import media
from allcad_core.ui.components import component

KEY = "live-camera"

_mount = component("live/camera", name="camera")


@dataclass(frozen=True, slots=True)
class Camera:
    """What the browser needs: where frames go, and what plays where there is no camera.

    Attributes:
        socket: path of the socket on this server.
        film: JPEG of a generated smear, that moves under an imagined microscope.
    """

    socket: str
    film: bytes


def camera(shown: Camera, on_frozen: Callable[[bytes], None]) -> None:
    """Put the camera on its page.

    Args:
        shown: see there.
        on_frozen: called with the JPEG of the picture that the visitor stopped at, before the page runs again.
    """

    def report() -> None:
        jpeg = _jpeg(st.session_state[KEY].get("frozen"))
        if jpeg:
            on_frozen(jpeg)

    _mount(
        key=KEY,
        data={"socket": shown.socket, "film": media.address(shown.film, "image/jpeg", "live.film")},
        on_frozen_change=report,
    )


def _jpeg(sent: object) -> bytes:
    """The bytes of a picture as the browser sends it; nothing for anything else."""
    try:
        return base64.b64decode(str(sent), validate=True)
    except binascii.Error:
        return b""
