"""What the browser may ask for: tiles, looks, news, a scan; of its own slide and of no other."""

from __future__ import annotations

import gc
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from allcad_core.errors import ModelError
from allcad_core.results import Cell
from allcad_core.slides import Looker
from allcad_core.slides.grid import Block
from allcad_core.slides.looking import REHEARSED
from allcad_core.ui.slide import visits
from allcad_core.ui.slide.routes import PREFIX, routes
from tests.slides.conftest import ArraySlide

TILE = 512


def one_a_tile(_self, block):
    """A blast in the middle of each tile."""
    return tuple(
        Cell((x * TILE + 230, y * TILE + 230, x * TILE + 280, y * TILE + 280), "blast", 0.9) for x, y in block.tiles
    )


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> visits.Visit:
    monkeypatch.setattr(Looker, "cells", one_a_tile)
    monkeypatch.setattr(Looker, "blank", frozenset({(0, 0)}))
    monkeypatch.setattr(visits, "PATIENCE_S", 0.0)
    visits._lookers.clear()
    return visits.Visit(ArraySlide(np.full((4 * TILE, 20 * TILE, 3), 200, np.uint8)))


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=routes()))


def told(client: TestClient, visit: visits.Visit, window, tiles: int = 0, cells: int = 0) -> list[dict]:
    question = {"window": window, "tiles": tiles, "cells": cells}
    answer = client.post(f"{PREFIX}/{visit.token}/look", json=question)
    assert answer.status_code == 200
    return [json.loads(line) for line in answer.text.splitlines()]


def test_a_tile_is_a_jpeg_that_the_browser_may_keep(client, visit):
    answer = client.get(f"{PREFIX}/{visit.token}/tile/{visit.slide.levels - 1}/1_1.jpg")
    assert answer.content[:2] == b"\xff\xd8"
    assert "private" in answer.headers["cache-control"]
    assert client.get(f"{PREFIX}/{visit.token}/tile/{visit.slide.levels - 1}/99_1.jpg").status_code == 404
    assert client.get(f"{PREFIX}/{visit.token}/tile/-1/0_0.jpg").status_code == 404


def test_a_view_is_looked_at_once(client, visit):
    lines = told(client, visit, [0, 0, 1500, 1000])
    assert lines[0]["tiles"] == [[0, 0]]  # empty glass
    assert sum(len(line["cells"]) for line in lines) == 5
    assert lines[-1]["counts"] == {"blast": 5, "healthy": 0, "review": 0}
    assert lines[-1]["share"][0] == 1
    again = told(client, visit, [0, 0, 1500, 1000], *lines[-1]["next"])
    assert again == [{"reading": [], "tiles": [], "cells": [], "next": lines[-1]["next"]}]


def test_a_strip_is_read_at_once_and_more_from_the_middle_on(client, visit, monkeypatch):
    read = []
    monkeypatch.setattr(Looker, "cells", lambda _, block: read.append(block) or ())
    told(client, visit, [TILE, 0, 7 * TILE, TILE])
    assert read == [Block(1, 0, 7, 1)]
    read.clear()
    told(client, visit, [8 * TILE, 0, 14 * TILE, 2 * TILE])
    assert [block.right - block.left for block in read] == [3, 3]


def test_every_block_of_a_view_has_been_rehearsed():
    assert {(across, down) for across, down in REHEARSED if min(across, down) > 1} == set(
        product(range(2, visits.VIEW_ACROSS + 1), repeat=2)
    )
    assert {(1, length) for length in range(1, visits.STRIP_ACROSS + 1)} <= set(REHEARSED)
    assert {(length, 1) for length in range(1, visits.STRIP_ACROSS + 1)} <= set(REHEARSED)


def test_two_who_look_at_one_place_at_once_have_it_read_once(client, visit, monkeypatch):
    read, both = [], threading.Barrier(2)

    def slow(self, block):
        read.append(block)
        time.sleep(0.05)  # as long as it lasts, the other one waits
        return one_a_tile(self, block)

    monkeypatch.setattr(Looker, "cells", slow)

    def ask(_: int) -> int:
        both.wait(60)
        lines = told(client, visit, [TILE, 0, 3 * TILE, TILE])
        return lines[-1]["next"][1]

    with ThreadPoolExecutor(2) as visitors:
        assert list(visitors.map(ask, range(2))) == [2, 2]
    assert read == [Block(1, 0, 3, 1)]


