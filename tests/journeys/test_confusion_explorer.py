"""A journey through the confusion explorer: from the answer over the slider to the things behind a number, and own data."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from allcad_core.synthesis import generate
from allcad_core.ui import media

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]
CELLS = 2
JUDGED_MS = 240_000
"""Milliseconds within which own pictures must be judged, on a busy machine whose models sleep."""
LINK = "/confusion_explorer?task=cell&model=svm&protocol=random4"


def headline(page: Page) -> str:
    return page.locator("h1").inner_text()


def counts(page: Page) -> list[int]:
    return [int(text) for text in page.locator(".matrix button b").all_inner_texts()]


def test_from_the_answer_to_what_lies_behind_a_number(visitor: Visit):
    page = visitor(LINK)
    page.get_by_role("heading", name=re.compile(r"svm calls .* right; it misses \d+ of 103 blasts")).wait_for()
    page.get_by_text("This split leaks: the figure is too good.").wait_for()
    page.locator("figure svg").first.wait_for()
    before, total = headline(page), sum(counts(page))

    slider = page.get_by_role("slider").first
    slider.press("End")
    page.get_by_role("heading", name="it misses 103 of 103 blasts").wait_for()
    page.wait_for_url(re.compile("threshold=1"))
    page.wait_for_function(f"() => {_all('.matrix button b')}[0].textContent === '0'")
    assert sum(counts(page)) == total == 216

    page.get_by_role("button", name="Back to each fold's own").click()
    page.get_by_role("heading", name=before).wait_for()

    page.locator("[data-place='1-1']").click()
    page.get_by_role("heading", name=re.compile(r"^\d+ blasts called blast")).wait_for()
    page.locator("[data-place='1-1']").press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=re.compile(r"^\d+ healthy cells? called blast")).wait_for()
    assert page.locator("[data-place='0-1']").get_attribute("aria-selected") == "true"

    page.reload()
    page.get_by_role("heading", name=before).wait_for()


@pytest.mark.slow
def test_own_labelled_pictures_get_the_same_views(visitor: Visit, tmp_path: Path):
    field = generate(7, (640, 480))
    archive = tmp_path / "mine.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for number, cell in enumerate(field.cells[:CELLS]):
            memory = io.BytesIO()
            Image.fromarray(media.crop(field.pixels, cell.box)).save(memory, "PNG")
            packed.writestr(
                f"mine/{'blast' if cell.label == 'blast' else 'healthy'}/cell{number}.png", memory.getvalue()
            )
        packed.writestr("mine/blast/broken.png", b"these are words")
    page = visitor(LINK, phone=True)
    page.locator(".matrix button").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="My own data").click()
    page.locator("[role=dialog] input[type=file]").set_input_files(archive)
    page.locator("[role=dialog]").get_by_text("mine.zip").wait_for()
    page.get_by_role("button", name="Evaluate").click()
    page.get_by_text("1 file could not be used.").wait_for(timeout=JUDGED_MS)
    page.wait_for_function(
        f"n => {_all('.matrix button b')}.reduce((sum, one) => sum + Number(one.textContent), 0) === n",
        arg=CELLS,
    )
    page.get_by_text("1 file could not be used.").click()
    page.get_by_text("broken.png").first.wait_for()
    page.get_by_role("button", name="Back to stored results").click()
    page.get_by_role("heading", name="svm calls").wait_for()


def _all(selector: str) -> str:
    return f"[...document.querySelectorAll('*')].flatMap(one => [...(one.shadowRoot?.querySelectorAll('{selector}') ?? [])])"
