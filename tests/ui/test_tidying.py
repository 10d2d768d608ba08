"""Between visitors the server lets go of what is over, and gives the memory back."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from allcad_core.ui import kept, tidying
from allcad_core.ui.kept import HELD_S, Shelf, Visit
from allcad_core.ui.tidying import WORKED_S, Housekeeper


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Ring:
    """An object that holds itself, as a session of Streamlit does through its parts."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How often memory was given back."""
    times: list[int] = []
    monkeypatch.setattr(tidying, "give_back", lambda: times.append(1) or True)
    return times


def test_nothing_is_done_where_nothing_happened(given: list[int]) -> None:
    clock = Clock()
    keeper = Housekeeper(lambda: 0, clock)
    assert not keeper.tidy()
    clock.now = WORKED_S / 2
    assert not keeper.tidy()
    assert given == []


def test_after_work_memory_is_given_back_once(given: list[int]) -> None:
    clock = Clock()
    keeper = Housekeeper(lambda: 0, clock)
    clock.now = 2 * WORKED_S
    assert [keeper.tidy(), keeper.tidy()] == [True, False]
    assert len(given) == 1


def test_after_a_visit_is_over_memory_is_given_back_although_nobody_worked(given: list[int]) -> None:
    visits = iter([1, 1, 0, 0])
    keeper = Housekeeper(lambda: next(visits), Clock())
    assert [keeper.tidy() for _ in range(4)] == [True, False, True, False]
    assert len(given) == 2


def test_rings_of_objects_go(given: list[int]) -> None:
    ring: Any = Ring()
    alive = weakref.ref(ring)
    del ring
    keeper = Housekeeper(iter([1]).__next__, Clock())
    assert keeper.tidy()
    assert alive() is None
    assert len(given) == 1


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