def test_what_lies_ahead_is_read_tile_by_tile_and_is_there_when_it_comes_into_view(client, visit):
    ahead = [TILE, 0, 3 * TILE, TILE]
    answer = client.post(f"{PREFIX}/{visit.token}/look", json={"window": ahead, "ahead": True})
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert "reading" not in lines[0]
    assert [line["tiles"] for line in lines[1:]] == [[[1, 0]], [[2, 0]]]
    (view,) = told(client, visit, ahead, 2, 2)
    assert view["reading"] == view["tiles"] == view["cells"] == []


def test_what_an_interrupted_look_has_found_comes_with_the_next(client, visit):
    next(visit.look((600, 600, 900, 900)))
    visit.seen.add([(1, 1)], one_a_tile(None, Block(1, 1, 2, 2)))  # the browser had gone when this was there
    lines = told(client, visit, [600, 600, 900, 900])
    assert lines[0]["reading"] == []
    assert lines[0]["tiles"] == [[1, 1]]
    assert len(lines[0]["cells"]) == 1


def test_a_view_of_everything_asks_to_come_nearer(client, visit):
    assert told(client, visit, [0, 0, 20 * TILE, 4 * TILE]) == [{"too_far": True}]
    assert visit.seen.tiles == []


def test_news_bring_back_what_was_seen(client, visit):
    told(client, visit, [600, 600, 900, 900])
    news = client.get(f"{PREFIX}/{visit.token}/news").json()
    assert news["tiles"] == [[1, 1]]
    assert len(news["cells"]) == 1
    assert news["next"] == [1, 1]
    assert client.get(f"{PREFIX}/{visit.token}/news?tiles=1&cells=1").json()["cells"] == []


def test_a_scan_sees_everything_and_can_be_stopped(client, visit, monkeypatch):
    assert client.post(f"{PREFIX}/{visit.token}/scan", json={"run": True}).status_code == 200
    for _ in range(200):
        news = client.get(f"{PREFIX}/{visit.token}/news").json()
        if not news["scan"]["runs"]:
            break
        time.sleep(0.02)
    assert news["scan"] == {"runs": False, "seen": 80, "of": 80}
    assert news["counts"]["blast"] == 79

    slow = visits.Visit(visit.slide)
    monkeypatch.setattr(Looker, "cells", lambda *_: time.sleep(0.05) or ())
    slow.scan(run=True)
    client.post(f"{PREFIX}/{slow.token}/scan", json={"run": False})
    slow._scan.join(timeout=5)
    assert not slow.scanning
    assert slow.seen.coverage < 1


def test_a_visitor_reaches_no_other_slide(client, visit):
    assert client.get(f"{PREFIX}/{'x' * 32}/news").status_code == 404
    assert client.post(f"{PREFIX}/guess/scan", json={"run": True}).status_code == 404
    other = visits.Visit(visit.slide)
    told(client, visit, [600, 600, 900, 900])
    assert client.get(f"{PREFIX}/{other.token}/news").json()["cells"] == []


def test_a_visit_goes_with_its_visitor(client, visit):
    token = visits.Visit(visit.slide).token
    gc.collect()
    assert client.get(f"{PREFIX}/{token}/news").status_code == 404


@pytest.mark.parametrize(
    "body", ['{"window": [0, 0, 1]}', '{"window": "all"}', '{"window": [0, 0, 1e400, 5]}', "[]", "no json", "x" * 5000]
)
def test_nonsense_is_refused(client, visit, body):
    answer = client.post(f"{PREFIX}/{visit.token}/look", content=body)
    assert answer.status_code == 400
    assert client.get(f"{PREFIX}/{visit.token}/news?tiles=-1").status_code == 400


def test_a_model_that_fails_is_said(client, visit, monkeypatch):
    def fail(*_):
        raise ModelError("The weights are missing. Install allcad again.")

    monkeypatch.setattr(Looker, "cells", fail)
    assert told(client, visit, [600, 600, 900, 900])[-1] == {
        "problem": "The weights are missing. Install allcad again."
    }
    visit.scan(run=True)
    visit._scan.join(timeout=5)
    assert "weights" in client.get(f"{PREFIX}/{visit.token}/news").json()["problem"]
