"""What a visitor brought and said, held for a while after the page is gone, so that a reload finds it again."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from secrets import token_hex
from threading import Lock
from typing import cast

import streamlit as st

from allcad_core.review import Review
from allcad_core.ui import state
from allcad_core.ui.components import component
from allcad_core.ui.state import Smear

COOKIE = "allcad_visit"
"""A random name of the visit, gone when the browser is closed. Only a visitor with something to lose gets one."""
TOKEN = re.compile(r"[0-9a-f]{32}")
HELD_S = 30 * 60
"""Seconds for which a visit is held after its page was last seen."""
MOST_BYTES = 1_000_000_000
"""Bytes of pixels that are held for all visitors together; the visit seen longest ago goes first."""

_mount = component("kept")


@dataclass(frozen=True, eq=False)
class Visit:
    """A visitor's smears, reviews and choices, and the answers that were computed for them."""

    smears: tuple[Smear, ...]
    chosen: str | None
    reviews: Mapping[str, Review]
    recipe: str | None
    analyses: Mapping[Hashable, object]

    @property
    def is_worth_it(self) -> bool:
        """Whether a reload would lose something: a photograph of one's own, or a change made to cells."""
        return any(smear.sample is None for smear in self.smears) or any(one.edits for one in self.reviews.values())

    @property
    def size(self) -> int:
        """Bytes of pixels; samples belong to everybody and cost nothing."""
        return sum(smear.image.pixels.nbytes for smear in self.smears if smear.sample is None)


@dataclass
class Shelf:
    """Visits by their names; what is too old or too much is let go."""

    clock: Callable[[], float] = time.monotonic
    most: int = MOST_BYTES
    _held: dict[str, tuple[float, Visit]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def put(self, name: str, visit: Visit) -> None:
        """Hold a visit, seen now."""
        with self._lock:
            self._held.pop(name, None)
            self._held[name] = (self.clock(), visit)
            self._tidy()

    def get(self, name: str) -> Visit | None:
        """The visit of that name, where it is still held."""
        with self._lock:
            self._tidy()
            return self._held[name][1] if name in self._held else None

    def drop(self, name: str) -> None:
        """Let a visit go at once."""
        with self._lock:
            self._held.pop(name, None)

    def tidy(self) -> int:
        """Let go of what is too old or too much; gives how many visits are held still."""
        with self._lock:
            self._tidy()
            return len(self._held)

    def _tidy(self) -> None:
        oldest = self.clock() - HELD_S
        for name in [name for name, (seen, _) in self._held.items() if seen < oldest]:
            del self._held[name]
        while sum(visit.size for _, visit in self._held.values()) > self.most:
            del self._held[next(iter(self._held))]


@st.cache_resource(show_spinner=False)
def shelf() -> Shelf:
    """The one shelf of this server."""
    return Shelf()


def resume() -> None:
    """Give a visitor who reloaded the page back what was there. Once a session, before anything is drawn."""
    if "visit" in st.session_state:
        return
    name = str(st.context.cookies.get(COOKIE, ""))
    found = shelf().get(name) if TOKEN.fullmatch(name) else None
    st.session_state["visit"] = name if found else token_hex(16)
    if found is None:
        return
    st.session_state["smears"] = list(found.smears)
    st.session_state["smear"] = found.chosen
    st.session_state["reviews"] = dict(found.reviews)
    st.session_state["memory"] = dict(found.analyses)
    if found.recipe is not None:
        st.session_state["recipe"] = found.recipe


def keep() -> None:
    """Hold what the visitor has now. Nothing is drawn."""
    visit = _now()
    if visit.is_worth_it:
        shelf().put(_name(), visit)


def tell() -> None:
    """Tell the browser the name of the visit, where there is something to find again."""
    if _now().is_worth_it:
        _mount(key="kept", data={"name": COOKIE, "value": _name()})


def forget() -> None:
    """Let go of the visitor's photographs and reviews, here and on the shelf."""
    shelf().drop(_name())
    for name in ("smears", "smear", "reviews", "memory", "cell", "said"):
        st.session_state.pop(name, None)


def has_own() -> bool:
    """Whether the visitor brought a photograph."""
    return any(smear.sample is None for smear in state.smears())


def _name() -> str:
    return cast("str", st.session_state["visit"])


def _now() -> Visit:
    memory = cast("dict[Hashable, object]", st.session_state.get("memory", {}))
    return Visit(
        tuple(state.smears()),
        st.session_state.get("smear"),
        dict(st.session_state.get("reviews", {})),
        st.session_state.get("recipe"),
        {key: made for key, made in memory.items() if isinstance(key, tuple) and key[:1] == ("analysis",)},
    )
