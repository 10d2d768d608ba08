"""A journey through Batch: begun, left, found again by its address in another window, taken along, removed."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]
DONE_MS = 400_000
"""Milliseconds within which the samples must be analysed, on a busy machine whose models sleep."""


@pytest.mark.slow
def test_a_run_goes_on_without_its_page_and_is_found_again(visitor: Visit):
    page = visitor("/batch")
    page.get_by_role("button", name="Try the samples").click()
    page.get_by_role("button", name="Stop the run").wait_for()
    page.wait_for_url(re.compile("run="))
    address = "/batch" + page.url.split("/batch")[1]
    page.close()

    again = visitor(address, phone=True)
    again.get_by_role("button", name="Report (HTML)").wait_for(timeout=DONE_MS)
    again.get_by_role("heading", name=re.compile(r"^\d+ fields were analysed; \d+ of \d+ white cells")).wait_for()
    assert again.locator("ul.al-fields img").count() > 0
    assert again.evaluate("document.documentElement.scrollWidth") <= 390
    with again.expect_download() as started:
        again.get_by_role("button", name="Summary (CSV)").click()
    with Path(started.value.path()).open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert rows
    assert {row["status"] for row in rows} == {"done"}
    assert all(row["file"].startswith("samples/") for row in rows)

    stranger = visitor("/batch")
    stranger.get_by_text("Your runs will stand here.").wait_for()
    again.get_by_role("button", name="Remove").click()
    again.get_by_role("heading", name="Many photographs, one run.").wait_for()
