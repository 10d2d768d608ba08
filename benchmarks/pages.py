"""How soon each page shows anything and its first line, how still it stands, how soon a picture follows its slider: ``python -m benchmarks.pages``.

It starts a server of its own and drives the Chromium of this machine through Playwright (``requirements-dev.txt``). Every
page is opened once to warm models and caches, and then measured in fresh browser sessions.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import statistics
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.screenshots import FLAGS, PHONE, WIDE, dashboard

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

FIRST_MS, SLIDER_MS = 1500, 300
"""Milliseconds within which a page must show its first line, and a picture follow a slider."""
PAGES = {
    "Home": "/",
    "Analyse smear": "/analyse?sample=blasts-and-healthy-cells",
    "Segmentation lab": "/segmentation_lab?sample=blasts-and-healthy-cells",
    "Compare models": "/compare?sample=blasts-and-healthy-cells",
    "Confusion explorer": "/confusion_explorer",
    "Models and data": "/models",
    "Slide": "/slide",
    "Live camera": "/live",
    "Batch": "/batch",
    "Stage": "/stage",
}
SHIFTS = """
globalThis.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
"""Adds up what moved without the visitor's doing, as the browser reports it (cumulative layout shift)."""
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"
"""Milliseconds until anything of the page was to be seen, as the browser reports it."""
MOST_SHIFTED = 0.1
"""What counts as still; web.dev/articles/cls."""
SETTLE_MS = 1500
BOARD, VIEWER, MARK = ".board[data-image]", ".viewer[data-open]", ".curves path.rule"
"""What follows a slider on Compare, Analyse and the explorer."""
QUIET = "[data-testid=stApp][data-test-script-state=notRunning]"
WAIT_MS = 240_000


@dataclass(frozen=True)
class Line:
    """What was measured: name, values, how much is allowed (endless where nothing was asked for), and the unit."""

    name: str
    times: tuple[float, ...]
    allowed: float = float("inf")
    unit: str = "ms"

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.times)

    def __str__(self) -> str:
        """One line of the report."""
        form = "{:6.0f} ms" if self.unit else "{:9.3f}"
        wanted = f", at most {form.format(self.allowed).strip()} wanted" if math.isfinite(self.allowed) else ""
        verdict = "" if self.median <= self.allowed else "  too much"
        return f"{self.name:36} median {form.format(self.median)}, most {form.format(max(self.times))}{wanted}{verdict}"


@dataclass(frozen=True)
class Visitor:
    """Who looks: on a wide window or a phone, for the first time (with the tour) or not."""

    phone: bool = False
    new: bool = False


USUAL = Visitor()


def opened(browser: Browser, address: str, visitor: Visitor = USUAL) -> tuple[Page, float]:
    """A page in a fresh session, and milliseconds until its first headline stands."""
    width, height = PHONE if visitor.phone else WIDE
    page = browser.new_page(
        viewport={"width": width, "height": height}, is_mobile=visitor.phone, has_touch=visitor.phone
    )
    page.set_default_timeout(WAIT_MS)
    if not visitor.new:
        page.context.add_cookies([{"name": "allcad_tour", "value": "done", "url": address}])
    page.add_init_script(SHIFTS)
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.locator(".stMain h1:visible").first.wait_for()
    return page, 1000 * (time.perf_counter() - start)


def first_paints(browser: Browser, address: str, repeats: int, visitor: Visitor) -> list[Line]:
    """Every page, warm."""
    found = []
    for name, path in PAGES.items():
        page, _ = opened(browser, address + path)
        page.locator(QUIET).wait_for()
        page.close()
        paints, times, shifts = [], [], []
        for _ in range(repeats):
            page, spent = opened(browser, address + path, visitor)
            times.append(spent)
            page.locator(QUIET).wait_for()
            page.wait_for_timeout(SETTLE_MS)
            shifts.append(float(page.evaluate("globalThis.shifted")))
            paints.append(float(page.evaluate(PAINTED)))
            page.close()
        found.append(Line(f"{name}, first paint", tuple(paints), FIRST_MS))
        found.append(Line(f"{name}, first line", tuple(times), FIRST_MS))
        found.append(Line(f"{name}, moved by itself", tuple(shifts), MOST_SHIFTED, ""))
        print(*found[-3:], sep="\n", flush=True)
    return found


