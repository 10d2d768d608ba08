"""How steady and how quick the live page is: ``python -m benchmarks.live``. A generated film with its truth, a fake camera.

It makes the film, starts a server of its own, and lets the Chromium of this machine take the film for its camera
(``requirements-dev.txt``). A bar code in the film's corner tells which frame is on screen, so that boxes are judged
against the very picture that they are drawn over, delay included.

``--in-browser DIR --graph FILE.onnx`` measures the other way besides: the network inside the browser, by ONNX Runtime Web
(``npm pack onnxruntime-web``, unpacked) with one thread, as Streamlit sends no headers that would allow more.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import psutil

from allcad_core.detection.base import iou
from allcad_core.results import Box
from allcad_core.synthesis import GeneratedField, Scene, generate
from benchmarks.screenshots import FLAGS, WIDE, dashboard

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SEED = 600_000
"""Of the film's smear; no training, sample or trial shows it."""
SMEAR, WINDOW = (1600, 1200), (640, 480)
RATE = 30
"""Frames a second of the film."""
SPEED = 80.0
"""px a second at which the stage moves on average, 13 micrometres: a cell crosses the picture in eight seconds."""
BITS, SQUARE = 10, 12
"""Of the bar code: a white square, so many bits, a black square; px of a square."""
FOUND_IOU = 0.5
FAIR = 0.05
"""Share of a box that may lie outside the film's frame for its cell to count."""
WANTED_FPS, WANTED_RECALL = 10.0, 0.8
SAMPLER = """
async (seconds) => {
  const roots = [...document.querySelectorAll("*")].map((one) => one.shadowRoot).filter(Boolean);
  const { camera } = roots.map((root) => root.querySelector(".live")).find(Boolean);
  const canvas = new OffscreenCanvas(%(wide)d, %(high)d);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const [samples, answers] = [[], []];
  const begun = performance.now();
  let last = camera.answer;
  while (performance.now() - begun < 1000 * seconds) {
    await new Promise((done) => camera.video.requestVideoFrameCallback(done));
    if (camera.answer !== last) { last = camera.answer; answers.push([performance.now() - begun, camera.took, last.ms]); }
    context.drawImage(camera.video, 0, 0, %(wide)d, %(high)d, 0, 0, %(wide)d, %(high)d);
    const { data } = context.getImageData(0, 0, %(wide)d, %(high)d);
    const level = (at) => data[4 * (%(wide)d * (%(high)d >> 1) + Math.round((at + 0.5) * %(square)d)) + 1];
    let frame = 0;
    for (let bit = 0; bit < %(bits)d; bit++) frame = 2 * frame + (level(bit + 1) > 128 ? 1 : 0);
    const read = level(0) > 180 && level(%(bits)d + 1) < 80;
    samples.push([read ? frame : -1, (camera.drawn ?? []).map((box) => [...box])]);
  }
  return { samples, answers, size: camera.answer?.size, wide: camera.video.videoWidth, seconds: (performance.now() - begun) / 1000 };
}
""" % {"wide": SQUARE * (BITS + 2), "high": SQUARE, "square": SQUARE, "bits": BITS}  # noqa: UP031, the script is full of braces


@dataclass(frozen=True, eq=False)
class Film:
    """A generated film: the smear that it shows, and where its window stood in each frame."""

    smear: GeneratedField
    corners: np.ndarray

    def blasts(self, frame: int) -> list[Box]:
        """Boxes of the blasts that are whole in a frame, px of the frame."""
        return [box for box, _, whole in self._seen(frame) if whole]

    def cut(self, frame: int) -> list[Box]:
        """What is to be seen of the blasts that a frame's edge cuts, px of the frame."""
        return [part for _, part, whole in self._seen(frame) if not whole]

    def _seen(self, frame: int) -> Iterator[tuple[Box, Box, bool]]:
        """Each blast in view: its box, the part of it within the frame, and whether that counts as the whole."""
        x, y = self.corners[frame]
        for cell in self.smear.cells:
            x0, y0, x1, y1 = (edge - start for edge, start in zip(cell.box, (x, y, x, y), strict=True))
            part = (max(x0, 0), max(y0, 0), min(x1, WINDOW[0]), min(y1, WINDOW[1]))
            if cell.label != "blast" or part[2] <= part[0] or part[3] <= part[1]:
                continue
            slack = FAIR * max(x1 - x0, y1 - y0)
            whole = min(x0, y0 - SQUARE) >= -slack and x1 <= WINDOW[0] + slack and y1 <= WINDOW[1] + slack
            yield (x0, y0, x1, y1), part, whole


