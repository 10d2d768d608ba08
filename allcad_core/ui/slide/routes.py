"""What the browser asks for besides the page: tiles, looks at a view, news of a scan. Served beside Streamlit's own routes.

A visit's name is 32 random letters that only its own page knows, so that no visitor reaches another one's slide; no
cookie takes part, so that no foreign page can ask in somebody's name.
"""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from allcad_core.errors import AllcadError

if TYPE_CHECKING:
    from allcad_core.ui.slide.visits import Visit

PREFIX = "/allcad-slide"
LARGEST_QUESTION = 4096
"""Bytes of a question; what is longer is none of ours."""
GONE = "This slide is not open any more. Reload the page."


def prefix() -> str:
    """Where the routes begin, below the address at which the dashboard is served."""
    from streamlit import config

    base = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}{PREFIX}" if base else PREFIX


def routes() -> list[Route]:
    """The routes, for ``streamlit.App``."""
    start = f"{prefix()}/{{token}}"
    return [
        Route(f"{start}/tile/{{level:int}}/{{column:int}}_{{row:int}}.jpg", _tile),
        Route(f"{start}/look", _look, methods=["POST"]),
        Route(f"{start}/news", _news),
        Route(f"{start}/scan", _scan, methods=["POST"]),
    ]


def _visit(request: Request) -> Visit | None:
    from allcad_core.ui.slide.visits import visit_of

    return visit_of(request.path_params["token"])


def _sorry(sentence: str, status: int) -> Response:
    return JSONResponse({"problem": sentence}, status)


async def _tile(request: Request) -> Response:
    visit = _visit(request)
    if visit is None:
        return _sorry(GONE, 404)
    place = (request.path_params[name] for name in ("level", "column", "row"))
    try:
        jpeg = await run_in_threadpool(visit.slide.tile, *place)
    except AllcadError as error:
        return _sorry(str(error), 404)
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=86400, immutable"})


async def _look(request: Request) -> Response:
    visit, question = _visit(request), await _question(request)
    if visit is None:
        return _sorry(GONE, 404)
    window = question.get("window")
    if not isinstance(window, list) or len(window) != 4 or not all(_is_number(edge) for edge in window):
        return _sorry("A window is four numbers: x0, y0, x1, y1.", 400)
    x0, y0, x1, y1 = (int(edge) for edge in window)
    known = [int(question.get(name, 0)) if _is_number(question.get(name, 0)) else 0 for name in ("tiles", "cells")]
    tiles, cells = (max(0, number) for number in known)
    ahead = question.get("ahead") is True

    async def lines() -> AsyncIterator[str]:
        async for told in iterate_in_threadpool(visit.look((x0, y0, x1, y1), tiles, cells, ahead=ahead)):
            yield f"{json.dumps(told)}\n"
            if await request.is_disconnected():  # the visitor has moved on
                return

    # Compression would hold the first lines back until there is enough of them.
    headers = {"Cache-Control": "no-store", "Content-Encoding": "identity"}
    return StreamingResponse(lines(), media_type="application/x-ndjson", headers=headers)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and abs(value) < 1e9


async def _news(request: Request) -> Response:
    visit = _visit(request)
    if visit is None:
        return _sorry(GONE, 404)
    since = [request.query_params.get(name, "0") for name in ("tiles", "cells")]
    if not all(text.isascii() and text.isdigit() and len(text) < 10 for text in since):
        return _sorry("Tiles and cells are whole numbers.", 400)
    return JSONResponse(visit.news(*map(int, since)), headers={"Cache-Control": "no-store"})


async def _scan(request: Request) -> Response:
    visit, question = _visit(request), await _question(request)
    if visit is None:
        return _sorry(GONE, 404)
    visit.scan(run=question.get("run") is True)
    return JSONResponse({"runs": visit.scanning})


async def _question(request: Request) -> dict[str, Any]:
    """What was sent as JSON; nothing where it is none."""
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > LARGEST_QUESTION:
            return {}
    try:
        asked = json.loads(content)
    except ValueError:
        return {}
    return asked if isinstance(asked, dict) else {}
