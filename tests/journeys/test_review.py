"""A review in a real browser: by key, by drawing, taken back, and the same in the file that leaves allcad."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from allcad_core.intervals import wilson
from allcad_core.ui import words
from tests.journeys.steps import download, pill_counts, rest

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]


def verdict(page: Page) -> str:
    return page.locator("h1").inner_text()


def press(page: Page, key: str, says: str) -> None:
    """Press a key with no field in focus, and wait until the page has said what it did."""
    page.keyboard.press(key)
    page.locator(".al-said", has_text=re.compile(says)).wait_for()
    rest(page)


def draw(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag a box; corners as shares of the viewer."""
    page.get_by_role("button", name="Add a cell: draw a box").click()
    area = page.locator(".viewer").first.bounding_box()
    assert area is not None
    places = [(area["x"] + x * area["width"], area["y"] + y * area["height"]) for x, y in (start, end)]
    page.mouse.move(*places[0])
    page.mouse.down()
    page.mouse.move(*places[1], steps=4)
    page.mouse.up()


def test_cells_are_reviewed_by_key_and_the_file_says_what_the_screen_says(visitor: Visit):
    page = visitor("/")
    page.get_by_role("button", name="Try a sample").click()
    page.locator(".viewer[data-open]").first.wait_for()
    page.locator(".al-said").wait_for()
    page.locator(".cell:visible").first.wait_for()
    before, cells = verdict(page), page.locator(".cell:visible").count()
    press(page, "3", "is now cannot tell")
    assert verdict(page) != before
    assert page.locator('.cell.unsure:visible[aria-label*="reviewed by a person"]').count() == 1
    assert page.locator('.tile[aria-label*="reviewed by a person"]').count() == 1
    press(page, "u", "Taken back")
    assert verdict(page) == before

    press(page, "3", "is now cannot tell")
    draw(page, (0.02, 0.02), (0.09, 0.15))
    page.locator(".al-said", has_text="Box added").wait_for()
    press(page, "2", "is now healthy")
    page.get_by_text(f"2 of {cells + 1} cells reviewed by a person").wait_for()
    model = page.get_by_role("combobox", name="Model")
    model.focus()
    page.keyboard.press("Delete")  # a text field has the focus: nothing is deleted
    page.wait_for_timeout(500)
    assert page.locator(".cell:visible").count() == cells + 1
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Export").click()
    (analysis,) = json.loads(download(page, "Everything (JSON)"))
    blasts, total = map(int, re.findall(r"\d+", verdict(page))[:2])
    assert (analysis["counts"]["blast"], analysis["counts"]["blast"] + analysis["counts"]["healthy"]) == (blasts, total)
    assert analysis["counts"]["unsure"] == 1
    assert analysis["review"]["cells_reviewed"] == 2
    assert [change["kind"] for change in analysis["review"]["changes"]] == ["relabelled", "added"]
    assert analysis["review"]["changes"][1]["after"] == "healthy"


def share(page: Page) -> str:
    """The share of blasts with its interval, as it stands beside the verdict."""
    return page.locator(".al-share").inner_text().replace("\u00a0", " ")


def test_a_box_is_removed_and_another_placed_by_keys_and_what_is_counted_follows(visitor: Visit):
    from playwright.sync_api import expect

    page = visitor("/analyse?sample=blasts-and-healthy-cells")
    page.locator(".viewer[data-open]").first.wait_for()
    page.locator(".al-said").wait_for()
    page.locator(".cell:visible").first.wait_for()
    rest(page)
    before = pill_counts(page)
    blasts, healthy, shown = before["blast"], before["healthy"], share(page)
    assert page.locator(".cell.chosen.blast").count() == 1

    press(page, "Delete", "deleted")
    assert pill_counts(page) == {"blast": blasts - 1, "healthy": healthy}
    expect(page.locator(".cell:visible")).to_have_count(blasts + healthy - 1)
    expect(page.locator(".tile")).to_have_count(blasts + healthy - 1)
    counted = wilson(blasts - 1, blasts + healthy - 1)
    assert counted.value is not None
    assert f"{100 * counted.value:.0f} %" in share(page)
    assert f"({words.interval(counted)})" in share(page)
    assert verdict(page).startswith(f"{blasts - 1} of {blasts + healthy - 1} ")

    page.get_by_role("button", name="Undo").click()
    page.locator(".al-said", has_text="Taken back").wait_for()
    rest(page)
    assert pill_counts(page) == before
    assert share(page) == shown
    expect(page.locator(".cell:visible")).to_have_count(blasts + healthy)

    page.get_by_role("button", name="Add a cell: draw a box").focus()
    page.keyboard.press("Enter")
    for key in ("ArrowUp", "ArrowUp", "ArrowLeft", "Shift+ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.locator(".al-said", has_text="Box added").wait_for()
    rest(page)
    expect(page.locator(".cell:visible")).to_have_count(blasts + healthy + 1)
    expect(page.locator('.cell:visible[aria-label*="reviewed by a person"]')).to_have_count(1)
