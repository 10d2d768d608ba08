"""Journeys of a visitor through the dashboard, in a real browser with the real models."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from tests.journeys.steps import download, pill_counts, rest

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]
LABELS = "nodes => nodes.map(node => node.getAttribute('aria-label'))"
LAST = 0.99
"""Where the slider of scores ends."""
FOOT = "For research and teaching. Not a medical device."


def answered(page: Page) -> str:
    """Wait for an answer with its picture; gives the verdict."""
    page.locator(".viewer[data-open]").first.wait_for()
    page.get_by_text("blast share, 95").wait_for()
    return page.locator("h1").inner_text()


def set_score(page: Page, presses: int) -> None:
    """Move the slider to the right by hundredths, and wait until the page has followed: its files name the slider's score."""
    slider = page.get_by_role("slider")
    slider.focus()
    for _ in range(presses):
        slider.press("ArrowRight")
    page.get_by_role("button", name="Export").click()
    page.get_by_text(f"score of {page.get_by_test_id('stSliderThumbValue').inner_text()} or more, as shown").wait_for()
    page.keyboard.press("Escape")
    rest(page)


def test_an_upload_its_slider_and_its_files_say_the_same(visitor: Visit, generated_file: Path):
    from playwright.sync_api import expect

    page = visitor("/analyse")
    page.locator("input[type=file]").first.set_input_files(generated_file)
    answered(page)
    before = pill_counts(page)
    assert sum(before.values()) > 0
    expect(page.locator(".cell:visible")).to_have_count(sum(before.values()))
    set_score(page, 20)
    counts = pill_counts(page)
    assert sum(counts.values()) <= sum(before.values())
    expect(page.locator(".cell:visible")).to_have_count(sum(counts.values()))

    page.get_by_role("button", name="Export").click()
    page.get_by_text("or more, as shown").wait_for()
    least = float(re.search(r"score of (\d\.\d\d)", page.get_by_text("or more, as shown").inner_text())[1])
    (analysis,) = json.loads(download(page, "Everything (JSON)"))
    assert analysis["schema_version"] == 1
    assert analysis["image"] == generated_file.name
    assert (analysis["width"], analysis["height"]) == (640, 480)
    assert {label: analysis["counts"][label] for label in counts} == counts
    assert all(cell["score"] >= least for cell in analysis["cells"])
    share = analysis["blast_fraction"]
    shown_share = page.locator(".al-share").inner_text().replace("\u00a0", " ")
    if share["value"] is not None:
        assert f"{100 * share['value']:.0f} %" in shown_share
        assert f"({100 * share['low']:.0f}\N{EN DASH}{100 * share['high']:.0f})" in shown_share
    rows = list(csv.DictReader(io.StringIO(download(page, "Table of cells (CSV)").decode("utf-8"))))
    assert len(rows) == sum(analysis["counts"].values())
    assert [row["label"] for row in rows].count("blast") == counts["blast"]
    with Image.open(io.BytesIO(download(page, "Annotated picture (PNG)"))) as picture:
        assert picture.format == "PNG"
        assert picture.width >= 640


def test_boxes_follow_the_score_before_the_server_has_heard_of_it(visitor: Visit):
    from playwright.sync_api import expect

    page = visitor("/analyse?sample=blasts-and-healthy-cells&model=yolo11n")
    answered(page)
    rest(page)
    scores = [float(told.rpartition("score ")[2].strip("<> ")) for told in page.locator(".cell").evaluate_all(LABELS)]
    page.evaluate("WebSocket.prototype.send = () => {}")  # what the visitor does reaches the server no more
    slider = page.get_by_role("slider")
    slider.focus()
    slider.press("Home")
    expect(page.locator(".cell:visible")).to_have_count(len(scores))
    slider.press("End")
    expect(page.locator(".cell:visible")).to_have_count(sum(score >= LAST for score in scores))
    assert sum(score >= LAST for score in scores) < len(scores)


