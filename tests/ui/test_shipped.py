"""Streamlit's own scripts and fonts: answered from memory, and asked for in the page's head."""

from __future__ import annotations

import re

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from allcad_core.ui import shipped
from allcad_core.ui.shipped import Shipped


async def behind(request: Request) -> Response:
    return PlainTextResponse(f"behind: {request.method}")


@pytest.fixture
def client() -> TestClient:
    every = Route("/{path:path}", behind, methods=["GET", "POST"])
    return TestClient(Starlette(routes=[every], middleware=[Middleware(Shipped)]))


@pytest.fixture
def script() -> str:
    return f"/static/js/{shipped.needed(['Html'])[0]}"


def test_a_script_is_answered_as_it_lies_on_disk_and_may_be_kept(client: TestClient, script: str):
    for _ in range(2):  # read, and from memory
        answer = client.get(script)
        assert answer.content == (shipped._folder() / "js" / script.rsplit("/", 1)[1]).read_bytes()
        assert answer.headers["content-type"].startswith("application/javascript")
        assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("path", ["/", "/static/js/none.js", "/static/../../config.py", "/static/js/", "/analyse"])
def test_what_is_not_shipped_passes(client: TestClient, path: str):
    assert client.get(path).text == "behind: GET"


def test_parts_of_files_and_other_methods_pass(client: TestClient, script: str):
    assert client.get(script, headers={"range": "bytes=0-9"}).text == "behind: GET"
    assert client.get(script, headers={"if-none-match": '"x"'}).text == "behind: GET"
    assert client.post(script).text == "behind: POST"


def test_all_that_the_head_names_is_there(client: TestClient):
    named = re.findall(r'href="\./(static/[^"]+)"', shipped.links())
    assert len(named) == len(set(named)) > len(shipped.AT_ONCE)
    assert sum("media" in one for one in named) == len(shipped.FONTS)
    assert all(client.get(f"/{one}").headers["cache-control"].endswith("31536000") for one in named)


def test_a_part_brings_what_it_imports_and_nothing_twice():
    (alone, *rest), both = shipped.needed(["Html"]), shipped.needed(["Html", "Button", "Html"])
    assert alone.startswith("Html.")
    assert any(name.startswith("purify") for name in rest)
    assert len(both) == len(set(both))
    assert {alone, *rest} < set(both)


def test_a_part_that_streamlit_does_not_have_is_left_out():
    assert shipped.needed(["Nothing"]) == []
