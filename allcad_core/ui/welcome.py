"""What a visitor sees before the dashboard's scripts have run: the mark and the page's name, at once and without a script."""

from __future__ import annotations

import html
from functools import cache
from pathlib import Path

from allcad_core.ui import theme

PAGES = Path(__file__).resolve().parents[2] / "pages"
STYLE = Path(__file__).with_name("welcome.css")


@cache
def names() -> dict[str, str]:
    """The pages' names in words by the last part of their address; the first page has none there."""
    found = {path.stem: path.stem.replace("_", " ").capitalize() for path in PAGES.glob("*.py")}
    return {**found, "": found.pop("home")}


@cache
def style() -> str:
    """The style of it, without its tags; it belongs behind ``theme.style``, whose colours it takes."""
    return STYLE.read_text("utf-8")


@cache
def block(page: str) -> str:
    """The first picture of a page, to be put before all else in its body.

    Args:
        page: last part of its address; one that is not known is shown without a name.
    """
    mark = (theme.ASSETS / "mark.svg").read_text("utf-8")
    mark = mark.replace(f'fill="{theme.LIGHT.violet}"', 'style="fill: var(--al-violet)"')
    mark = mark.replace(theme.LIGHT.ink, "currentColor")
    return f'<div id="al-first" role="status">{mark}<p>{html.escape(names().get(page, ""))}</p><i></i></div>'
