"""Journeys through the segmentation lab: what is dragged, chosen and brought shows at once, and stays."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from allcad_core.segmentation import methods
from allcad_core.synthesis import generate

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]
LAB = "/segmentation_lab?sample=blasts-and-healthy-cells"
STEP_MS = 2000
"""Milliseconds within which the picture must follow the line on a busy machine; benchmarks.lab measures it at rest."""


def opened(page: Page) -> Page:
    """Wait until the step lies on the picture."""
    page.locator(".viewer[data-open][data-painted]").first.wait_for()
    return page


def resting(page: Page) -> None:
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def headline(page: Page) -> str:
    return page.locator("h1").inner_text()


def painted(page: Page) -> str:
    return page.locator(".viewer").first.get_attribute("data-painted") or ""


def test_the_line_is_dragged_and_the_mask_follows_before_the_server_knows(visitor: Visit):
    page = opened(visitor(LAB))
    page.get_by_text("Dice on this smear").wait_for()
    resting(page)
    rule = headline(page)
    level = int(re.search(r"grey (\d+)", rule)[1])
    tag = page.locator(".line .tag").bounding_box()
    assert tag is not None
    x, y = tag["x"] + tag["width"] / 2, tag["y"] + 60
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y, steps=4)
    page.wait_for_function(_painted_is_not(f"mask {level}"), timeout=STEP_MS)
    assert headline(page) == rule  # the hand is still on the line
    page.mouse.up()
    page.get_by_role("heading", name="at your threshold, grey").wait_for()
    own = int(re.search(r"grey (\d+)", headline(page))[1])
    assert own > level
    assert painted(page) == f"mask {own}"
    page.get_by_text(f"Your threshold, {own}").wait_for()
    page.get_by_role("button", name=f"Back to {level}").click()
    page.get_by_role("heading", name=rule).wait_for()


def test_the_line_is_moved_by_key_and_by_number(visitor: Visit):
    page = opened(visitor(LAB))
    resting(page)
    level = int(re.search(r"grey (\d+)", headline(page))[1])
    line = page.get_by_role("slider", name="Threshold, grey level")
    line.focus()
    for _ in range(3):
        line.press("ArrowRight")
    page.get_by_role("heading", name=f"at your threshold, grey {level + 3}").wait_for()
    resting(page)
    assert page.get_by_role("slider", name="Threshold, grey level").get_attribute("aria-valuenow") == str(level + 3)
    page.get_by_label("Threshold", exact=True).fill("70")
    page.get_by_role("heading", name="at your threshold, grey 70").wait_for()


def test_each_step_is_shown_with_its_sentence(visitor: Visit):
    page = opened(visitor(LAB))
    cards = page.locator(".card")
    assert cards.count() == 6
    told = set()
    for place, name in enumerate(["grey", "clusters", "mask", "cut", "regions", "truth"]):
        cards.nth(place).click()
        page.locator(f".viewer[data-stage={name}]").wait_for()
        assert cards.nth(place).get_attribute("aria-checked") == "true"
        told.add(page.locator(".sentence").inner_text())
    assert len(told) == 6
    cards.nth(5).press("ArrowLeft")
    page.locator(".viewer[data-stage=regions]").wait_for()


def test_another_method_is_painted_on_the_step_that_is_open(visitor: Visit):
    page = opened(visitor(LAB))
    resting(page)
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(error.message))
    page.locator(".card", has_text="Against the truth").click()
    page.locator(".viewer[data-stage=truth][data-painted]").wait_for()
    page.locator("[data-testid=stButtonGroup] button:has-text('Stain')").click()
    page.get_by_role("heading", name="found by the stain's colour").wait_for()
    page.locator(".viewer[data-painted='truth']").wait_for()
    assert broken == []


def test_the_opacity_acts_in_the_browser_and_is_kept(visitor: Visit):
    page = opened(visitor(LAB))
    slider = page.get_by_label("Opacity of the step over the photograph")
    slider.fill("20")
    assert page.locator(".layer").evaluate("node => node.style.opacity") == "0.2"
    page.reload()
    opened(page)
    assert page.locator(".layer").evaluate("node => node.style.opacity") == "0.2"


def test_a_row_frames_its_cell_and_a_cell_finds_its_row(visitor: Visit):
    page = opened(visitor(LAB))
    resting(page)
    rows = page.locator("tbody tr")
    rows.nth(2).click()
    page.locator(".cell.chosen[data-index='2']").wait_for()
    rows.nth(2).press("ArrowDown")
    page.locator(".cell.chosen[data-index='3']").wait_for()
    assert page.locator(".cell.chosen").count() == 1
    page.locator(".cell[data-index='6']").focus()
    page.locator(".cell[data-index='6']").press("Enter")
    assert page.locator("tbody tr[aria-selected=true]").get_attribute("data-index") == "6"


def test_the_table_sorts_both_ways_and_keeps_the_choice(visitor: Visit):
    page = opened(visitor(LAB))
    resting(page)
    page.locator("tbody tr").nth(2).click()
    button = page.get_by_role("columnheader", name="Nucleus").get_by_role("button")

    def areas() -> list[float]:
        return [float(text.replace(",", "")) for text in page.locator("tbody td:nth-child(2)").all_inner_texts()]

    button.click()
    assert areas() == sorted(areas())
    button.click()
    assert areas() == sorted(areas(), reverse=True)
    assert page.locator("tbody tr[aria-selected=true]").get_attribute("data-index") == "2"


def test_linked_viewers_move_as_one(visitor: Visit):
    page = visitor(f"{LAB}&method=side-by-side")
    page.get_by_text("Every method on this smear").wait_for()
    page.wait_for_function(f"() => {_all('.viewer[data-painted]')}.length === 3")
    before = page.locator(".scale").all_inner_texts()
    assert len(set(before)) == 1
    page.get_by_role("button", name="Zoom in").first.click()
    page.get_by_role("button", name="Zoom in").first.click()
    page.get_by_role("button", name="Zoom in").first.click()
    page.wait_for_timeout(900)
    after = page.locator(".scale").all_inner_texts()
    assert len(set(after)) == 1
    assert after != before
    for name in ("both", "only Paper's threshold", "only Stain"):
        assert page.locator(".legend", has_text=name).count() == 1


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A generated field as a photograph without a name that allcad knows, and its true mask."""
    folder = tmp_path_factory.mktemp("pair")
    field = generate(11, (640, 480))
    Image.fromarray(field.pixels).save(folder / "field.png")
    plane = np.where(field.nuclei > 0, 255, np.where(field.bodies > 0, 128, 0)).astype(np.uint8)
    Image.fromarray(plane).save(folder / "true.png")
    return folder / "field.png", folder / "true.png"


