"""What arrives late on a page finds its room kept, so that nothing moves; how much moves prints ``benchmarks.pages``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.journeys.steps import QUIET

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]
PATIENCE_MS = 180_000
"""For a first picture on a busy machine."""
APART = 8
"""Pixels by which a part may pass the room that is kept for it."""
KEPT = {
    "/": (".viewer[data-open]", ("home-top", "home-hero", "home-bring", "home-limits", "home-example")),
    "/models": ("[class*=st-key-card-]", ("models-limits",)),
    "/compare": (".ranking tbody tr", ("compare-head",)),
    "/confusion_explorer": (".matrix button", ("explorer-choice", "explorer-model", "explorer-threshold")),
    "/batch": (".st-key-batch-start", ("batch-model", "batch-sources-0", "batch-upload-0")),
}
"""What shows that a page is complete, and parts of its first screenful that arrive late."""
ROOMS = """parts => parts.map(part => {
    const found = document.querySelector(`.st-key-${part}`);
    return found && [part, parseFloat(getComputedStyle(found).minHeight), found.getBoundingClientRect().height];
})"""


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_each_part_that_arrives_late_fills_the_room_that_was_kept(visitor: Visit, *, phone: bool):
    page = visitor("/", phone=phone)
    address = page.url.rstrip("/")
    for path, (complete, parts) in KEPT.items():
        if path != "/":
            page.goto(address + path)
        page.locator(complete).first.wait_for(timeout=PATIENCE_MS)
        page.locator(QUIET).wait_for(timeout=PATIENCE_MS)
        page.wait_for_function("!document.querySelector('.stMain [data-testid=stSkeleton]')", timeout=PATIENCE_MS)
        for part, kept, filled in page.evaluate(ROOMS, list(parts)):
            assert kept > 0, (path, part)
            assert filled <= kept + APART, (path, part)