def test_a_broken_file_among_good_ones_gives_one_message_and_one_result(
    visitor: Visit, generated_file: Path, tmp_path: Path
):
    broken = tmp_path / "notes.jpg"
    broken.write_text("These are words and no picture.")
    page = visitor("/")
    page.locator("input[type=file]").first.set_input_files([broken, generated_file])
    answered(page)
    message = page.get_by_text("notes.jpg is not a picture that allcad can read.")
    assert message.count() == 1
    assert page.get_by_role("alert").count() == 1
    assert page.get_by_text("The other file was read.").count() == 1
    assert page.locator(".viewer").count() == 1
    assert page.get_by_text(generated_file.name, exact=True).count() == 1


def test_one_button_on_home_shows_an_answer_on_a_sample(visitor: Visit):
    page = visitor("/")
    page.get_by_role("button", name="Try a sample").click()
    page.wait_for_url(re.compile(r"/analyse\?sample="))
    assert re.search(r"white cell|blast", answered(page))
    assert page.get_by_text("generated sample").count() == 1
    page.get_by_text(FOOT).first.wait_for()
    assert page.locator(".tile").count() == page.locator(".cell:visible").count()


def test_a_link_to_a_sample_opens_its_answer(visitor: Visit):
    page = visitor("/")
    page.get_by_role("button", name="Try a sample").click()
    page.wait_for_url(re.compile(r"/analyse\?sample="))
    verdict = answered(page)
    another = visitor(page.url.removeprefix(page.url.split("/analyse")[0]))
    assert answered(another) == verdict


def test_a_box_is_chosen_by_click_and_by_key_and_its_card_follows(visitor: Visit):
    page = visitor("/")
    page.get_by_role("button", name="Try a sample").click()
    answered(page)
    second = page.locator(".tile").nth(1)
    index = int(second.get_attribute("data-index"))
    second.click()
    page.get_by_role("heading", name=f"Cell {index + 1} of").wait_for()
    page.locator(f'.cell.chosen[data-index="{index}"]').wait_for()
    first = page.locator(".cell:visible").first
    first.focus()
    first.press("Enter")
    page.get_by_role("heading", name=f"Cell {int(first.get_attribute('data-index')) + 1} of").wait_for()
    assert page.locator(".cell.chosen").count() == 1


def test_the_picture_zooms_and_comes_back_whole(visitor: Visit):
    page = visitor("/")
    page.get_by_role("button", name="Try a sample").click()
    answered(page)
    frame = page.locator(".cell .outline rect").first
    frame.wait_for(state="attached")
    page.wait_for_function(_width_of_first_box() + " > 0")  # a box is there before it has its place
    width = float(frame.get_attribute("width"))
    page.get_by_role("button", name="Zoom in").click()
    page.wait_for_function("before => " + _width_of_first_box() + " > 1.3 * before", arg=width)
    page.get_by_role("button", name="Whole field").click()
    page.wait_for_function("before => " + _width_of_first_box() + " <= before + 1", arg=width)
    assert page.locator(".cell:visible").count() > 0


def _width_of_first_box() -> str:
    return (
        "Number([...document.querySelectorAll('*')].map(one => one.shadowRoot?.querySelector('.cell .outline rect'))"
        ".find(Boolean).getAttribute('width'))"
    )


def test_the_second_tab_shows_histogram_threshold_and_mask(visitor: Visit):
    page = visitor("/")
    page.get_by_role("button", name="Try a sample").click()
    answered(page)
    page.get_by_role("tab", name="Histogram and mask").click()
    page.get_by_text("Everything up to grey").wait_for()
    page.locator(".js-plotly-plot .barlayer").first.wait_for()
    assert page.locator(".viewer:visible .legend", has_text="nuclei").count() == 1


def test_two_visitors_do_not_see_each_other(visitor: Visit, generated_file: Path):
    mine = visitor("/analyse")
    mine.locator("input[type=file]").first.set_input_files(generated_file)
    answered(mine)
    other = visitor("/analyse")
    other.get_by_text("No smear yet.").wait_for()
    assert other.get_by_text(generated_file.name).count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_the_answer_without_scrolling_sideways(visitor: Visit, scheme: Any):
    page = visitor("/", phone=True, color_scheme=scheme)
    page.get_by_role("button", name="Try a sample").click()
    answered(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator(".viewer").first.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    page.get_by_text(FOOT).first.wait_for()
