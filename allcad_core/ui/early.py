"""Style in the page's head so that nothing moves, what to fetch at once, and a first picture before any script has run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allcad_core.ui import shipped, theme, welcome

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEAD_ENDS, BODY_STARTS = b"</head>", b"<body>"
OF_THE_UNCHANGED = {b"content-length", b"etag", b"last-modified"}
"""Headers that speak of the page as it was."""


class EarlyStyle:
    """Middleware that writes style, links and the first picture into each HTML page; all else passes as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass on one socket."""
        if scope["type"] != "http" or not _asks_for_html(scope):
            await self.app(scope, receive, send)
            return
        plain = [(name, value) for name, value in scope["headers"] if name.lower() != b"accept-encoding"]
        name = scope["path"].rstrip("/").rpartition("/")[2]
        name = name if name in welcome.names() else ""
        start: Message | None = None
        parts: list[bytes] = []

        async def written(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_html(message):
                start = message  # held back until its length is known
            elif start is None or message["type"] != "http.response.body":
                await send(message)
            else:
                parts.append(message.get("body", b""))
                if not message.get("more_body", False):
                    await _send_styled(start, b"".join(parts), name, send)

        await self.app({**scope, "headers": plain}, receive, written)


def _asks_for_html(scope: Scope) -> bool:
    return any(name.lower() == b"accept" and b"text/html" in value for name, value in scope["headers"])


def _is_html(message: Message) -> bool:
    kinds = [value for name, value in message["headers"] if name.lower() == b"content-type"]
    return message["status"] == 200 and any(kind.startswith(b"text/html") for kind in kinds)


async def _send_styled(start: Message, page: bytes, name: str, send: Send) -> None:
    head = f"<style>{theme.style()}</style><style>{welcome.style()}</style>{shipped.links(name)}".encode()
    page = page.replace(HEAD_ENDS, head + HEAD_ENDS, 1)
    page = page.replace(BODY_STARTS, BODY_STARTS + welcome.block(name).encode(), 1)
    headers = [(name, value) for name, value in start["headers"] if name.lower() not in OF_THE_UNCHANGED]
    await send({**start, "headers": [*headers, (b"content-length", str(len(page)).encode())]})
    await send({"type": "http.response.body", "body": page})
