"""What the server does between visitors: lets go of what is over, and gives the memory back to the system.

Three things would keep it otherwise. Streamlit forgets a lost session only when the next visitor comes. A session is a ring of
objects, which Python's own collector leaves for long where much has been imported. And glibc keeps what was freed, in up to
eight arenas a core, each as large as it once had to be; two serve as well, and what one visitor frees the next one uses.

To collect holds everybody up, for as long as there are objects to look at: a quarter of a second for those of all libraries.
Streamlit collects after every run of a page, so that each step of a slider would wait for it. What has survived a long
collection is therefore set aside, and looked at again when somebody has gone, or after a while. Memory is given back in a thread.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cache

import streamlit as st

from allcad_core.ui import kept
from allcad_core.ui.slide import uploads

EVERY_S = 30.0
"""Seconds between two looks."""
WORKED_S = 1.0
"""Processor seconds of this process after which there may be something to give back."""

ARENAS, M_ARENA_MAX = 2, -8
"""Places that glibc hands memory out from, and its name for their number (mallopt(3))."""

OLDEST = 2
"""Generation of a full collection."""
LONG_S = 0.04
"""Seconds of a collection after which its survivors are set aside."""
AGAIN_S = 120.0
"""Seconds for which something stays set aside at most: where visitors come as fast as they go, their number never falls."""

_SAY = logging.getLogger(__name__)


@dataclass
class Aside:
    """For ``gc.callbacks``: sets aside what has survived a full collection that took long, so that the next one is short.

    Args:
        clock: seconds.

    Attributes:
        since: when something was set aside first while visitors were there, garbage of later among it; ``None`` where nothing is.
    """

    clock: Callable[[], float] = time.perf_counter
    since: float | None = field(default=None, init=False)
    _start: float = field(default=0.0, init=False)

    def __call__(self, phase: str, info: dict[str, int]) -> None:
        """What the collector calls before and after it has collected."""
        if phase == "start":
            self._start = self.clock()
        elif info["generation"] == OLDEST and self.clock() - self._start > LONG_S:
            gc.freeze()
            self.since = self.clock() if self.since is None else self.since

    @property
    def is_old(self) -> bool:
        """Whether something has been set aside for long."""
        return self.since is not None and self.clock() - self.since > AGAIN_S

    def look_again(self) -> None:
        """Let the next collection look at everything."""
        if self.since is not None:
            gc.unfreeze()
            self.since = None


@dataclass
class Housekeeper:
    """Tidies where something happened since the last time: work was done, a visit or a session came or went.

    Args:
        held: how much is held, as a number that changes; also lets go of what is over.
        aside: what was set aside between two looks.
        clock: processor seconds of this process.
    """

    held: Callable[[], int]
    aside: Aside = field(default_factory=Aside)
    clock: Callable[[], float] = time.process_time
    _worked: float = field(default=0.0, init=False)
    _held: int = field(default=0, init=False)

    def tidy(self) -> bool:
        """Let go of what is over; whether there may be memory to give back."""
        held = self.held()
        if held == self._held and self.clock() - self._worked < WORKED_S:
            return False
        if held < self._held or not held:
            self.aside.look_again()
            gc.collect()
        elif self.aside.is_old:  # the collection after the next run of a page looks at it
            self.aside.look_again()
        if not held:
            gc.freeze()
        self._held, self._worked = held, self.clock()
        return True


def give_back() -> bool:
    """Give freed memory back to the system; whether there was any, and a C library that can."""
    trim = _trim()
    return trim is not None and bool(trim(0))


def few_arenas() -> bool:
    """Let threads share few arenas, as long as they have none yet: when the server starts. Whether the C library can."""
    with suppress(OSError, AttributeError):
        return bool(ctypes.CDLL("libc.so.6").mallopt(M_ARENA_MAX, ARENAS))
    return False


@cache
def _trim() -> Callable[[int], int] | None:
    with suppress(OSError, AttributeError):
        found: Callable[[int], int] = ctypes.CDLL("libc.so.6").malloc_trim
        return found
    return None


def held() -> int:
    """Visits on the shelf and sessions that Streamlit knows; what is over is let go first."""
    return kept.shelf().tidy() + _sessions()


def _sessions() -> int:
    """How many sessions there are. To ask makes Streamlit let go of those that were lost two minutes ago, and of their files."""
    if not st.runtime.exists():
        return 0
    runtime = st.runtime.get_instance()
    number = len(runtime._session_mgr.list_sessions())  # noqa: SLF001  nothing public lets them go
    runtime.media_file_mgr.remove_orphaned_files()
    return number


@asynccontextmanager
async def lifespan(_: object) -> AsyncIterator[None]:
    """Tidy again and again while the server lives; what visitors have brought goes when it ends."""
    gc.freeze()
    aside = Aside()
    gc.callbacks.append(aside)
    await asyncio.to_thread(uploads.sweep)
    work = asyncio.create_task(_again_and_again(Housekeeper(held, aside)))
    try:
        yield
    finally:
        gc.callbacks.remove(aside)
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
        uploads.clear()


async def _again_and_again(keeper: Housekeeper) -> None:
    while True:
        await asyncio.sleep(EVERY_S)
        try:
            if keeper.tidy():
                await asyncio.to_thread(give_back)
        except Exception:  # the visitors' pages do not depend on it
            _SAY.exception("Tidying failed.")
