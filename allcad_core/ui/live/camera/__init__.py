"""The camera's picture with boxes over it: frames go to the server one at a time, boxes come back and stay steady."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from allcad_core.ui import media, words
from allcad_core.watching import Watched

HERE = Path(__file__).parent
KEY = "live-camera"

_mount = st.components.v2.component(
    "allcad_camera",
    html=(HERE / "camera.html").read_text("utf-8"),
    css=(HERE / "camera.css").read_text("utf-8"),
    js=(HERE / "camera.js").read_text("utf-8"),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of the camera.

    Attributes:
        number: rising within a visit of the page.
        at_s: when it was taken, seconds of the browser's clock.
        jpeg: the picture.
    """

    number: int
    at_s: float
    jpeg: bytes


def camera(
    film: bytes,
    answer: tuple[int, Watched] | None,
    trouble: str,
    *,
    on_frame: Callable[[Frame], None],
    on_frozen: Callable[[Frame], None],
) -> None:
    """Put the camera on its page.

    Args:
        film: JPEG of a generated smear, that moves under an imagined microscope where there is no camera.
        answer: number of the frame that was looked at last, and what was seen in it.
        trouble: a sentence where frames cannot be looked at; stops the asking.
        on_frame: called with each frame that the browser sends, before the page runs again.
        on_frozen: called likewise with the full picture that the visitor stopped at.
    """

    def told(name: str, take: Callable[[Frame], None]) -> Callable[[], None]:
        def report() -> None:
            frame = _frame(st.session_state[KEY].get(name))
            if frame is not None:
                take(frame)

        return report

    _mount(
        key=KEY,
        data={
            "film": media.address(film, "image/jpeg", "live.film"),
            "answer": None if answer is None else _described(*answer),
            "trouble": trouble,
        },
        on_frame_change=told("frame", on_frame),
        on_frozen_change=told("frozen", on_frozen),
    )


def _frame(sent: object) -> Frame | None:
    """A frame as the browser sends it; ``None`` for anything else."""
    try:
        number, at_ms, text = sent["number"], sent["at"], sent["jpeg"]  # type: ignore[index]
        return Frame(int(number), float(at_ms) / 1000, base64.b64decode(text, validate=True))
    except (TypeError, KeyError, ValueError, binascii.Error):
        return None


def _described(number: int, watched: Watched) -> dict[str, Any]:
    total = len(watched.tracks)
    return {
        "number": number,
        "size": list(watched.size),
        "velocity": [round(part, 1) for part in watched.velocity],
        "ms": round(watched.ms, 1),
        "tracks": [
            {"number": track.number, "box": [round(edge, 1) for edge in track.box], "kind": track.label}
            for track in watched.tracks
        ],
        "cells": str(total),
        "share": f"{words.percent(watched.share.value)} ({words.interval(watched.share)})" if total else words.DASH,
        "counts": f"{watched.blasts} of {total}" if total else "",
    }
