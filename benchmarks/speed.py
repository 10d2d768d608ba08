"""allcad beside Ultralytics' own predict, same network and pictures: ``python -m benchmarks.speed [--fields N] [--write]``.

Every way runs in a process of its own, one after the other in one run, so that its memory is its own. Two times are told:
the clock's, and the processor's (of all threads together), which also holds on a machine that has other work to do. Set
``OMP_NUM_THREADS`` to choose how many threads compute.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIZE = (2592, 1944)
"""A field of the larger camera of ALL-IDB1, width and height in px."""
SHRUNK = (0.4, 0.6, 0.8, 1.0)
"""Sizes of the field, cut out of it, by which the cost of a picture's size is told: shares of its sides."""
SHOWN = 0.25
"""Boxes that score less are not counted as cells."""
NETWORK = "yolo11n"
WAYS = {
    "ultralytics": "Ultralytics predict, yolo11n",
    "torch": "allcad, yolo11n alone, torch",
    "compiled": "allcad, yolo11n alone, compiled",
    "recipe-torch": "allcad, default recipe, from the file, torch",
    "recipe-compiled": "allcad, default recipe, from the file, compiled",
}
BEGIN, BEGIN_OF, END = "<!-- figures -->", "<!-- figures of {} fields -->", "<!-- end of figures -->"
"""Marks in the page: of the figures, of those of so many fields where the page keeps them apart, and where they end."""
PAGE = Path(__file__).resolve().parent.parent / "docs" / "speed.md"


@dataclass
class Told:
    """What one process measured. Times in ms, a row a run: by the clock, by the processor."""

    way: str
    first: tuple[float, float]
    runs: list[tuple[float, float]]
    cells: int
    megabytes: float
    by_size: list[tuple[float, float]] = field(default_factory=list)
    stages: dict[str, float] = field(default_factory=dict)
    slide: tuple[float, float, int] | None = None
    gflops: float = 0.0
    peak_gflops: float = 0.0


Look = Callable[[bytes], int]
"""Takes the bytes of a JPEG, gives the number of cells."""


def pixels_of(content: bytes) -> NDArray[np.uint8]:
    """Decoded, balanced: what detectors are given."""
    from allcad_core.ground import balance
    from allcad_core.images import read

    return balance(read(content).pixels)


def looks(way: str, diameter: float) -> tuple[Callable[[bytes], object], Callable[[object], int]]:
    """What stands before the clock runs, and what is timed."""
    if way == "ultralytics":
        return pixels_of, _ultralytics(diameter)
    if way in {"torch", "compiled"}:
        import allcad_core.compiled as networks
        from allcad_core.detection.ultralytics import yolo

        detector = yolo(NETWORK, networks.choose("cpu", way, [NETWORK]))
        return pixels_of, lambda pixels: int((detector.detect(pixels, diameter).scores >= SHOWN).sum())  # type: ignore[arg-type]
    from allcad_core.analysis import analyse_file

    backend = way.removeprefix("recipe-")
    return bytes, lambda content: len(analyse_file(content, device="cpu", backend=backend).cells)  # type: ignore[arg-type]