def make_film(path: Path, seconds: int, seed: int = SEED) -> Film:
    """Write a film of another smear a seed as MJPEG: the stage moves, slows down and stops as under a person's hand."""
    scene = Scene(magnification=6.0, white_density=900.0, blast_fraction=0.55, clustering=0.1, arrows=0)
    smear = generate(seed, SMEAR, scene)
    at = np.arange(seconds * RATE) / (seconds * RATE)
    # a closed path whose speed falls to nothing twice a round, so that the film can be played again and again
    turn = 2 * np.pi * (at - np.sin(4 * np.pi * at) / (4 * np.pi))
    room = np.array(SMEAR) - np.array(WINDOW)
    reach = np.minimum(0.45 * room, SPEED * seconds / (2 * np.pi))
    corners = np.rint(room / 2 + reach * np.stack([np.cos(turn), np.sin(turn)], 1)).astype(int)
    rng = np.random.default_rng(seed)
    with path.open("wb") as stream:
        for number, (x, y) in enumerate(corners):
            picture = smear.pixels[y : y + WINDOW[1], x : x + WINDOW[0]].astype(np.int16)
            noisy = np.clip(picture + rng.integers(-2, 3, picture.shape), 0, 255).astype(np.uint8)
            _stamp(noisy, number)
            jpeg = cv2.imencode(".jpg", cv2.cvtColor(noisy, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 92])[1]
            stream.write(jpeg.tobytes())
    return Film(smear, corners)


def _stamp(picture: np.ndarray, number: int) -> None:
    levels = [1, *(number >> bit & 1 for bit in reversed(range(BITS))), 0]
    picture[:SQUARE, : SQUARE * len(levels)] = 255 * np.repeat(levels, SQUARE)[None, :, None]


def judge(film: Film, samples: Sequence[Any], scale: float) -> dict[str, float]:
    """Recall and precision of the blasts as drawn, and how often a found one goes and comes back.

    A blast that the frame's edge cuts is neither asked for nor held against the box that is drawn on it.

    Args:
        film: with its truth.
        samples: number of the frame on screen and what was drawn over it, one a displayed frame.
        scale: px of the film a px of the drawn boxes.
    """
    found, true, drawn_right, drawn_all, turns, watched = 0, 0, 0, 0, 0, 0.0
    before: dict[int, bool] = {}
    for number, drawn in samples:
        if not 0 <= number < len(film.corners):
            continue
        truth = film.blasts(number)
        boxes = [np.array(box[:4]) * scale for box in drawn if box[4] == "blast"]
        cut = film.cut(number)
        if cut and boxes:
            on_cut = iou(cut, boxes).max(axis=0)
            on_whole = iou(truth, boxes).max(axis=0) if truth else np.zeros(len(boxes))
            left_out = (on_cut >= FOUND_IOU) & (on_cut > on_whole)
            boxes = [box for box, left in zip(boxes, left_out.tolist(), strict=True) if not left]
        overlap = iou(truth, boxes) if truth and boxes else np.zeros((len(truth), len(boxes)))
        hits = (overlap >= FOUND_IOU).any(axis=1) if boxes else np.zeros(len(truth), bool)
        found, true = found + int(hits.sum()), true + len(truth)
        drawn_right += int((overlap >= FOUND_IOU).any(axis=0).sum()) if truth else 0
        drawn_all += len(boxes)
        corner = film.corners[number]
        now = {
            hash(tuple(np.rint(np.add(box[:2], corner)).astype(int))): bool(hit)
            for box, hit in zip(truth, hits, strict=True)
        }
        turns += sum(before[cell] and not hit for cell, hit in now.items() if cell in before)
        watched += len(now) / RATE
        before = now
    return {
        "recall": found / max(true, 1),
        "precision": drawn_right / max(drawn_all, 1),
        "lost_a_minute": 60 * turns / max(watched, 1e-9),
        "read": float(np.mean([number >= 0 for number, _ in samples])) if samples else 0.0,
        "shown": float(len(samples)),
    }


