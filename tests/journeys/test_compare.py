"""A journey through Compare models: the sentence, the table, one smear through all models, and a worse photograph of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]
ANSWERED_MS = 240_000
"""Milliseconds within which every model must have answered on a busy machine whose models sleep."""


def test_two_models_are_compared_and_one_smear_goes_through_all(visitor: Visit):
    page = visitor("/compare?task=detect&a=regions&b=yolo11n&sample=few-cells")
    page.get_by_role("heading", name=re.compile("better of the two|No difference between")).wait_for()
    page.get_by_text(re.compile(r"finds and names \d+ of \d+ white cells")).wait_for()

    rows = page.locator("tbody tr[data-model]")
    rows.first.wait_for()
    assert page.locator("tr[aria-selected=true]").count() == 2
    page.locator("th button", has_text="MB").click()
    sizes = [float(text) for text in page.locator("tbody td:nth-child(6)").all_inner_texts() if text[:1].isdigit()]
    assert sizes == sorted(sizes)
    other = page.locator("tr[data-model^='regions-']:not([aria-selected=true])").first
    named = other.get_attribute("data-model")
    other.click()
    page.wait_for_url(re.compile(f"b={named}"))

    page.locator(".board[data-image]").wait_for()
    page.locator(".board[data-pending=no]").wait_for(timeout=ANSWERED_MS)
    page.get_by_text(re.compile(r"All \d+ models agree|The models disagree on")).wait_for()
    before = page.locator(".board").get_attribute("data-image")
    slider = page.get_by_role("slider", name="Blur")
    slider.focus()
    slider.press("ArrowRight")
    page.locator(f".board:not([data-image='{before}'])").wait_for()
    page.wait_for_url(re.compile("blur=0.5"))
    page.locator(".board[data-pending=no]").wait_for(timeout=ANSWERED_MS)
    page.get_by_text(re.compile("With blur 0.5 px:")).wait_for()

    page.get_by_role("button", name="Zoom in").click()
    assert page.locator(".board.zoomed").count() == 1
    page.get_by_role("button", name="Analyse", exact=True).click()
    page.locator(".viewer[data-open]").first.wait_for()
    assert "few-cells" in page.url


def test_a_model_leads_to_what_it_gets_wrong(visitor: Visit):
    page = visitor("/compare?task=cell&a=best_cell&b=lightweight")
    page.get_by_role("button", name="What best_cell gets wrong").click()
    page.get_by_role("heading", name=re.compile("best_cell calls .* right")).wait_for()
    assert "task=cell" in page.url
    assert "model=best_cell" in page.url
