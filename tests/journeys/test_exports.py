"""Every export, fetched through the browser from a reviewed smear, opened, and compared with what the screen says."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from pypdf import PdfReader

from tests.journeys.steps import download, pill_counts, rest

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]
SIZE = (1280, 960)
"""Of the first sample, px."""
COLD_MS = 180_000
"""For a first picture on a busy machine."""


def test_every_export_says_what_the_screen_says(visitor: Visit):
    page = visitor("/analyse?sample=blasts-and-healthy-cells")
    page.locator(".viewer[data-open]").first.wait_for(timeout=COLD_MS)
    page.locator(".cell:visible").first.wait_for()
    rest(page)
    page.keyboard.press("3")
    page.locator(".al-said", has_text="is now cannot tell").wait_for()
    rest(page)
    shown, verdict = pill_counts(page), page.locator("h1").inner_text()
    share = page.locator(".al-share").inner_text().replace("\u00a0", " ")
    page.get_by_role("button", name="Export").click()

    (analysis,) = json.loads(download(page, "Everything (JSON)"))
    assert {name: analysis["counts"][name] for name in shown} == shown
    assert analysis["counts"]["unsure"] == 1
    total = sum(shown.values()) + 1

    rows = list(csv.DictReader(io.StringIO(download(page, "Table of cells (CSV)").decode("utf-8"))))
    assert {name: [row["label"] for row in rows].count(name) for name in shown} == shown
    assert len(rows) == total

    with Image.open(io.BytesIO(download(page, "Annotated picture (PNG)"))) as picture:
        assert picture.format == "PNG"
        assert picture.width == SIZE[0]
        assert picture.height >= SIZE[1]

    coco = json.loads(download(page, "Boxes (COCO)"))
    names = {entry["id"]: entry["name"] for entry in coco["categories"]}
    told = [names[entry["category_id"]] for entry in coco["annotations"]]
    assert {name: told.count(name) for name in shown} == shown
    assert (coco["images"][0]["width"], coco["images"][0]["height"]) == SIZE

    with zipfile.ZipFile(io.BytesIO(download(page, "Boxes (YOLO)"))) as archive:
        classes = archive.read("classes.txt").decode().split()
        labels = next(name for name in archive.namelist() if name.startswith("labels/"))
        lines = [line.split() for line in archive.read(labels).decode().splitlines()]
    assert {name: [classes[int(line[0])] for line in lines].count(name) for name in shown} == shown
    assert all(0 <= float(value) <= 1 for line in lines for value in line[1:])

    features = json.loads(download(page, "Outlines (QuPath)"))["features"]
    called = [entry["properties"]["classification"]["name"].lower() for entry in features]
    assert {name: called.count(name) for name in shown} == shown
    assert called.count("cannot tell") == 1

    reader = PdfReader(io.BytesIO(download(page, "Report (PDF)")))
    text = " ".join(" ".join(sheet.extract_text() for sheet in reader.pages).replace("\u00a0", " ").split())
    assert verdict in text
    assert share.split("\n")[0].split("(")[0].strip() in text
    assert f"Blasts {shown['blast']} " in text
    assert "1 of" in text
    assert "reviewed by a person" in text
    assert "For research and teaching. Not a medical device." in text


def test_at_100_per_cent_the_viewer_shows_the_pictures_own_pixels(visitor: Visit):
    import cv2

    from allcad_core.ui import media, samples

    page = visitor("/analyse?sample=blasts-and-healthy-cells")
    page.locator(".viewer[data-open]").first.wait_for(timeout=COLD_MS)
    page.get_by_role("button", name="Own pixels, 100 %").click()
    page.wait_for_timeout(700)
    # Only the photograph is to be seen: what lies on it is taken away.
    page.evaluate(
        "[...document.querySelectorAll('*')].map(one => one.shadowRoot?.querySelector('.viewer')).filter(Boolean)"
        ".forEach(one => { for (const part of one.children) if (part.className !== 'stage') part.style.display = 'none' })"
    )
    area = page.locator(".viewer").first.bounding_box()
    assert area is not None
    left, top, right, bottom = (
        int(edge) for edge in (area["x"], area["y"], area["x"] + area["width"], area["y"] + area["height"])
    )
    whole = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))  # a part would be cut between pixels
    seen = whole[top + 40 : bottom - 40, left + 40 : right - 40]
    source = samples.load("blasts-and-healthy-cells").pixels
    _, _, _, place = cv2.minMaxLoc(cv2.matchTemplate(source, seen, cv2.TM_CCOEFF_NORMED))
    part = source[place[1] : place[1] + seen.shape[0], place[0] : place[0] + seen.shape[1]]
    sent = cv2.imdecode(np.frombuffer(media.jpeg(source), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    apart, error = (np.abs(one.astype(int) - other.astype(int)) for one, other in ((part, seen), (source, sent)))
    assert seen.size > 3 * 500 * 200
    assert apart.mean() < error.mean() + 0.5
    assert np.percentile(apart, 99.9) <= np.percentile(error, 99.9) + 3  # browsers round once more


def test_a_reload_finds_the_photograph_and_the_review_again(visitor: Visit, generated_file: Path):
    page = visitor("/analyse")
    page.locator("input[type=file]").first.set_input_files(generated_file)
    page.locator(".viewer[data-open]").first.wait_for()
    page.locator(".cell:visible").first.wait_for()
    rest(page)
    before = page.locator("h1").inner_text()
    page.keyboard.press("3")
    page.locator(".al-said", has_text="is now cannot tell").wait_for()
    rest(page)
    verdict = page.locator("h1").inner_text()
    assert verdict != before
    page.reload()
    page.locator('.cell.unsure:visible[aria-label*="reviewed by a person"]').wait_for()
    assert page.locator("h1").inner_text() == verdict
    page.get_by_role("link", name="Models and data").click()
    page.get_by_role("heading", name="Models and data").wait_for()
    page.get_by_role("link", name="Analyse smear").click()
    page.locator('.cell.unsure:visible[aria-label*="reviewed by a person"]').wait_for()
    assert page.locator("h1").inner_text() == verdict
    other = visitor("/analyse")
    other.get_by_text("No smear yet.").wait_for()
