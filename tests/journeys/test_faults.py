"""What goes wrong between a browser and the dashboard: a camera refused, an upload cut off, a script in a name, no token."""

from __future__ import annotations

import io
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from allcad_core.synthesis import GeneratedField

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]
REFUSED = (
    "() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError')) }"
)


@pytest.fixture(scope="module")
def photograph(generated: GeneratedField) -> bytes:
    memory = io.BytesIO()
    Image.fromarray(generated.pixels[:240, :320]).save(memory, "PNG")
    return memory.getvalue()


@pytest.mark.slow
def test_a_refused_camera_is_told_and_the_film_is_offered(visitor: Visit):
    page = visitor("/live")
    start = page.get_by_role("button", name="Start the camera")
    start.wait_for()
    page.evaluate(REFUSED)
    start.click()
    page.get_by_text("The camera was refused. Allow it").wait_for()
    assert page.get_by_role("button", name="Play the generated film").is_enabled()


@pytest.mark.slow
def test_an_upload_that_is_cut_off_leaves_the_page_as_it_was_and_can_be_made_again(visitor: Visit, photograph: bytes):
    page = visitor("/analyse")
    page.locator("input[type=file]").first.wait_for(state="attached")
    page.route("**/_stcore/upload_file/**", lambda route: route.abort("connectionreset"))
    file = {"name": "cut.png", "mimeType": "image/png", "buffer": photograph}
    page.locator("input[type=file]").first.set_input_files([file])  # type: ignore[list-item]
    page.locator("[data-testid=stFileUploader]").get_by_text("rror").first.wait_for()
    assert page.get_by_role("heading", level=1, name="blast").count() == 0
    page.unroute("**/_stcore/upload_file/**")
    whole = file | {"name": "whole.png"}
    page.locator("input[type=file]").first.set_input_files([whole])  # type: ignore[list-item]
    page.get_by_text("whole.png").first.wait_for()
    page.get_by_text("analysed in").wait_for()


@pytest.mark.slow
def test_a_script_in_the_name_of_a_file_is_shown_as_text(visitor: Visit, photograph: bytes):
    name = "<img src=x onerror=document.title='caught'><b>x<_b>.png"
    page = visitor("/analyse")
    page.locator("input[type=file]").first.set_input_files(
        [
            {"name": name, "mimeType": "image/png", "buffer": photograph},
            {"name": f"broken {name}", "mimeType": "image/png", "buffer": b"words"},
        ]
    )
    page.get_by_text("analysed in").wait_for()
    assert page.get_by_text("<img src=x onerror").count() > 0
    assert page.locator("img[src=x]").count() == 0
    assert "caught" not in page.title()


def test_an_upload_without_the_page_of_this_server_is_refused(server: str):
    asked = urllib.request.Request(  # noqa: S310  our own server
        f"{server}/_stcore/upload_file/somebody/some-file", data=b"--a\r\n\r\n--a--", method="PUT",
        headers={"Content-Type": "multipart/form-data; boundary=a", "Origin": "http://elsewhere.example"},
    )  # fmt: skip
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked, timeout=30)  # noqa: S310
    refused.value.close()
    assert refused.value.code == 403


def test_a_request_that_stops_in_the_middle_leaves_the_server_answering(server: str):
    host, port = server.removeprefix("http://").split(":")
    for _ in range(20):
        with socket.create_connection((host, int(port)), timeout=10) as line:
            line.sendall(
                b"PUT /_stcore/upload_file/a/b HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 5000
            )
    with urllib.request.urlopen(f"{server}/_stcore/health", timeout=30) as answer:  # noqa: S310
        assert answer.status == 200


def test_the_server_is_not_there_for_other_machines(server: str):
    import psutil

    port = int(server.rsplit(":", 1)[1])
    listening = {
        one.laddr.ip for one in psutil.net_connections("tcp") if one.status == "LISTEN" and one.laddr.port == port
    }
    assert listening == {"127.0.0.1"}
    assert (Path(__file__).parents[2] / "Makefile").read_text().count("--server.address 127.0.0.1") == 1
