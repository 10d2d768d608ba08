"""Where the camera's frames arrive: one socket a visit beside Streamlit's own routes, one frame at a time on its way."""

from __future__ import annotations

import json
import struct
from typing import Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from allcad_core.errors import AllcadError

PREFIX = "/allcad-live"
HEAD = struct.Struct("<dd")
"""Before each JPEG: number of the frame, and when it was taken in milliseconds of the browser's clock."""
LARGEST = 4_000_000
"""Bytes of a frame."""
FOREIGN, TOO_LARGE = 4403, 4413
"""Codes with which the socket is closed."""


def prefix() -> str:
    """Where the socket is, below the address at which the dashboard is served."""
    from streamlit import config

    base = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}{PREFIX}" if base else PREFIX


def routes() -> list[BaseRoute]:
    """The route, for ``streamlit.App``."""
    return [WebSocketRoute(prefix(), frames)]


async def frames(socket: WebSocket) -> None:
    """Answer the frames of one visitor until the page is left. Nothing of them is kept."""
    await socket.accept()
    if not is_own(socket.headers.get("origin", ""), socket.headers.get("host", "")):
        await socket.close(FOREIGN)
        return
    from allcad_core.ui.live.looking import Film

    film = Film()
    try:
        while True:
            sent = await socket.receive_bytes()
            if len(sent) > LARGEST + HEAD.size:
                await socket.close(TOO_LARGE)
                return
            await socket.send_text(json.dumps(await run_in_threadpool(_answer, film, sent)))
    except (WebSocketDisconnect, KeyError):  # gone, or words where a frame belongs
        return
    finally:
        film.close()


def is_own(origin: str, host: str) -> bool:
    """Whether a page that this server gave out asks: others may not make the machine work.

    >>> is_own("http://localhost:8501", "localhost:8501"), is_own("https://elsewhere.example", "localhost:8501")
    (True, False)
    """
    return bool(host) and urlsplit(origin).netloc == host


def _answer(film: Any, sent: bytes) -> dict[str, object]:
    if len(sent) <= HEAD.size:
        return {"trouble": "The camera sent an empty frame. Start the camera again."}
    number, at_ms = HEAD.unpack_from(sent)
    try:
        return {"number": number, **film.look(sent[HEAD.size :], at_ms / 1000)}
    except AllcadError as error:
        return {"number": number, "trouble": str(error)}
