"""Live camera: what the page hands to the browser, and where a frozen frame goes."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from allcad_core.errors import AllcadError
from allcad_core.ui.live import page

Visit = Callable[..., AppTest]
Words = Callable[[AppTest], str]
File = Callable[[int], bytes]


@pytest.fixture
def film(monkeypatch: pytest.MonkeyPatch, file: File) -> None:
    """No smear is generated and no network loaded."""
    monkeypatch.setattr(page, "_film", lambda: file(0))
    monkeypatch.setattr(page, "_warm", lambda _: None)


@pytest.mark.usefixtures("film")
def test_the_browser_is_told_where_frames_go_and_what_stands_in_for_a_camera(visit: Visit, text: Words):
    visitor = visit("live")
    assert not visitor.exception
    (camera,) = visitor.get("bidi_component")
    data = json.loads(camera.proto.json)
    assert data["socket"].endswith("/allcad-live")
    assert "/media/" in data["film"]
    assert visitor.title[0].value == "Live camera"
    assert "a few cells a frame" in text(visitor)


@pytest.mark.usefixtures("film")
def test_a_frozen_frame_is_analysed_in_full(visit: Visit, file: File):
    visitor = visit("live")
    visitor.session_state["live-frozen"] = file(3)
    visitor.run()
    assert visitor.title[0].value == "3 of 5 white cells look like blasts."


@pytest.mark.usefixtures("film")
def test_a_frozen_frame_that_is_no_picture_is_told(visit: Visit, text: Words):
    visitor = visit("live")
    visitor.session_state["live-frozen"] = b"no picture"
    visitor.run()
    assert not visitor.exception
    assert "camera-frame.jpg is not a picture" in text(visitor)


def test_a_film_that_cannot_be_made_leaves_a_sentence(visit: Visit, text: Words, monkeypatch: pytest.MonkeyPatch):
    def refuse() -> bytes:
        raise AllcadError("The film could not be made. Try again.")

    monkeypatch.setattr(page, "_film", refuse)
    visitor = visit("live")
    assert not visitor.exception
    assert "The film could not be made." in text(visitor)
