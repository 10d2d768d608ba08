"""One smear through all models, in a thread of its own, so that the page stays quick while they answer one after another."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Condition, Thread
from time import monotonic

import streamlit as st

from allcad_core.compared import look_at
from allcad_core.errors import AllcadError
from allcad_core.images import SmearImage
from allcad_core.results import FieldAnalysis
from allcad_core.stress import Stress, stressed
from allcad_core.ui import engine

MOST_KEPT = 256
"""Answers that are kept for all visitors; the oldest go first."""
REST_S = 0.4
"""Seconds for which a changed picture must stand before anybody looks at it, so that the picture follows its sliders freely."""
SLEEP_S = 30.0
"""Seconds without work after which the thread ends."""
FAILED = "allcad failed here, which is its own mistake; the terminal where it runs shows the details."

Answer = FieldAnalysis | str
"""An analysis, or a sentence on why there is none."""
Key = tuple[str, Stress, str]
"""Digest of the smear, what was done to it, name of the model."""


@dataclass(frozen=True, eq=False)
class Wish:
    """What a visitor wants to see: a smear under a stress through some models, in this order, and from when on."""

    image: SmearImage
    stress: Stress
    names: tuple[str, ...]
    start: float = 0.0

    @property
    def says(self) -> tuple[str, Stress, tuple[str, ...]]:
        """What is wished, to be told from another wish."""
        return self.image.sha256, self.stress, self.names

    def key(self, name: str) -> Key:
        """Names the answer of one model."""
        return self.image.sha256, self.stress, name


class Bench:
    """Answers wishes one after another; a visitor's new wish takes the place of the one before it."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._known: OrderedDict[Key, Answer] = OrderedDict()
        self._wishes: OrderedDict[str, Wish] = OrderedDict()
        self._thread: Thread | None = None

    def wish(self, visitor: str, image: SmearImage, stress: Stress, names: Sequence[str]) -> dict[str, Answer]:
        """Ask for answers; what is known comes at once, the rest is computed from now on.

        Args:
            visitor: whose earlier wish it replaces.
            image: the smear as it is.
            stress: what is done to it first.
            names: of ``compared.looks``.
        """
        wanted = Wish(image, stress, tuple(names), monotonic() + (REST_S if stress.active else 0.0))
        with self._changed:
            known = {name: self._known[wanted.key(name)] for name in names if wanted.key(name) in self._known}
            before = self._wishes.get(visitor)
            same = before is not None and before.says == wanted.says  # asked again: the work on it goes on as it is
            if not same:
                self._wishes.pop(visitor, None)
            if len(known) < len(wanted.names):
                self._wishes.setdefault(visitor, wanted)
                if self._thread is None:
                    self._thread = Thread(target=self._work, name="compare", daemon=True)
                    self._thread.start()
            self._changed.notify_all()
        return known

    def wish_known(self, image: SmearImage, stress: Stress, names: Sequence[str]) -> dict[str, Answer]:
        """What is known already, without asking for the rest."""
        wanted = Wish(image, stress, tuple(names))
        with self._changed:
            return {name: self._known[wanted.key(name)] for name in names if wanted.key(name) in self._known}

    def wait(self, number: int, seconds: float) -> None:
        """Wait until another number of answers is known than ``number``, or so long."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._known) != number, seconds)

    @property
    def known(self) -> int:
        """How many answers are known."""
        return len(self._known)

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._changed.wait_for(lambda: bool(self._wishes), SLEEP_S):
                    self._thread = None
                    return
                now = monotonic()
                ready = next((entry for entry in self._wishes.items() if entry[1].start <= now), None)
                if ready is None:
                    self._changed.wait(min(wish.start for wish in self._wishes.values()) - now)
                    continue
            visitor, wanted = ready
            try:
                self._fulfil(visitor, wanted)
            except Exception:
                logging.getLogger(__name__).exception("The comparison of models failed.")
                for name in wanted.names:
                    self._keep(wanted, name, FAILED, only_missing=True)
            with self._changed:
                if self._wishes.get(visitor) is wanted:
                    del self._wishes[visitor]
                elif visitor in self._wishes:
                    self._wishes.move_to_end(visitor)  # another visitor's turn first

    def _fulfil(self, visitor: str, wanted: Wish) -> None:
        missing = [name for name in wanted.names if wanted.key(name) not in self._known]
        if not missing:
            return
        answers = look_at(stressed(wanted.image, wanted.stress), missing)
        lock = engine.engine(engine.default_recipe()).lock
        while self._wishes.get(visitor) is wanted:
            try:
                with lock:
                    name, found = next(answers)
            except StopIteration:
                return
            except AllcadError as error:  # about all of them, such as a device that is gone
                for name in missing:
                    self._keep(wanted, name, str(error), only_missing=True)
                return
            self._keep(wanted, name, found if isinstance(found, FieldAnalysis) else str(found))

    def _keep(self, wanted: Wish, name: str, answer: Answer, *, only_missing: bool = False) -> None:
        with self._changed:
            if not (only_missing and wanted.key(name) in self._known):
                self._known[wanted.key(name)] = answer
            while len(self._known) > MOST_KEPT:
                self._known.popitem(last=False)
            self._changed.notify_all()


@st.cache_resource(show_spinner=False)
def bench() -> Bench:
    """The one bench of this process."""
    return Bench()
