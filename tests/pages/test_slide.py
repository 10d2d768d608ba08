"""Slide: empty, made, failed, opened; the viewer itself is driven by a journey."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from allcad_core.slides import SlideError
from allcad_core.ui.slide import page, visits
from tests.slides.conftest import ArraySlide

Visit = Callable[..., AppTest]
Words = Callable[[AppTest], str]


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slides are there at once, and nothing is measured."""
    slide = ArraySlide(np.full((600, 900, 3), 200, np.uint8))
    slide.um_per_px = 0.11

    def made(_seed, size, progress):
        progress("Painting the slide", 1, 2)
        slide.width = size[0]
        return slide

    monkeypatch.setattr(page, "generated_slide", made)
    monkeypatch.setattr(visits.Visit, "prepare", lambda _: None)
    monkeypatch.delenv(page.VARIABLE, raising=False)


def button(visitor: AppTest, words: str):
    return next(one for one in visitor.button if words in one.label)


def test_without_a_slide_the_page_offers_the_ways_to_one(visit: Visit, text: Words):
    visitor = visit("slide")
    assert not visitor.exception
    assert visitor.title[0].value == "No slide yet."
    assert "SVS" in text(visitor)
    assert len(visitor.button) == 2
    assert len(visitor.file_uploader) == 1


def test_a_generated_slide_opens_with_its_name_size_and_exports(visit: Visit, text: Words):
    visitor = button(visit("slide"), "20,000").click().run()
    assert not visitor.exception
    assert visitor.title[0].value == "Slide"
    assert "20000" in text(visitor)
    assert [one.label for one in visitor.download_button] == [
        "Everything (JSON)", "Outlines (QuPath)", "Table of cells (CSV)",
    ]  # fmt: skip


def test_another_model_sees_anew_and_the_first_is_not_forgotten(visit: Visit):
    visitor = button(visit("slide"), "20,000").click().run()
    first = next(reversed(visitor.session_state["slide-visits"].values()))
    visitor.selectbox[0].set_value("regions").run()
    second = next(reversed(visitor.session_state["slide-visits"].values()))
    assert second is not first
    assert second.looker.look.name == "regions"
    visitor.selectbox[0].set_value("quick").run()
    assert next(reversed(visitor.session_state["slide-visits"].values())) is first


def test_a_slide_that_cannot_be_made_leaves_a_sentence(visit: Visit, text: Words, monkeypatch: pytest.MonkeyPatch):
    def full(*_, **__):
        raise SlideError("The disk is full. Free some space.")

    monkeypatch.setattr(page, "generated_slide", full)
    visitor = button(visit("slide"), "20,000").click().run()
    assert not visitor.exception
    assert visitor.title[0].value == "No slide yet."
    assert "The disk is full." in text(visitor)


def test_the_servers_own_folder_is_offered_where_it_is_named(
    visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "scan.svs").touch()
    (folder / "notes.txt").touch()
    monkeypatch.setenv(page.VARIABLE, str(folder))
    visitor = visit("slide")
    assert visitor.selectbox[0].options == ["scan.svs"]
    visitor.selectbox[0].set_value("scan.svs").run()
    assert not visitor.exception
    assert visitor.selectbox[0].value is None  # not opened again and again


def test_an_address_opens_its_slide_with_its_model_and_is_written_as_it_is_shown(visit: Visit):
    visitor = visit("slide", sample="small", model="regions")
    assert not visitor.exception
    assert visitor.title[0].value == "Slide"
    shown = next(reversed(visitor.session_state["slide-visits"].values()))
    assert (shown.slide.width, shown.looker.look.name) == (4000, "regions")
    visitor.selectbox[0].set_value("quick").run()
    assert {name: visitor.query_params[name] for name in ("sample", "model")} == {"sample": "small", "model": "quick"}


@pytest.mark.parametrize("asked", [{"sample": "nothing"}, {"sample": "small", "model": "nothing"}])
def test_an_address_that_names_nothing_known_leaves_a_sentence(visit: Visit, text: Words, asked: dict[str, str]):
    visitor = visit("slide", **asked)
    assert not visitor.exception
    assert visitor.title[0].value == "No slide yet."
    assert "called &#x27;nothing&#x27;" in text(visitor)


def test_a_model_in_the_address_looks_at_the_slide_that_is_open(visit: Visit):
    visitor = button(visit("slide"), "4,000").click().run()
    visitor.query_params["model"] = "regions"
    visitor.run()
    assert visitor.selectbox[0].value == "regions"
