"""What several journeys do or read on a page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

QUIET = "[data-testid=stApp][data-test-script-state=notRunning]"
"""The page while no script runs."""


def rest(page: Page) -> None:
    """Wait until no script runs."""
    page.locator(QUIET).wait_for()


def pill_counts(page: Page) -> dict[str, int]:
    """How many blasts and healthy cells the page says there are."""
    pills = page.locator("[data-testid=stButtonGroup] button")
    pills.filter(has_text="Healthy").first.wait_for()  # they come after the verdict
    words = " ".join(pills.all_inner_texts())
    return {name.lower(): int(count) for name, count in re.findall(r"(Blast|Healthy) (\d+)", words)}


def download(page: Page, button: str) -> bytes:
    """Press a download button; gives the content of its file."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name=button).click()
    return Path(waiting.value.path()).read_bytes()
