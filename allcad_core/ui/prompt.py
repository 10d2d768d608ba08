"""Answers leave at once: without this, each waits up to 40 ms for the browser to acknowledge the piece before it.

The server writes the head of an answer and its body apart. A socket that gathers small pieces (Nagle's algorithm, RFC 896)
holds the second back until the first is acknowledged, which the browser puts off in turn (RFC 1122, 4.2.3.2). ``asyncio``
switches that off, but only for sockets whose protocol is named; Streamlit 1.67 opens its own without.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class Prompt:
    """Middleware that tells the connection of each request or socket to gather nothing. It goes before all others."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Set the connection once more, which costs microseconds, and pass the request on."""
        at_once(receive)
        await self.app(scope, receive, send)


def at_once(receive: object) -> bool:
    """Let the connection behind an ASGI ``receive`` send small pieces at once.

    Returns:
        Whether there was one that can; a test's client and a Unix socket have none, and servers may hide theirs.
    """
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    told = getattr(transport, "get_extra_info", None)
    connection = told("socket") if told else None
    if connection is None or connection.family not in (socket.AF_INET, socket.AF_INET6):
        return False
    with suppress(OSError):  # closed by the browser in this very moment
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return True
    return False
