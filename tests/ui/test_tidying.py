"""Between visitors the server lets go of what is over, and gives the memory back."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from allcad_core.ui import kept, tidying
from allcad_core.ui.kept import HELD_S, Shelf, Visit
from allcad_core.ui.tidying import AGAIN_S, WORKED_S, Aside, Housekeeper
from tests.ui.clocks import Clock


class Ring:
    """An object that holds itself, as a session of Streamlit does through its parts."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    """What was set aside here is looked at again by the collector in the tests that follow."""
    yield
    gc.unfreeze()


ALLOCATING = """
import ctypes, sys, threading
from allcad_core.ui import tidying
if sys.argv[1] == "few":
    assert tidying.few_arenas()
together = threading.Barrier(8)
def work():
    held = bytearray(50_000)
    together.wait()
    assert held is not None
threads = [threading.Thread(target=work) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
ctypes.CDLL("libc.so.6").malloc_stats()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the C library of Linux")
def test_the_threads_of_a_server_share_few_arenas() -> None:
    plain = {key: value for key, value in os.environ.items() if not key.startswith(("MALLOC_", "GLIBC_"))}

    def arenas(how: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", ALLOCATING, how], env=plain, capture_output=True, text=True, check=True
        )
        return done.stderr.count("Arena ")

    assert arenas("few") == tidying.ARENAS
    assert arenas("many") > tidying.ARENAS


def test_nothing_is_done_where_nothing_happened() -> None:
    clock = Clock()
    keeper = Housekeeper(lambda: 0, clock=clock)
    assert not keeper.tidy()
    clock.now = WORKED_S / 2
    assert not keeper.tidy()


def test_after_work_there_may_be_memory_to_give_back_once() -> None:
    clock = Clock()
    keeper = Housekeeper(lambda: 0, clock=clock)
    clock.now = 2 * WORKED_S
    assert [keeper.tidy(), keeper.tidy()] == [True, False]


def test_after_a_visit_is_over_there_may_be_too_although_nobody_worked() -> None:
    visits = iter([1, 1, 0, 0])
    keeper = Housekeeper(lambda: next(visits), clock=Clock())
    assert [keeper.tidy() for _ in range(4)] == [True, False, True, False]


@pytest.mark.parametrize("left", [0, 1])
def test_the_rings_of_those_who_have_gone_go(left: int) -> None:
    keeper = Housekeeper(iter([2, left]).__next__, clock=Clock())
    assert keeper.tidy()
    ring: Any = Ring()
    alive = weakref.ref(ring)
    del ring
    assert keeper.tidy()
    assert alive() is None


def test_while_visitors_work_nobody_is_held_up_by_a_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    collected: list[int] = []
    monkeypatch.setattr(gc, "collect", lambda: collected.append(1))
    clock = Clock()
    keeper = Housekeeper(lambda: 3, clock=clock)
    for _ in range(4):
        clock.now += 2 * WORKED_S
        assert keeper.tidy()
    assert collected == []


def test_what_stays_is_set_aside_when_nobody_is_there() -> None:
    keeper = Housekeeper(iter([1, 0]).__next__, clock=Clock())
    before = gc.get_freeze_count()
    keeper.tidy()
    assert gc.get_freeze_count() == before
    keeper.tidy()
    assert gc.get_freeze_count() > before + 1000


@pytest.mark.parametrize(("generation", "seconds", "set_aside"), [(2, 0.1, True), (2, 0.01, False), (1, 0.1, False)])
def test_what_a_long_full_collection_left_is_set_aside(generation: int, seconds: float, set_aside: bool) -> None:
    clock = Clock()
    aside = Aside(clock)
    before = gc.get_freeze_count()
    aside("start", {"generation": generation})
    clock.now += seconds
    aside("stop", {"generation": generation})
    assert (aside.since is not None) is set_aside
    assert (gc.get_freeze_count() > before + 1000) is set_aside


def test_the_server_sets_aside_after_a_long_collection_and_no_longer_than_it_lives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tidying, "LONG_S", 0.0)
    before = list(gc.callbacks)

    async def live() -> tuple[int, int]:
        async with tidying.lifespan(None):
            gc.unfreeze()
            counts = [gc.get_freeze_count()]
            gc.collect()
            return counts[0], gc.get_freeze_count()

    first, second = asyncio.run(live())
    assert second > first + 1000
    assert gc.callbacks == before


def test_a_ring_that_was_set_aside_goes_when_its_visitor_has_gone() -> None:
    aside = Aside(clock := Clock())
    keeper = Housekeeper(iter([2, 1]).__next__, aside, Clock())
    assert keeper.tidy()
    ring: Any = Ring()
    alive = weakref.ref(ring)
    aside("start", {"generation": 2})
    clock.now += 1
    aside("stop", {"generation": 2})
    del ring
    gc.collect()
    assert alive() is not None
    assert keeper.tidy()
    assert alive() is None


def test_where_visitors_come_as_fast_as_they_go_it_is_looked_at_again_after_a_while() -> None:
    aside, worked = Aside(clock := Clock()), Clock()
    keeper = Housekeeper(lambda: 3, aside, worked)
    keeper.tidy()
    clock.now = 10.0
    aside("start", {"generation": 2})
    clock.now = 11.0
    aside("stop", {"generation": 2})
    frozen = gc.get_freeze_count()
    for clock.now, looked_again in ((11.0 + AGAIN_S / 2, False), (12.0 + AGAIN_S, True)):
        worked.now += 2 * WORKED_S
        keeper.tidy()
        assert (gc.get_freeze_count() < frozen - 1000) is looked_again
        assert (aside.since is None) is looked_again


def test_asking_what_is_held_lets_go_of_what_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    shelf = Shelf(clock)
    monkeypatch.setattr(kept, "shelf", lambda: shelf)
    shelf.put("a", Visit((), None, {}, None, {}))
    before = tidying.held()
    clock.now = HELD_S + 1
    assert tidying.held() == before - 1


def test_memory_can_be_given_back_or_the_library_cannot() -> None:
    assert tidying.give_back() in (True, False)


def test_the_housekeeper_ends_with_its_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidying, "EVERY_S", 0.001)
    looked = asyncio.Event()

    def look() -> int:
        looked.set()
        raise RuntimeError("broken")

    monkeypatch.setattr(tidying, "held", look)

    async def live() -> set[asyncio.Task[Any]]:
        async with tidying.lifespan(None):
            await asyncio.wait_for(looked.wait(), 60)
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(live()) == set()
