"""A journey over a slide: brought, moved, scanned, taken along."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from allcad_core.synthesis import Scene, generate

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]


FIRST_MS = 300_000
"""Milliseconds for the first look, which waits until the networks are loaded; a busy machine takes a minute to."""


def looked(page: Page, but: str = "") -> None:
    """Wait until a look is over, another one than that of this number."""
    page.locator(f".slide[data-looked]:not([data-looked='{but}'])").wait_for(timeout=FIRST_MS)


@pytest.fixture(scope="module")
def photograph() -> bytes:
    """A generated field of 8 by 4 tiles, with many white cells; so wide that a view and what lies around it is not all."""
    field = generate(5, (3600, 1800), Scene(white_density=600, blast_fraction=0.5))
    memory = io.BytesIO()
    Image.fromarray(field.pixels).save(memory, "JPEG", quality=92)
    return memory.getvalue()


def test_a_slide_is_brought_moved_scanned_and_taken_along(visitor: Visit, photograph: bytes):
    page = visitor("/slide")
    page.locator("input[type=file]").first.set_input_files(
        {"name": "<b>own slide.jpg", "mimeType": "image/jpeg", "buffer": photograph}
    )
    page.locator(".slide[data-ready]").wait_for()
    looked(page)
    assert page.get_by_text("<b>own slide.jpg").count() == 1  # shown as text
    first = int(page.locator(".slide").get_attribute("data-cells") or 0)
    assert first > 0
    assert "white cells in view" in page.locator(".spoken").inner_text()

    before = page.locator(".slide").get_attribute("data-looked") or ""
    page.locator(".map").click(position={"x": 10, "y": 10})
    looked(page, before)

    page.locator(".go").click()
    page.locator(".slide[data-scan=done]").wait_for()
    page.locator(".covered", has_text="100").wait_for()
    total = int(page.locator(".n-blast").inner_text()) + int(page.locator(".n-healthy").inner_text())
    assert total >= first

    page.get_by_role("button", name="Export").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Everything (JSON)").click()
    taken = json.loads(Path(waiting.value.path()).read_text("utf-8"))
    assert taken["seen"]["share"] == 1
    assert taken["counts"]["blast"] + taken["counts"]["healthy"] == total
    assert taken["slide"]["width"] == 3600
