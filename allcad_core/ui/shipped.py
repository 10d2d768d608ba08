"""Scripts and fonts that Streamlit ships, sent from memory and asked for at once: what the first line of a page waits for.

A browser that opens a page for the first time asks for some sixty small scripts, and, once it knows what the page shows, for
a dozen more. Streamlit opens each file anew in a thread, which costs the server more than all the rest of a page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

AT_ONCE = ("Html", "BidiComponent", "Button", "ButtonGroup", "PageLink", "FileUploader")
"""Parts of the first screenful of nearly every page; without this, the browser learns only from the page that it needs them."""
OF_A_PAGE = {
    "analyse": ("Slider", "Selectbox"),
    "segmentation_lab": ("Slider", "NumberInput"),
    "compare": ("Selectbox", "Slider"),
    "confusion_explorer": ("Selectbox", "Slider"),
    "batch": ("Selectbox", "TextArea", "TextInput", "NumberInput"),
}
"""Further parts of a page, by the last part of its address. Until one is there, a grey stand-in of another height is shown."""
FONTS = ("SourceSerifVariable-Roman", "MaterialSymbols-Rounded")
"""Of headlines and icons. Where they come late, text is drawn twice, and what stands beside it moves."""
LARGEST = 2_000_000
"""Bytes of a file that is kept; what is larger goes its old way."""
KINDS = {".js": "application/javascript", ".css": "text/css; charset=utf-8", ".woff2": "font/woff2"}
FOREVER = b"public, immutable, max-age=31536000"
"""Names carry a hash of what is in the file, so that it never changes under its name."""
NEEDS = re.compile(r"""(?:from|import)["'`]\./([A-Za-z0-9_.-]+\.js)["'`]""")
"""What a script imports before it runs."""


class Shipped:
    """Middleware that answers for Streamlit's own scripts, styles and fonts; all else passes as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.kept: dict[str, bytes] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        path = _known().get(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        if path is None or any(name in (b"range", b"if-none-match") for name, _ in scope["headers"]):
            await self.app(scope, receive, send)
            return
        content = self.kept.get(scope["path"])
        if content is None:
            from starlette.concurrency import run_in_threadpool

            content = self.kept[scope["path"]] = await run_in_threadpool(path.read_bytes)
        headers = [
            (b"content-type", KINDS[path.suffix].encode()),
            (b"content-length", str(len(content)).encode()),
            (b"cache-control", FOREVER),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})


@cache
def links(page: str = "") -> str:
    """Lines for a page's head by which the browser asks for scripts and fonts before the page names them.

    Args:
        page: last part of its address.
    """
    fonts = (
        f'<link rel="preload" href="./static/media/{path.name}" as="font" type="font/woff2" crossorigin>'
        for stem in FONTS
        for path in sorted((_folder() / "media").glob(f"{stem}.*woff2"))
    )
    scripts = (
        f'<link rel="modulepreload" crossorigin href="./static/js/{name}">'
        for name in needed((*AT_ONCE, *OF_A_PAGE.get(page, ())))
    )
    return "".join([*scripts, *fonts])


def needed(parts: Iterable[str]) -> list[str]:
    """Names of the scripts of these parts, and of all that they import, without what any page fetches anyway."""
    folder = _folder() / "js"
    page = (_folder().parent / "index.html").read_text("utf-8")
    waiting = [path.name for part in parts for path in sorted(folder.glob(f"{part}.*.js"))]
    found: dict[str, None] = {}
    while waiting:
        name = waiting.pop(0)
        if name in found or name in page or not (folder / name).is_file():
            continue
        found[name] = None
        waiting += NEEDS.findall((folder / name).read_text("utf-8"))
    return list(found)


def _folder() -> Path:
    import streamlit

    return Path(streamlit.__file__).parent / "static" / "static"


@cache
def _known() -> dict[str, Path]:
    """Files that are answered for, by the path under which a browser asks; only these names, so no path leads elsewhere."""
    from streamlit import config

    base = str(config.get_option("server.baseUrlPath") or "").strip("/")
    start = f"/{base}/static" if base else "/static"
    return {
        f"{start}/{path.parent.name}/{path.name}": path
        for path in _folder().glob("*/*")
        if path.suffix in KINDS and path.stat().st_size <= LARGEST
    }
