"""A real server with the real core, and a real browser that may talk to it and to nobody else."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.pages import SHIFTS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

ROOT = Path(__file__).parents[2]
START_S = 90
"""Seconds until the server must answer."""
ANSWER_MS = 60_000
"""Milliseconds until a page must show what it was asked for; the first picture waits for the models."""
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every journey carries the mark ``browser``."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard that nobody visited yet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "server.log"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
        try:
            _wait(f"http://127.0.0.1:{port}/_stcore/health", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310, our own server
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"The dashboard did not start:\n{log.read_text('utf-8', 'replace')}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium of this machine; the journeys are skipped where there is none."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("No Chromium on this machine.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def visitor(server: str, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page as a new visitor. Fails when a page throws, or asks any host but the server."""
    contexts: list[Any] = []
    foreign: list[str] = []
    thrown: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith((server, server.replace("http", "ws"), "data:", "blob:")):
            foreign.append(request.url)

    def visit(path: str = "/", *, phone: bool = False, tour: bool = False, **options: Any) -> Page:
        size = {"width": 390, "height": 844} if phone else {"width": 1440, "height": 900}
        context = browser.new_context(viewport=size, is_mobile=phone, has_touch=phone, accept_downloads=True, **options)
        context.set_default_timeout(ANSWER_MS)
        context.on("request", note)
        if not tour:
            context.add_cookies([{"name": "allcad_tour", "value": "done", "url": server}])
        contexts.append(context)
        page = context.new_page()
        page.add_init_script(SHIFTS)
        page.on("pageerror", lambda error: thrown.append(str(error)))
        page.goto(server + path)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert foreign == []
    assert thrown == []
