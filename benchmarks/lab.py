"""How soon the segmentation lab answers in a browser: ``python -m benchmarks.lab``. A generated field of full size.

It starts a server of its own and drives the Chromium of this machine through Playwright (``requirements-dev.txt``).
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from allcad_core.synthesis import generate
from benchmarks.screenshots import FLAGS, WIDE, dashboard

if TYPE_CHECKING:
    from playwright.sync_api import Page

SIZE = (2592, 1944)
WANTED_MS = 300
"""Milliseconds within which a picture must follow a slider."""
DRAG = """
async (steps) => {
  const roots = [...document.querySelectorAll("*")].map((one) => one.shadowRoot).filter(Boolean);
  const find = (selector) => roots.map((root) => root.querySelector(selector)).find(Boolean);
  const [viewer, chart, rows] = [".viewer[data-painted]", ".chart", "tbody"].map(find);
  const tag = chart.querySelector(".line .tag").getBoundingClientRect();
  const x = tag.left + tag.width / 2;
  chart.setPointerCapture = () => {};
  const fire = (kind, left) => chart.dispatchEvent(new PointerEvent(kind, {
    bubbles: true, clientX: left, clientY: tag.bottom + 40, pointerId: 1, pointerType: "mouse", isPrimary: true,
  }));
  fire("pointerdown", x);
  const times = [];
  for (let step = 1; step <= steps; step++) {
    const before = viewer.dataset.painted;
    const start = performance.now();
    fire("pointermove", x + 3 * (step % 2 ? step : -step) / 2);
    await new Promise((done) => {
      const look = () => (viewer.dataset.painted !== before || performance.now() - start > 5000 ? done() : requestAnimationFrame(look));
      look();
    });
    times.push(performance.now() - start);
  }
  const start = performance.now();
  const measured = new Promise((done) => new MutationObserver((_, watch) => { watch.disconnect(); done(performance.now() - start); })
    .observe(rows, { childList: true }));
  fire("pointerup", x);
  return { times, measured: await measured };
}
"""


def timed(page: Page, act: str, wait: str) -> float:
    """Milliseconds from a click on one thing until another is there."""
    start = time.perf_counter()
    page.locator(act).click()
    page.locator(wait).first.wait_for()
    return 1000 * (time.perf_counter() - start)


def measure(page: Page, steps: int) -> dict[str, float]:
    """Milliseconds of each thing that a visitor waits for."""
    resting = page.locator("[data-testid=stApp][data-test-script-state=notRunning]")
    resting.wait_for()
    page.wait_for_timeout(1000)
    dragged = page.evaluate(DRAG, steps)
    resting.wait_for()
    found = {
        "line to picture, median": statistics.median(dragged["times"]),
        "line to picture, slowest": max(dragged["times"]),
        "line at rest to table of regions": dragged["measured"],
        "step to picture": timed(page, ".card >> nth=0", ".viewer[data-painted^=grey]"),
    }
    page.locator(".card", has_text="Mask on picture").click()
    method = "[data-testid=stButtonGroup] button:has-text('{}')"
    page.locator(method.format("Stain")).click()
    page.get_by_role("heading", name="stain's colour").wait_for()
    resting.wait_for()
    back = timed(page, method.format("Paper"), "h1:has-text('paper\\'s'), h1:has-text('your threshold')")
    return found | {"known method to headline": back}


def main() -> int:
    """Print what was measured; 1 where a picture follows its line too late."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=40, help="how often the line is moved (default: 40)")
    chosen = parser.parse_args()
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("No Chromium on this machine. Install it, for instance with: sudo apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder, dashboard() as address, sync_playwright() as playwright:
        path = Path(folder) / "field.jpg"
        Image.fromarray(generate(5, SIZE).pixels).save(path, quality=92)
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        page = browser.new_page(viewport={"width": WIDE[0], "height": WIDE[1]})
        page.set_default_timeout(90_000)
        page.goto(f"{address}/segmentation_lab")
        page.locator("input[type=file]").first.set_input_files(path)
        page.locator(".viewer[data-open][data-painted]").first.wait_for()
        found = measure(page, chosen.steps)
        start = time.perf_counter()
        page.reload()
        page.locator("h1").first.wait_for()
        found["reload to headline"] = 1000 * (time.perf_counter() - start)
        browser.close()
    print(f"A field of {SIZE[0]} x {SIZE[1]} px, in a browser of {WIDE[0]} x {WIDE[1]} px")
    for name, milliseconds in found.items():
        print(f"{name:34} {milliseconds:6.0f} ms")
    return int(found["line to picture, median"] > WANTED_MS)


if __name__ == "__main__":
    sys.exit(main())