def _ultralytics(diameter: float) -> Callable[[object], int]:
    """Ultralytics' predict with the shipped weights, at the same size of input."""
    from allcad_core import models
    from allcad_core.detection.ultralytics import MOST_BOXES, SUPPRESS_IOU, target_size, ultralytics

    model = ultralytics().YOLO(f"{NETWORK}.yaml", task="detect", verbose=False)
    model.model = models.fresh(NETWORK)

    def look(pixels: object) -> int:
        pixels = np.asarray(pixels, np.uint8)
        height, width = pixels.shape[:2]
        side = -(-max(target_size(width, height, diameter)) // 32) * 32
        found = model.predict(
            pixels[..., ::-1], imgsz=side, conf=SHOWN, iou=SUPPRESS_IOU, max_det=MOST_BOXES, agnostic_nms=True,
            verbose=False, device="cpu", save=False,
        )  # fmt: skip
        return len(found[0].boxes)

    return look


def timed(work: Callable[[], int]) -> tuple[int, tuple[float, float]]:
    """What came out, and ms by the clock and by the processor."""
    start, spent = time.perf_counter(), time.process_time()
    count = work()
    return count, (1000 * (time.perf_counter() - start), 1000 * (time.process_time() - spent))


def child(way: str, folder: Path, fields: int, diameter: float) -> Told:
    """Measure one way; runs in a process of its own."""
    files = [path.read_bytes() for path in sorted(folder.glob("field-*.jpg"))]
    start, spent = time.perf_counter(), time.process_time()
    before, look = looks(way, diameter)
    given = [before(content) for content in files]
    look(given[0])
    first = (1000 * (time.perf_counter() - start), 1000 * (time.process_time() - spent))
    for one in given:
        look(one)
    runs, cells = [], 0
    for number in range(fields):
        one = given[number % len(given)]
        found, times = timed(lambda one=one: look(one))  # type: ignore[misc]
        runs.append(times)
        cells += found
    told = Told(way, first, runs, cells, 0.0)
    for path in sorted(folder.glob("size-*.jpg")):
        one = before(path.read_bytes())
        look(one)
        told.by_size.append(min((timed(lambda one=one: look(one))[1] for _ in range(2)), key=lambda pair: pair[1]))  # type: ignore[misc]
    slide = folder / "slide.jpg"
    if slide.exists():
        one = before(slide.read_bytes())
        found, (clock, processor) = timed(lambda: look(one))
        told.slide = (clock, processor, found)
    if way.startswith("recipe"):
        told.stages = _stages(way, files[0])
    elif way == "torch":
        told.gflops, told.peak_gflops = _operations(given[0], diameter)
    told.megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return told


def _stages(way: str, content: bytes) -> dict[str, float]:
    from allcad_core.analysis import analyse_file

    timings = [
        asdict(analyse_file(content, device="cpu", backend=way.removeprefix("recipe-")).timing_ms) for _ in range(5)
    ]
    return {name: float(np.median([one[name] for one in timings])) for name in timings[0]}


def _operations(pixels: object, diameter: float) -> tuple[float, float]:
    """GFLOP of the network for a field, and the measured peak of the machine in GFLOP/s of processor time."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from allcad_core.detection.ultralytics import prepare, yolo

    cpu = torch.device("cpu")
    pixels = np.asarray(pixels, np.uint8)
    with FlopCounterMode(display=False) as counter:
        yolo(NETWORK, cpu).infer(prepare(pixels, diameter, cpu)[0])
    side = 1024
    one = torch.rand(side, side)
    fastest = min(timed(lambda: (one @ one).shape[0])[1][1] for _ in range(10))
    return counter.get_total_flops() / 1e9, 2 * side**3 / (fastest / 1000) / 1e9


def pictures(folder: Path, size: tuple[int, int], slide: int) -> float:
    """Write fields, cuts of several sizes and a large picture as JPEG; px of a red cell."""
    from allcad_core.segmentation.stain import scale_of
    from allcad_core.synthesis import generate

    pixels = generate(7, size).pixels
    for number, turned in enumerate((pixels, pixels[::-1], pixels[:, ::-1])):
        _save(folder / f"field-{number}.jpg", turned)
    for share in SHRUNK:
        height, width = (round(share * side) for side in pixels.shape[:2])
        _save(folder / f"size-{share}.jpg", pixels[:height, :width])
    if slide:
        times = [-(-slide // side) for side in pixels.shape[:2]]
        _save(folder / "slide.jpg", np.tile(pixels, (*times, 1))[:slide, :slide])
    return scale_of(pixels)[1]


def _save(path: Path, pixels: NDArray[np.uint8]) -> None:
    Image.fromarray(np.ascontiguousarray(pixels)).save(path, quality=92)


def line(x: Sequence[float], y: Sequence[float]) -> tuple[float, float, float]:
    """Slope, height at 0 and the share of variance that the straight line of least squares tells."""
    slope, start = np.polyfit(x, y, 1)
    left = np.asarray(y) - (slope * np.asarray(x) + start)
    return float(slope), float(start), float(1 - left.var() / max(float(np.var(y)), 1e-12))


def report(told: Sequence[Told], fields: int, size: tuple[int, int], slide: int) -> str:
    """The figures as Markdown."""
    base = float(np.median([processor for _, processor in told[0].runs]))
    rows = [
        f"A generated field of {size[0]} x {size[1]} px; {_machine()}; ms by the clock / ms of processor.",
        "",
        f"| way | first answer, imports and loading included | one field, median | of Ultralytics | {fields} fields | cells | most memory, MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in told:
        clock, processor = np.median(one.runs, axis=0)
        whole = np.sum(one.runs, axis=0) / 1000
        rows.append(
            f"| {WAYS[one.way]} | {one.first[0]:.0f} / {one.first[1]:.0f} | {clock:.0f} / {processor:.0f} | "
            f"{processor / base:.2f} | {whole[0]:.1f} / {whole[1]:.1f} s | {one.cells} | {one.megabytes:.0f} |"
        )
    rows += ["", "Cost in processor time, as straight lines:", ""]
    area = [share**2 * size[0] * size[1] / 1e6 for share in SHRUNK]
    for one in told:
        a_field, _, number_fit = line(range(1, len(one.runs) + 1), np.cumsum([pair[1] for pair in one.runs]).tolist())
        a_pixel, start, size_fit = line(area, [pair[1] for pair in one.by_size])
        rows.append(
            f"- {WAYS[one.way]}: {a_field:.0f} ms a field (R² {number_fit:.4f}); "
            f"{a_pixel:.0f} ms a megapixel and {start:.0f} ms a picture (R² {size_fit:.3f})"
        )
    for one in told:
        if one.stages:
            total = one.stages["total"]
            shares = ", ".join(
                f"{name} {100 * value / total:.0f} %" for name, value in one.stages.items() if name != "total"
            )
            rows += ["", f"Stages of {WAYS[one.way]}: {shares}, the rest putting together."]
    if slide:
        rows += ["", f"A picture of {slide} x {slide} px:", ""]
        rows += [
            f"- {WAYS[one.way]}: {one.slide[0] / 1000:.1f} s by the clock, {one.slide[1] / 1000:.1f} s of processor, {one.slide[2]} cells"
            for one in told
            if one.slide
        ]
    counted = next((one for one in told if one.gflops), None)
    if counted:
        rows += [
            "",
            f"The network costs {counted.gflops:.1f} GFLOP a field; peak of a matrix product {counted.peak_gflops:.0f} GFLOP/s.",
        ]
        for one in (one for one in told if not one.stages):
            reached = counted.gflops / (float(np.median([pair[1] for pair in one.runs])) / 1000)
            rows.append(f"{WAYS[one.way]}: {reached:.0f} GFLOP/s, {100 * reached / counted.peak_gflops:.0f} % of it.")
    return "\n".join(rows)


def _machine() -> str:
    threads = os.environ.get("OMP_NUM_THREADS", "all")
    return f"threads: {threads}, processors: {len(os.sched_getaffinity(0))}, load while measuring: {os.getloadavg()[0]:.0f}"


def main() -> None:
    """Run every way in a process of its own, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fields", type=int, default=100, metavar="N")
    parser.add_argument("--width", type=int, default=SIZE[0])
    parser.add_argument("--slide", type=int, default=6000, metavar="PX", help="side of the large picture; 0 for none")
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--write", action="store_true", help=f"put the figures into {PAGE.name}")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--diameter", type=float, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        way, folder = arguments.child
        print(json.dumps(asdict(child(way, Path(folder), arguments.fields, arguments.diameter))))
        return
    size = (arguments.width, round(arguments.width * SIZE[1] / SIZE[0]))
    with tempfile.TemporaryDirectory() as folder:
        diameter = pictures(Path(folder), size, arguments.slide)
        told = []
        for way in arguments.ways:
            command = [sys.executable, "-m", "benchmarks.speed", "--child", way, folder,
                       "--fields", str(arguments.fields), "--diameter", str(diameter)]  # fmt: skip
            ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            told.append(Told(**json.loads(ran.stdout.splitlines()[-1])))
            print(f"{WAYS[way]}: done", file=sys.stderr, flush=True)
    figures = report(told, arguments.fields, size, arguments.slide)
    print(figures)
    if arguments.write:
        page = PAGE.read_text(encoding="utf-8")
        own = BEGIN_OF.format(arguments.fields)
        begin = own if own in page else BEGIN
        head, tail = page.split(begin, 1)
        PAGE.write_text(f"{head}{begin}\n\n{figures}\n\n{tail[tail.index(END) :]}", encoding="utf-8")


if __name__ == "__main__":
    main()
