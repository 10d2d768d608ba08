"""The socket of the live page: frames are answered in order, foreign pages are turned away, nothing stays behind."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.websockets import WebSocketDisconnect

from allcad_core.errors import ModelError
from allcad_core.ui.live import looking, routes

OWN = {"origin": "http://localhost:8501", "host": "localhost:8501"}


class Socket:
    """A visitor's end of the socket."""

    def __init__(self, frames: list[bytes], headers: dict[str, str] | None = None) -> None:
        self.headers = OWN if headers is None else headers
        self.frames, self.told, self.code = list(frames), list[dict[str, Any]](), 0

    async def accept(self) -> None:
        """The server agrees."""

    async def receive_bytes(self) -> bytes:
        """The next frame, or the visitor has gone."""
        if not self.frames:
            raise WebSocketDisconnect
        return self.frames.pop(0)

    async def send_text(self, text: str) -> None:
        """An answer."""
        self.told.append(json.loads(text))

    async def close(self, code: int) -> None:
        """The server hangs up."""
        self.code = code


class Film:
    """Stands in for the network."""

    closed = 0

    def look(self, jpeg: bytes, at_s: float) -> dict[str, object]:
        """Answers with what it got."""
        if jpeg == b"broken":
            raise ModelError("The weight file is damaged.")
        return {"jpeg": jpeg.decode(), "at": at_s}

    def close(self) -> None:
        """Counts."""
        Film.closed += 1


def frame(number: float, at_ms: float, jpeg: bytes) -> bytes:
    return routes.HEAD.pack(number, at_ms) + jpeg


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Send frames and see what comes back."""
    monkeypatch.setattr(looking, "Film", Film)
    Film.closed = 0

    def go(frames: list[bytes], headers: dict[str, str] | None = None) -> Socket:
        socket = Socket(frames, headers)
        with ThreadPoolExecutor(1) as thread:  # an event loop may be running in this one
            thread.submit(asyncio.run, routes.frames(socket)).result()  # type: ignore[arg-type]
        return socket

    return go


def test_each_frame_is_answered_with_its_number(visit: Any):
    socket = visit([frame(1, 1500, b"one"), frame(2, 1600, b"two")])
    assert socket.told == [{"number": 1, "jpeg": "one", "at": 1.5}, {"number": 2, "jpeg": "two", "at": 1.6}]


def test_what_the_film_needed_is_let_go_when_the_visitor_leaves(visit: Any):
    visit([frame(1, 0, b"one")])
    assert Film.closed == 1


def test_a_model_that_fails_is_told_and_the_next_frame_is_answered(visit: Any):
    told = visit([frame(1, 0, b"broken"), frame(2, 100, b"two")]).told
    assert told[0]["trouble"] == "The weight file is damaged."
    assert told[1]["number"] == 2


@pytest.mark.parametrize(
    "headers", [{"origin": "https://elsewhere.example", "host": "localhost:8501"}, {}, {"host": "localhost:8501"}]
)
def test_a_foreign_page_is_turned_away(visit: Any, headers: dict[str, str]):
    socket = visit([frame(1, 0, b"one")], headers)
    assert (socket.code, socket.told) == (routes.FOREIGN, [])


def test_a_frame_that_is_too_large_ends_the_visit(visit: Any):
    socket = visit([bytes(routes.LARGEST + 17)])
    assert socket.code == routes.TOO_LARGE


@pytest.mark.parametrize("sent", [b"", b"short", bytes(16)])
def test_an_empty_frame_is_told(visit: Any, sent: bytes):
    assert "empty frame" in visit([sent]).told[0]["trouble"]


def test_the_socket_stands_below_the_address_of_the_dashboard(monkeypatch: pytest.MonkeyPatch):
    from streamlit import config

    monkeypatch.setattr(config, "get_option", lambda _: "lab/")
    assert routes.prefix() == "/lab/allcad-live"