@contextmanager
def chromium(film: Path) -> Iterator[Browser]:
    """The browser of this machine with the film for its camera."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        sys.exit("live: no Chromium on this machine.")
    fake = (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *fake])
        yield browser
        browser.close()


def _cpu_seconds() -> dict[str, float]:
    """Processor time so far of the server and of the browser, both children of this process."""
    spent = {"server": 0.0, "browser": 0.0}
    for process in psutil.Process().children(recursive=True):
        try:
            times, name = process.cpu_times(), " ".join(process.cmdline())
        except psutil.Error:
            continue
        spent["server" if "streamlit" in name else "browser"] += times.user + times.system
    return spent


def measure(page: Page, address: str, film: Film, seconds: float) -> dict[str, float]:
    """Open the live page, wait for its first boxes, watch it for a while."""
    page.goto(f"{address}/live")
    page.get_by_role("button", name="Start the camera").click()
    page.wait_for_function(
        "() => [...document.querySelectorAll('*')].some((one) => one.shadowRoot?.querySelector('.live')?.camera?.number > 9)"
    )
    before = _cpu_seconds()
    told = page.evaluate(SAMPLER, seconds)
    after = _cpu_seconds()
    answers = told["answers"]
    if not answers:
        sys.exit("live: no frame came back while it was watched.")
    delays = sorted(answer[1] for answer in answers)
    figures = judge(film, told["samples"], told["wide"] / told["size"][0])
    return figures | {
        "fps": len(answers) / told["seconds"],
        "delay_p50": statistics.median(delays),
        "delay_p95": delays[int(0.95 * (len(delays) - 1))],
        "server_ms": statistics.median(answer[2] for answer in answers),
        "server_cpu_ms": 1000 * (after["server"] - before["server"]) / len(answers),
        "browser_cpu_ms": 1000 * (after["browser"] - before["browser"]) / len(answers),
        "display_fps": len(told["samples"]) / told["seconds"],
    }


def imagined(film: Film, path: Path, rate: int) -> dict[str, float]:
    """The same figures without a browser, as if boxes came at ``rate`` frames a second, each one frame late.

    They do not depend on what else the machine does, save the processor time.
    """
    from allcad_core import watching

    frames = [b"\xff\xd8" + rest for rest in path.read_bytes().split(b"\xff\xd8")[1:]]
    watch = watching.Watch(watching.detector(), watching.classifier(), patient=True)
    step = RATE // rate
    samples: list[Any] = []
    watch.look(watching.decode(frames[0]), -1.0)
    begun, looks = time.process_time(), range(0, len(frames) - step, step)
    for number in looks:
        seen = watch.look(watching.decode(frames[number]), number / RATE)
        for shown in range(number + step, number + 2 * step):
            ahead = np.tile(np.array(seen.velocity) * (shown - number) / RATE, 2)
            samples.append((shown, [[*(np.array(track.box) + ahead), track.label] for track in seen.tracks]))
    spent = 1000 * (time.process_time() - begun) / len(looks)
    watch.close()
    return judge(film, samples, 1.0) | {"server_cpu_ms": spent}


IN_BROWSER = """
<!doctype html><script src="ort/ort.wasm.min.js"></script><script>
  window.look = async (wide, high, times) => {
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmPaths = "/ort/";
    const session = await ort.InferenceSession.create("/graph.onnx", { executionProviders: ["wasm"] });
    const feeds = { [session.inputNames[0]]: new ort.Tensor("float32", new Float32Array(3 * wide * high).fill(0.6), [1, 3, high, wide]) };
    await session.run(feeds);
    const begun = performance.now();
    for (let time = 0; time < times; time++) await session.run(feeds);
    return (performance.now() - begun) / times;
  };
</script>
"""


def in_browser(
    browser: Browser, runtime: Path, graph: Path, size: tuple[int, int], times: int = 10
) -> dict[str, float]:
    """Milliseconds, and processor time, of one look of the network inside the browser; nothing else is counted."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "index.html").write_text(IN_BROWSER, encoding="utf-8")
        (root / "ort").symlink_to(runtime.resolve())
        (root / "graph.onnx").symlink_to(graph.resolve())
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
        handler.log_message = lambda *_: None  # type: ignore[attr-defined]
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            page = browser.new_page()
            page.set_default_timeout(600_000)
            page.goto(f"http://127.0.0.1:{server.server_address[1]}/")
            page.evaluate("(size) => look(size[0], size[1], 1)", list(size))
            before = _cpu_seconds()["browser"]
            wall = page.evaluate("(size) => look(size[0], size[1], size[2])", [*size, times])
            spent = _cpu_seconds()["browser"] - before
            server.shutdown()
    return {"ms": wall, "cpu_ms": 1000 * spent / (times + 1)}


