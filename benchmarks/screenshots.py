"""Pictures of the dashboard for README and docs: ``python -m benchmarks.screenshots``. Generated samples only.

It starts a server of its own and drives the Chromium of this machine through Playwright (``requirements-dev.txt``).
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[1]
HEAVIEST = 200_000
"""Bytes of one picture in the repository."""
CURVES = ".curves figure"
"""Stands when the confusion explorer is complete."""
ANSWERED = ".board[data-pending=no]"
"""Stands when every model has answered on the page Compare models."""
WAIT_MS = 180_000
WIDE, PHONE = (1440, 900), (390, 844)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@dataclass(frozen=True)
class Shot:
    """One picture: where, how large, in which theme, and after which tab or which step of the lab was opened."""

    name: str
    path: str
    size: tuple[int, int] = WIDE
    theme: Literal["light", "dark"] = "light"
    tab: str | None = None
    step: str | None = None
    picture: bool = True
    wait: str = ".viewer[data-open]"
    tour: bool = False


def shots(sample: str) -> list[Shot]:
    """What is photographed, all on one sample."""
    analyse = f"/analyse?sample={sample}"
    lab = f"/segmentation_lab?sample={sample}"
    return [
        Shot("home", "/"),
        Shot("analyse", analyse),
        Shot("analyse-dark", analyse, theme="dark"),
        Shot("analyse-phone", analyse, PHONE),
        Shot("histogram", analyse, tab="Histogram and mask"),
        Shot("lab", lab),
        Shot("lab-dark", "/segmentation_lab?sample=many-blasts&method=stain", theme="dark", step="Against the truth"),
        Shot("lab-phone", lab, PHONE, step="Regions"),
        Shot("lab-side", "/segmentation_lab?sample=healthy-smear&method=side-by-side"),
        Shot("compare", "/compare?task=detect&a=regions&b=yolo11n", wait=ANSWERED),
        Shot("compare-dark", "/compare?task=cell&blur=2", theme="dark", wait=ANSWERED),
        Shot("compare-phone", "/compare?task=cell", PHONE, wait=ANSWERED),
        Shot("confusion", "/confusion_explorer?task=detect&model=regions", wait=CURVES),
        Shot("confusion-dark", "/confusion_explorer?task=cell&model=svm&protocol=random4", theme="dark", wait=CURVES),
        Shot("confusion-phone", "/confusion_explorer?task=cell&model=lightweight&protocol=field", PHONE, wait=CURVES),
        Shot("models", "/models", picture=False),
        Shot("models-phone", "/models", PHONE, "dark", picture=False),
        Shot("tour", "/", tour=True),
        Shot("tour-phone", "/", PHONE, "dark", tour=True),
        Shot("slide", "/slide?sample=small", wait=".slide[data-looked]"),
        Shot("live", "/live", picture=False),
        Shot("batch", "/batch", theme="dark", picture=False),
        Shot("stage", "/stage", wait=".stage[data-part]"),
        Shot("empty", "/analyse", picture=False),
        Shot("home-phone", "/", PHONE, "dark"),
    ]


def every_page(sample: str) -> list[Shot]:
    """Every page in four: wide and on a phone, light and dark. To be looked at; the documents show fewer."""
    pages = {
        "home": ("/", ".viewer[data-open]"),
        "analyse": (f"/analyse?sample={sample}", ".viewer[data-open]"),
        "lab": (f"/segmentation_lab?sample={sample}", ".viewer[data-open]"),
        "compare": ("/compare", ANSWERED),
        "confusion": ("/confusion_explorer", CURVES),
        "models": ("/models", ""),
        "slide": ("/slide?sample=small", ".slide[data-looked]"),
        "live": ("/live", ""),
        "batch": ("/batch", ""),
        "stage": ("/stage", ".stage[data-part]"),
        "empty": ("/analyse", ""),
    }
    return [
        Shot(
            f"{name}{'-phone' if size == PHONE else ''}{'-dark' if theme == 'dark' else ''}",
            path,
            size,
            theme,
            picture=bool(wait),
            wait=wait,
        )
        for name, (path, wait) in pages.items()
        for size in (WIDE, PHONE)
        for theme in THEMES
    ]


@contextmanager
def dashboard() -> Iterator[str]:
    """A dashboard on a free port without a data folder, so that no real picture can be seen; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", address.rsplit(":", 1)[1]]
    with TemporaryDirectory() as nothing:
        environment = os.environ | {"ALLCAD_DATA": nothing}
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            for _ in range(300):
                try:
                    urllib.request.urlopen(f"{address}/_stcore/health", timeout=2).close()  # noqa: S310, our own server
                    break
                except (urllib.error.URLError, OSError):
                    time.sleep(0.2)
            yield address
        finally:
            process.terminate()
            process.wait(timeout=20)


def take(browser: Browser, address: str, shot: Shot) -> Image.Image:
    """Open the page, wait until it is complete, and photograph it."""
    width, height = shot.size
    phone = shot.size == PHONE
    page = browser.new_page(
        viewport={"width": width, "height": height}, color_scheme=shot.theme, is_mobile=phone, has_touch=phone
    )
    page.set_default_timeout(WAIT_MS)
    if not shot.tour:
        page.context.add_cookies([{"name": "allcad_tour", "value": "done", "url": address}])
    page.goto(address + shot.path)
    if shot.picture:
        page.locator(shot.wait).first.wait_for()
    if shot.tab:
        page.get_by_role("tab", name=shot.tab).click()
        page.locator(".js-plotly-plot .barlayer").first.wait_for()
    if shot.step:
        page.locator(".card", has_text=shot.step).click()
    page.get_by_text("Not a medical device.").last.wait_for(state="attached")
    page.wait_for_function("!document.querySelector('.stMain [data-testid=stSkeleton]')")
    page.wait_for_timeout(1200)  # fonts and the last animation
    picture = Image.open(io.BytesIO(page.screenshot()))
    page.close()
    return picture.convert("RGB")


def as_webp(picture: Image.Image) -> bytes:
    """The picture as WebP, at the best quality that keeps it light."""
    for quality in (92, 85, 75, 60):
        memory = io.BytesIO()
        picture.save(memory, "WEBP", quality=quality, method=6)
        if memory.tell() <= HEAVIEST:
            break
    return memory.getvalue()


def main() -> None:
    """Write all pictures."""
    from playwright.sync_api import sync_playwright

    from allcad_core.ui import samples

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--sample", default=samples.listed()[0].name, help="name of a generated sample")
    parser.add_argument(
        "--address", help="of a dashboard that runs already without a data folder; without it, one is started"
    )
    parser.add_argument(
        "--every", action="store_true", help="every page, wide and on a phone, light and dark; wants --out"
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="write these pictures and no others")
    chosen = parser.parse_args()
    if chosen.every and chosen.out == parser.get_default("out"):
        parser.error("--every wants a folder of its own: --out DIR")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("No Chromium on this machine. Install it, for instance with: sudo apt-get install chromium")
    chosen.out.mkdir(parents=True, exist_ok=True)
    running = nullcontext(chosen.address) if chosen.address else dashboard()
    with running as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        for shot in (every_page if chosen.every else shots)(chosen.sample):
            if chosen.only and shot.name not in chosen.only:
                continue
            content = as_webp(take(browser, address, shot))
            (chosen.out / f"{shot.name}.webp").write_bytes(content)
            print(f"{shot.name}.webp  {len(content) / 1000:.0f} kB")
        browser.close()


if __name__ == "__main__":
    main()
