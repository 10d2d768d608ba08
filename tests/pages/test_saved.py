"""A saved review comes back with its photograph, and a camera brings one."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

Visit = Callable[..., AppTest]
Words = Callable[[AppTest], str]
File = Callable[[int], bytes]
FIRST = [14.0, 124.0, 66.0, 176.0]


def saved(content: bytes, *edits: dict[str, Any]) -> bytes:
    """What ``Everything (JSON)`` writes of a reviewed photograph, as far as a review goes."""
    return json.dumps([{"sha256": sha256(content).hexdigest(), "review": {"edits": list(edits)}}]).encode()


HEALTHY = {"kind": "relabel", "box": FIRST, "label": "healthy"}


def upload(visitor: AppTest, *files: tuple[str, bytes]) -> AppTest:
    visitor.file_uploader[0].set_value([(name, content, "application/octet-stream") for name, content in files])
    return visitor.run()


def test_a_review_comes_back_with_its_photograph(visit: Visit, file: File, text: Words):
    one = file(1)
    visitor = upload(visit("analyse"), ("analysis.json", saved(one, HEALTHY)), ("one.png", one))
    assert not visitor.exception
    assert visitor.title[0].value == "2 of 5 white cells look like blasts."
    assert "A saved review was taken over: 1 change." in text(visitor)
    visitor.button(key="undo").click().run()
    assert visitor.title[0].value == "3 of 5 white cells look like blasts."


def test_a_review_may_come_after_its_photograph(visit: Visit, file: File):
    visitor = upload(visit("analyse"), ("one.png", file(1)), ("two.png", file(2)))
    upload(visitor, ("analysis.json", saved(file(2), HEALTHY)))
    assert visitor.title[0].value == "2 of 5 white cells look like blasts."


def test_a_review_waits_for_its_photograph(visit: Visit, file: File, text: Words):
    visitor = upload(visit("analyse"), ("analysis.json", saved(file(1), HEALTHY)))
    assert "A review is of a photograph not brought yet." in text(visitor)
    upload(visitor, ("one.png", file(1)))
    assert visitor.title[0].value == "2 of 5 white cells look like blasts."


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"these are words", "analysis.json cannot be used as a review."),
        (b"\xff\xfe\x00", "It is not text."),
        (b"[]", "analysis.json holds no review"),
    ],
)
def test_a_file_that_is_no_review_says_so(visit: Visit, text: Words, content: bytes, says: str):
    visitor = upload(visit("analyse"), ("analysis.json", content))
    assert not visitor.exception
    assert says in text(visitor)


def test_a_review_that_does_not_fit_is_left_out(visit: Visit, file: File, text: Words):
    outside = {"kind": "add", "box": [9000, 10, 9050, 60], "label": "blast"}
    visitor = upload(visit("analyse"), ("one.png", file(1)), ("analysis.json", saved(file(1), outside)))
    visitor.run()
    assert not visitor.exception
    assert visitor.title[0].value == "3 of 5 white cells look like blasts."
    assert "The review of one.png was left out." in text(visitor)


def test_the_camera_is_asked_only_when_wanted_and_brings_a_smear(
    visit: Visit, file: File, monkeypatch: pytest.MonkeyPatch
):
    shots: list[BytesIO] = []
    monkeypatch.setattr(st, "camera_input", lambda *_, **__: shots.pop() if shots else None)
    visitor = visit("analyse")
    visitor.button(key="first-camera-button").click().run()
    assert visitor.button(key="first-camera-close")
    shots.append(BytesIO(file(5)))
    visitor.run()
    assert not visitor.exception
    assert visitor.title[0].value == "3 of 5 white cells look like blasts."
