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


LAID_OUT = """
const part = (name) => [...document.querySelectorAll("*")].map((one) => one.shadowRoot?.querySelector(name)).find(Boolean);
const lowest = Math.max(...[...part(".stage .body").querySelectorAll("*")].map((one) => one.getBoundingClientRect().bottom));
const stage = part(".stage");
return [part(".stage footer").getBoundingClientRect().top - lowest, stage.scrollWidth - stage.clientWidth, stage.scrollHeight - stage.clientHeight];
"""
"""Room between the lowest thing and the keys below it, and how far the stage scrolls sideways and down, in px."""


@pytest.mark.slow
@pytest.mark.parametrize("size", [(390, 844), (844, 390), (1280, 720)])
def test_the_keys_of_the_stage_never_lie_over_what_it_shows(visitor: Visit, size: tuple[int, int]):
    page = visitor("/stage")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.get_by_role("button", name="You or the model").click()
    page.get_by_role("heading", name="Blast or healthy?").wait_for()
    for _ in range(12):
        page.keyboard.press("h")
        page.get_by_text("The model said").wait_for()
        room, aside, down = page.evaluate(f"() => {{{LAID_OUT}}}")
        assert room >= 0
        assert aside == 0
        assert down == 0 or size[0] < 1024 or size[1] < 720
        page.keyboard.press("ArrowRight")
    page.get_by_text("You had right").wait_for()
    assert page.evaluate(f"() => {{{LAID_OUT}}}")[0] >= 0


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
