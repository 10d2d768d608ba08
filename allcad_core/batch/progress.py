"""How far a run is: counted, told to whoever waits, and left in a file for whoever looks later."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

PROGRESS = "progress.json"
TELL_S = 1.0
"""Seconds between two lines of ``progress.json``."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Attributes:
        state: ``listing``, ``working``, ``finishing``, ``done``, ``stopped`` or ``failed``.
        total, done, failed: files; those that failed are not among the done ones.
        seconds: since this start.
        remaining_s: that the rest takes at the pace since this start; ``None`` while nobody knows.
        workers: how many look at files at once.
        sentence: why it failed; empty otherwise.
    """

    state: str
    total: int = 0
    done: int = 0
    failed: int = 0
    seconds: float = 0.0
    remaining_s: float | None = None
    workers: int = 0
    sentence: str = ""


Tell = Callable[[Progress], None]
"""Told how far a run is."""


def progress_of(out: Path) -> Progress | None:
    """How far the run in ``out`` said that it is; ``None`` where it never said."""
    try:
        told = json.loads((out / PROGRESS).read_text("utf-8"))
        return Progress(**{name: told[name] for name in Progress.__dataclass_fields__})
    except (OSError, ValueError, KeyError, TypeError):
        return None


class Teller:
    """Counts, and says so to whoever waits and to ``progress.json``."""

    def __init__(self, out: Path, tell: Tell | None) -> None:
        self._out, self._tell = out, tell
        self._start = time.monotonic()
        self._said = -TELL_S
        self._first: int | None = None
        self.at = Progress("listing")

    def count(self, waiting: int, done: int, failed: int, workers: int) -> None:
        """Begin to count from here; the pace is that of what is done from now on."""
        self._first = done + failed
        self._start = time.monotonic()
        self.at = replace(self.at, total=waiting + done + failed, done=done, failed=failed, workers=workers)

    def add(self, *, failed: bool) -> None:
        """One more file has its answer."""
        at = self.at
        self.at = replace(at, done=at.done + (not failed), failed=at.failed + failed)

    def say(self, state: str, *, now: bool = False, sentence: str = "", total: int | None = None) -> Progress:
        """Say how far it is: about once a second, or at once."""
        seconds = time.monotonic() - self._start
        at = replace(self.at, state=state, seconds=seconds, sentence=sentence)
        if total is not None:
            at = replace(at, total=total)
        if self._first is not None:
            finished = at.done + at.failed
            new = finished - self._first
            at = replace(at, remaining_s=seconds / new * (at.total - finished) if new else None)
        self.at = at
        if now or time.monotonic() - self._said >= TELL_S:
            self._said = time.monotonic()
            self._write(at)
            if self._tell is not None:
                self._tell(at)
        return at

    def _write(self, at: Progress) -> None:
        half = self._out / f"{PROGRESS}.part"
        with suppress(OSError):  # the run does not hang on being watched
            half.write_text(json.dumps(asdict(at) | {"process": os.getpid()}), "utf-8")
            half.replace(self._out / PROGRESS)
