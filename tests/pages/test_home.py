"""Home: what it is, a live example, and ways on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streamlit.testing.v1 import AppTest

Visit = Callable[..., AppTest]
Words = Callable[[AppTest], str]
File = Callable[[int], bytes]


def test_the_first_screen_says_what_it_is_and_where_its_limits_are(visit: Visit, text: Words):
    visitor = visit()
    assert not visitor.exception
    words = text(visitor)
    assert "<h1" in words
    assert "Find the blasts in a blood smear." in words
    assert "For research and teaching. Not a medical device." in words
    assert "generated here" in words


def test_the_example_counts_with_its_interval(visit: Visit, text: Words):
    assert "<b>3 of 5</b> white cells look like blasts: <b>60\u00a0%</b> (23\N{EN DASH}88)" in text(visit())


def test_the_example_shows_photograph_mask_and_boxes(visit: Visit):
    visitor = visit()
    views = visitor.get("button_group")[0]
    assert views.options == ["Photograph", "Mask", "Boxes"]
    for view in views.options:
        visitor.get("button_group")[0].set_value(view).run()
        assert not visitor.exception


def test_every_door_leads_to_a_page_that_exists(visit: Visit):
    links = [link.label for link in visit().get("page_link")]
    assert links[:3] == ["Analyse smear", "Compare models", "Confusion explorer"]
    further = {label.partition(":")[0] for label in links[3:]}
    assert further == {"Segmentation lab", "Slide", "Live camera", "Batch", "Stage", "Models and data"}


def test_the_example_is_computed_once_for_all_visitors(visit: Visit, house: Any):
    visit()
    visit()
    assert house.runs == [("first.png", "regions")]


def test_a_sample_is_one_press_away(visit: Visit):
    visitor = visit()
    next(button for button in visitor.button if button.label == "Try a sample").click().run()
    assert visitor.title[0].value == "3 of 5 white cells look like blasts."


def test_an_upload_goes_to_its_answer(visit: Visit, file: File):
    visitor = visit()
    visitor.file_uploader[0].set_value([("mine.png", file(1), "image/png")]).run()
    assert visitor.title[0].value == "3 of 5 white cells look like blasts."


def test_an_upload_that_cannot_be_read_is_told_where_it_was_tried(visit: Visit, text: Words):
    visitor = visit()
    visitor.file_uploader[0].set_value([("empty.png", b"", "image/png")]).run()
    assert not visitor.exception
    assert text(visitor).count("empty.png is empty.") == 1


def test_models_that_cannot_be_used_leave_the_page_standing(visit: Visit, house: Any, text: Words):
    house.break_down("The weight file is damaged. Restore it from the repository.")
    visitor = visit()
    assert not visitor.exception
    assert "The weight file is damaged." in text(visitor)
    assert "Find the blasts" in text(visitor)