def export(target: Path, size: tuple[int, int]) -> None:
    """The live page's network as ONNX, for ONNX Runtime Web. Needs the package ``onnx``, which nothing else here does."""
    import torch

    from allcad_core.detection.ultralytics import yolo
    from allcad_core.watching import DETECTOR

    served = yolo(DETECTOR, torch.device("cpu"))
    network = served._network.float().eval()  # noqa: SLF001, for measuring only
    example = torch.zeros(1, 3, size[1], size[0])
    network(example)
    torch.onnx.export(network, (example,), str(target), dynamo=False, opset_version=17)


def main() -> int:
    """Measure, print a table, and say whether the goal is met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description=main.__doc__)
    parser.add_argument("--film-seconds", type=int, default=12, help="length of the film (default: 12)")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long the page is watched (default: 20)")
    parser.add_argument("--film", type=Path, help="keep the film in this file (.mjpeg)")
    parser.add_argument("--export", type=Path, metavar="ONNX", help="write the network for --graph and end")
    parser.add_argument("--in-browser", type=Path, metavar="DIR", help="folder dist of onnxruntime-web, unpacked")
    parser.add_argument("--graph", type=Path, metavar="ONNX", help="written by --export")
    parser.add_argument(
        "--without-browser", action="store_true", help="recall and processor time alone, at 10 frames a second"
    )
    parser.add_argument(
        "--films", type=int, default=1, help="with --without-browser: mean over so many films (default: 1)"
    )
    arguments = parser.parse_args()
    size = (416, 320)
    if arguments.export:
        export(arguments.export, size)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.film or Path(folder) / "film.mjpeg"
        if arguments.without_browser:
            films = [
                imagined(make_film(path, arguments.film_seconds, SEED + number), path, int(WANTED_FPS))
                for number in range(arguments.films)
            ]
            _tell({name: statistics.mean(one[name] for one in films) for name in films[0]})
            return 0
        film = make_film(path, arguments.film_seconds)
        with chromium(path) as browser:
            if arguments.in_browser and arguments.graph:
                own = in_browser(browser, arguments.in_browser, arguments.graph, size)
                print(
                    f"network in the browser, one thread, {size[0]} x {size[1]} px: {own['ms']:.0f} ms, processor {own['cpu_ms']:.0f} ms"
                )
            with dashboard() as address:
                page = browser.new_page(viewport={"width": WIDE[0], "height": WIDE[1]})
                page.set_default_timeout(300_000)
                got = measure(page, address, film, arguments.seconds)
    print(f"cores {os.cpu_count()}, load {os.getloadavg()[0]:.1f} when done at {time.strftime('%H:%M')}")
    _tell(got)
    met = got["fps"] >= WANTED_FPS and got["recall"] >= WANTED_RECALL
    print(
        f"goal of {WANTED_FPS:.0f} frames a second at a blast recall of {WANTED_RECALL}: {'met' if met else 'not met'}"
    )
    return 0 if met else 1


def _tell(got: dict[str, float]) -> None:
    for name, form, words in ROWS:
        if name in got:
            print(f"{words:<58}{form.format(got[name]):>10}", flush=True)


ROWS = (
    ("fps", "{:.1f}", "frames a second, camera to boxes"),
    ("delay_p50", "{:.0f} ms", "delay, median"),
    ("delay_p95", "{:.0f} ms", "delay, 95th percentile"),
    ("display_fps", "{:.1f}", "pictures a second on screen"),
    ("recall", "{:.3f}", "blast recall on screen, IoU 0.5 with the frame shown"),
    ("precision", "{:.3f}", "blast precision on screen, blasts cut by its edge left out"),
    ("lost_a_minute", "{:.1f}", "times a minute that a found blast is lost, a blast in view"),
    ("server_ms", "{:.0f} ms", "server, a frame"),
    ("server_cpu_ms", "{:.0f} ms", "processor time of the server, a frame"),
    ("browser_cpu_ms", "{:.0f} ms", "processor time of the browser, a frame, film included"),
    ("read", "{:.2f}", "share of pictures whose bar code was read"),
)


if __name__ == "__main__":
    sys.exit(main())
