"""Every page without a mouse and without eyes: Tab reaches all, one sees where it is, all has a name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from benchmarks.pages import MOST_SHIFTED
from tests.journeys import access
from tests.journeys.steps import rest

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]
COLD_MS = 240_000
"""Milliseconds within which a page must be complete on a busy machine whose models sleep."""
PAGES = {
    "home": ("/", ".viewer[data-open]", "Try a sample"),
    "analyse": ("/analyse?sample=few-cells", ".viewer[data-open]", "Add a cell: draw a box"),
    "nothing": ("/analyse", ".st-key-empty", "Use the camera"),
    "lab": ("/segmentation_lab?sample=few-cells", ".viewer[data-open]", "Threshold, grey level"),
    "compare": ("/compare?task=detect&sample=few-cells", ".board[data-pending=no]", "Model B"),
    "explorer": ("/confusion_explorer?task=detect&model=regions", ".curves figure", "My own data"),
    "models": ("/models", ".st-key-card-best_cell", "Look with regions"),
    "slide": ("/slide?sample=small", ".slide[data-looked]", "Scan"),
    "live": ("/live", ".st-key-live-camera button", "Play the generated film"),
    "batch": ("/batch", ".st-key-batch-workers input", "Try the samples"),
    "stage": ("/stage", ".stage[data-part]", "You or the model"),
}
"""A page: its address, what stands when it is complete, and a control that Tab must reach."""


OPENED: dict[str, tuple[str, str, str]] = {
    "export": ("/analyse?sample=few-cells", "Export", "Table of cells (CSV)"),
    "own data": ("/confusion_explorer?task=cell", "My own data", "Close"),
    "film": ("/live", "Play the generated film", "Freeze"),
    "scenes": ("/stage", "Show the scenes", "full screen"),
    "game": ("/stage", "You or the model", "Healthy"),
}
"""What a button opens: the page, the button, and a control in what it opens."""


def sound(page: Page, control: str) -> None:
    """Assert that all controls are reached, seen and named, the control among them, and that axe-core finds nothing."""
    stops = access.walk(page)
    assert [stop for stop in stops if not stop.name] == []
    assert [stop for stop in stops if not stop.shown] == []
    assert control in " / ".join(stop.name for stop in stops)
    assert access.broken_rules(page) == []
    assert access.doubled_ids(page) == []
    assert access.untold_pictures(page) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_reached_and_read_without_a_mouse(visitor: Visit, name: str):
    address, complete, control = PAGES[name]
    scheme = "dark" if list(PAGES).index(name) % 2 else "light"
    page = visitor(address, reduced_motion="reduce", color_scheme=scheme)
    page.locator(complete).first.wait_for(timeout=COLD_MS)
    page.wait_for_function("!document.querySelector('.stMain [data-testid=stSkeleton]')")
    page.get_by_text("Not a medical device.").last.wait_for()
    rest(page)
    assert page.locator("#al-first").is_hidden(), "what is shown before a page comes lies over it"
    assert page.evaluate("globalThis.shifted") <= MOST_SHIFTED, "the page moved by itself while it came"

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Skip to main content"
    sound(page, control)


@pytest.mark.parametrize("name", OPENED)
def test_what_a_button_opens_is_reached_and_read_without_a_mouse(visitor: Visit, name: str):
    address, button, control = OPENED[name]
    page = visitor(address, reduced_motion="reduce")
    page.get_by_role("button", name=button).wait_for(timeout=COLD_MS)
    page.get_by_text("Not a medical device.").last.wait_for()
    rest(page)
    page.get_by_role("button", name=button).focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name=control).first.wait_for(timeout=COLD_MS)
    rest(page)
    sound(page, control)
