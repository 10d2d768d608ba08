"""Stage and live page in a real browser: keys, full screen, a film in place of a camera, a frozen frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]


@pytest.mark.slow
def test_the_stage_is_driven_by_keys(visitor: Visit):
    page = visitor("/stage")
    page.get_by_role("button", name="Show the scenes").click()
    page.keyboard.press("4")
    page.get_by_text("Two models").first.wait_for()
    page.keyboard.press("ArrowRight")
    page.get_by_text("cells never seen").wait_for()
    page.keyboard.press("d")
    page.locator(".stage.dark").wait_for()
    page.keyboard.press("Escape")
    page.locator(".stage[data-part=door]").wait_for()
    page.get_by_role("button", name="You or the model").click()
    page.get_by_role("heading", name="Blast or healthy?").wait_for()
    for _ in range(12):
        page.keyboard.press("b")
        page.get_by_text("The model said").wait_for()
        page.keyboard.press("ArrowRight")
    page.get_by_text("You had right").wait_for()
    assert page.locator(".strip .thumb.known").count() == 12


@pytest.mark.slow
def test_without_a_camera_the_film_plays_and_a_frozen_frame_is_analysed(visitor: Visit):
    page = visitor("/live")
    page.get_by_role("button", name="Start the camera").click()
    page.get_by_text("No camera was found").or_(page.get_by_text("The camera was refused")).wait_for()
    page.get_by_role("button", name="Play the generated film").click()
    page.locator("[data-figure=fps]", has_text=".").wait_for()
    page.locator(".boxes g").first.wait_for()
    page.get_by_role("button", name="Freeze").click()
    page.wait_for_url("**/analyse*")
    page.get_by_text("camera-frame.jpg").first.wait_for()