def steps_of(page: Page, slider: Locator, key: str, shown: str, attribute: str, steps: int) -> tuple[float, ...]:
    """Milliseconds from a key on a slider until what is ``shown`` has another value of an attribute, for each step."""
    slider.focus()
    times = []
    for _ in range(steps):
        before = page.locator(shown).last.get_attribute(attribute)
        start = time.perf_counter()
        slider.press(key)
        page.locator(f"{shown}:not([{attribute}='{before}'])").last.wait_for(state="attached")
        times.append(1000 * (time.perf_counter() - start))
    return tuple(times)


def stress(browser: Browser, address: str, steps: int) -> list[Line]:
    """From a key on a slider of Compare to the changed picture, while the models answer behind it."""
    page, _ = opened(browser, address + PAGES["Compare models"])
    answered = page.locator(".board[data-pending=no]")
    answered.wait_for()
    times = steps_of(page, page.get_by_role("slider", name="Brightness"), "ArrowLeft", BOARD, "data-image", steps)
    start = time.perf_counter()
    answered.wait_for()
    rest = 1000 * (time.perf_counter() - start)
    page.close()
    return [
        told(Line("Compare, slider to picture", times, SLIDER_MS)),
        told(Line("Compare, rest to all answers", (rest,))),
    ]


def score(browser: Browser, address: str, steps: int) -> list[Line]:
    """From a key on the score slider of Analyse to the boxes that follow it in the browser; the counts come with the run after."""
    page, _ = opened(browser, address + PAGES["Analyse smear"])
    page.locator(VIEWER).first.wait_for()
    page.locator(QUIET).wait_for()
    times = steps_of(page, page.get_by_role("slider").first, "ArrowRight", VIEWER, "data-least", steps)
    page.close()
    return [told(Line("Analyse, slider to boxes", times, SLIDER_MS))]


def explore(browser: Browser, address: str, steps: int) -> list[Line]:
    """From a key on the threshold of the explorer to the mark on its curves; the matrix above them comes first."""
    page, _ = opened(browser, address + PAGES["Confusion explorer"])
    page.locator(MARK).last.wait_for(state="attached")
    page.locator(QUIET).wait_for()
    times = steps_of(page, page.get_by_role("slider").first, "ArrowRight", MARK, "d", steps)
    page.close()
    return [told(Line("Confusion explorer, slider to curves", times, SLIDER_MS))]


def told(line: Line) -> Line:
    """The line, printed."""
    print(line, flush=True)
    return line


def main() -> int:
    """Print what was measured; 1 where something takes longer than it may."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3, help="sessions a page (default: 3)")
    parser.add_argument("--steps", type=int, default=8, help="how often each slider is moved (default: 8)")
    parser.add_argument("--phone", action="store_true", help="first lines and stillness on a phone; no sliders")
    parser.add_argument(
        "--first-visit", action="store_true", help="the same for somebody who sees the tour; no sliders"
    )
    parser.add_argument("--address", help="of a dashboard that runs already; without it, one is started")
    chosen = parser.parse_args()
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("No Chromium on this machine. Install it, for instance with: sudo apt-get install chromium")
    busy = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    visitor = Visitor(chosen.phone, chosen.first_visit)
    width, height = PHONE if visitor.phone else WIDE
    print(f"A browser of {width} x {height} px on {os.cpu_count()} cores{busy}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        if chosen.address:
            lines = measure(browser, chosen.address, chosen.repeats, chosen.steps, visitor)
        else:
            with dashboard() as address:
                lines = measure(browser, address, chosen.repeats, chosen.steps, visitor)
        browser.close()
    return int(any(line.median > line.allowed for line in lines))


def measure(browser: Browser, address: str, repeats: int, steps: int, visitor: Visitor) -> list[Line]:
    """Everything; the sliders only for the usual visitor."""
    paints = first_paints(browser, address, repeats, visitor)
    if visitor != USUAL:
        return paints
    return [
        *paints,
        *stress(browser, address, steps),
        *score(browser, address, steps),
        *explore(browser, address, steps),
    ]


if __name__ == "__main__":
    sys.exit(main())
