"""The first visit in a real browser: shown, driven by keys, skipped, remembered, and begun again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.journeys.steps import rest

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]


def at(page: Page, number: int) -> None:
    page.get_by_text(f"A look around, {number} of 4").wait_for()
    rest(page)


def test_the_tour_leads_over_three_pages_and_is_not_shown_twice(visitor: Visit):
    page = visitor("/", tour=True, reduced_motion="reduce")
    at(page, 1)
    ring, bring = page.locator(".ring").bounding_box(), page.locator(".st-key-home-bring").bounding_box()
    assert ring is not None
    assert bring is not None
    assert ring["x"] < bring["x"]
    assert ring["width"] > bring["width"]
    page.get_by_role("button", name="See an answer").click()
    page.wait_for_url("**/analyse?sample=*")
    at(page, 2)
    page.wait_for_function("document.activeElement?.shadowRoot?.activeElement?.dataset.act === 'on'")
    page.keyboard.press("Enter")  # the way on has the focus
    at(page, 3)
    page.get_by_role("button", name="Which model?").click()
    page.wait_for_url("**/compare?*")
    at(page, 4)
    page.get_by_role("button", name="Done").click()
    page.locator(".tour").wait_for(state="hidden")
    page.goto(page.url.partition("/compare")[0])
    page.locator(".viewer[data-open]").first.wait_for()
    assert page.locator(".tour:visible").count() == 0


def test_a_phone_shows_the_tour_and_escape_ends_it_until_asked_for_again(visitor: Visit):
    page = visitor("/", phone=True, tour=True)
    at(page, 1)
    card = page.locator(".tour").bounding_box()
    assert card is not None
    assert card["x"] >= 0
    assert card["x"] + card["width"] <= 390
    assert card["y"] + card["height"] <= 844
    page.keyboard.press("Escape")
    page.locator(".tour").wait_for(state="hidden")
    page.get_by_role("button", name="Show me around").click()
    at(page, 1)
