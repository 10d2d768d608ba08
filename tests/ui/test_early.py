"""The style travels in the page itself; everything that is no page passes untouched."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from allcad_core.ui import shipped, theme, welcome
from allcad_core.ui.early import EarlyStyle

PAGE = f"<html><head><title>x</title></head><body>{'y' * 2000}</head></body></html>"
BROWSER = {"accept": "text/html,*/*", "accept-encoding": "gzip"}


async def page(_: Request) -> Response:
    return HTMLResponse(PAGE, headers={"etag": '"old"', "cache-control": "no-cache"})


async def text(_: Request) -> Response:
    return PlainTextResponse("</head>", headers={"etag": '"old"'})


@pytest.fixture
def client() -> TestClient:
    outside = [Middleware(EarlyStyle), Middleware(GZipMiddleware, minimum_size=10)]
    return TestClient(
        Starlette(routes=[Route("/", page), Route("/compare", page), Route("/text", text)], middleware=outside)
    )


def test_a_page_carries_the_style_in_its_head_once(client: TestClient) -> None:
    answer = client.get("/", headers=BROWSER)
    head, body = answer.text.split("<body>")
    assert head.endswith(f"<style>{theme.style()}</style><style>{welcome.style()}</style>{shipped.links()}</head>")
    assert body == welcome.block("") + PAGE.split("<body>")[1]
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert "etag" not in answer.headers
    assert answer.headers["cache-control"] == "no-cache"


def test_a_page_asks_at_once_for_what_it_shows(client: TestClient) -> None:
    plain, own = (client.get(path, headers=BROWSER).text for path in ("/", "/compare"))
    slider = next(name for name in shipped.needed(["Slider"]) if name.startswith("Slider."))
    assert slider in own
    assert slider not in plain


def test_a_page_says_its_name_before_any_script_and_an_unknown_one_nothing(client: TestClient) -> None:
    plain, own = (client.get(path, headers=BROWSER).text for path in ("/", "/compare"))
    assert "<p>Compare</p>" in own
    assert "<p>Home</p>" in plain
    assert "<p></p>" in welcome.block("<script>")
    assert "script" not in welcome.block("<script>") + welcome.block("compare")


def test_every_page_has_a_name_to_open_with() -> None:
    assert "Confusion explorer" in welcome.names().values()
    assert {name or "home" for name in welcome.names()} == {path.stem for path in welcome.PAGES.glob("*.py")}


def test_what_is_no_page_passes_as_it_is(client: TestClient) -> None:
    answer = client.get("/text", headers=BROWSER)
    assert (answer.text, answer.headers["etag"]) == ("</head>", '"old"')
    assert client.get("/", headers={"accept": "*/*"}).text == PAGE


def test_a_missing_page_stays_missing(client: TestClient) -> None:
    assert client.get("/none", headers=BROWSER).status_code == 404