def test_a_mask_that_the_visitor_brings_scores_the_methods(visitor: Visit, pair: tuple[Path, Path], tmp_path: Path):
    photograph, true = pair
    page = visitor("/segmentation_lab")
    page.locator("input[type=file]").first.set_input_files(photograph)
    opened(page)
    resting(page)
    assert page.get_by_text("really there").count() == 0
    page.get_by_role("button", name="True mask").click()
    upload = page.locator("[data-testid=stPopoverBody] input[type=file]")
    wrong = tmp_path / "wrong.png"
    Image.new("L", (320, 240)).save(wrong)
    upload.set_input_files(wrong)
    page.get_by_text("wrong.png measures 320 \u00d7 240 px, the smear 640 \u00d7 480 px.").wait_for()
    resting(page)
    upload.set_input_files(true)
    page.get_by_text(re.compile("really there")).wait_for()
    page.keyboard.press("Escape")
    page.locator(".card", has_text="Against the truth").click()
    page.locator(".viewer[data-painted^=truth]").wait_for()
    assert page.locator(".legend span").all_inner_texts() == ["found", "too much", "missed"]
    assert page.locator(".al-dice .al-track").count() == len(methods())


def test_what_is_shown_can_be_taken_along(visitor: Visit):
    page = opened(visitor(LAB))
    resting(page)
    rows = page.locator("tbody tr").count()
    page.get_by_role("button", name="Export").click()

    def file(button: str) -> bytes:
        with page.expect_download() as waiting:
            page.get_by_role("button", name=button).click()
        return Path(waiting.value.path()).read_bytes()

    table = file("Table of regions").decode("utf-8").strip().splitlines()
    assert len(table) == rows + 1
    with Image.open(io.BytesIO(file("Mask of nuclei"))) as mask:
        assert mask.size == (1280, 960)
        assert set(np.unique(np.asarray(mask))) == {0, 255}


def test_the_smear_goes_from_analyse_to_the_lab_and_what_was_set_is_there_on_return(visitor: Visit):
    page = visitor("/analyse?sample=few-cells")
    page.get_by_text("blast share, 95").wait_for()
    page.get_by_role("button", name="Segmentation lab").click()
    page.wait_for_url(re.compile(r"/segmentation_lab\?sample=few-cells&method="))
    opened(page)
    page.locator(".card", has_text="Regions").click()
    page.get_by_role("button", name="Mended rule").or_(page.get_by_role("radio", name="Mended rule")).click()
    page.get_by_role("heading", name="found by the mended rule").wait_for()
    page.get_by_role("link", name="Models and data").click()
    page.get_by_role("heading", name="Models and data").wait_for()
    page.get_by_role("link", name="Segmentation lab").click()
    page.get_by_role("heading", name="found by the mended rule").wait_for()
    opened(page)
    page.locator(".viewer[data-stage=regions]").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("method", ["paper", "side-by-side"])
def test_a_phone_shows_the_lab_without_scrolling_sideways(visitor: Visit, scheme: Any, method: str):
    page = opened(visitor(f"{LAB}&method={method}", phone=True, color_scheme=scheme))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator(".viewer").first.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390


def _all(selector: str) -> str:
    return f"[...document.querySelectorAll('*')].flatMap(one => [...(one.shadowRoot?.querySelectorAll('{selector}') ?? [])])"


def _painted_is_not(value: str) -> str:
    return f"() => {_all('.viewer[data-painted]')}.some(one => one.dataset.painted !== '{value}')"
