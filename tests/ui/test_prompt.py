"""Answers leave at once, over a socket opened as Streamlit opens its own."""

from __future__ import annotations

import asyncio
import socket
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn

from allcad_core.ui.prompt import Prompt, at_once


async def told_by(app: Any) -> tuple[bytes, bytes]:
    """What a server says to one request, without and with the middleware."""
    found = []
    for one in (app, Prompt(app)):
        # asyncio would switch gathering off by itself if the protocol were named here.
        with socket.socket(family=socket.AF_INET) as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            server = uvicorn.Server(uvicorn.Config(one, lifespan="off", log_config=None))
            serving = asyncio.create_task(server._serve([listening]))  # without its handlers of signals
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            writer.write(b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
            found.append((await reader.read()).rsplit(b"\r\n\r\n", 1)[1])
            writer.close()
            await writer.wait_closed()
            server.should_exit = True
            await serving
    return found[0], found[1]


def test_a_connection_that_would_gather_small_pieces_does_so_no_more():
    async def app(scope: Any, receive: Any, send: Any) -> None:
        connection = receive.__self__.transport.get_extra_info("socket")
        gathers = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 0
        body = b"gathers" if gathers else b"at once"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"7")]})
        await send({"type": "http.response.body", "body": body})

    assert asyncio.run(told_by(app)) == (b"gathers", b"at once")


@pytest.mark.parametrize("receive", [None, lambda: None, "text"])
def test_a_server_that_hides_its_connections_is_left_alone(receive: object):
    assert at_once(receive) is False


def test_a_connection_that_is_gone_is_no_fault():
    closed = socket.socket()
    closed.close()

    class Cycle:
        transport = SimpleNamespace(get_extra_info=lambda _: closed)

        def receive(self) -> None: ...

    assert at_once(Cycle().receive) is False
