"""One visitor's film: each frame looked at and described for the browser."""

from __future__ import annotations

from allcad_core import watching
from allcad_core.ui import words
from allcad_core.watching import Watch, Watched


class Film:
    """Frames in, boxes out. One a socket."""

    def __init__(self) -> None:
        self._watch: Watch | None = None

    def look(self, jpeg: bytes, at_s: float) -> dict[str, object]:
        """What the browser draws over a frame that was taken at ``at_s`` seconds of its clock.

        Raises:
            AllcadError: the frame is no picture, or the model cannot be used.
        """
        if self._watch is None:
            self._watch = Watch(watching.detector(), watching.classifier())
        return described(self._watch.look(watching.decode(jpeg), at_s))

    def close(self) -> None:
        """Let go of what the film needs."""
        if self._watch is not None:
            self._watch.close()


def described(watched: Watched) -> dict[str, object]:
    """A frame's tracks, the picture's own movement, and the figures in words."""
    total = watched.judged
    return {
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
