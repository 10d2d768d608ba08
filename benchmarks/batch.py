"""How batch runs scale: ``python -m benchmarks.batch``. Generated fields, the real command, one and two workers.

Three things are measured and a fourth is computed from them: the time of a run against its number of files (a line: its
slope is the cost of a field, its start the loading of models), the peak memory of all processes likewise, and what the
process that hands out the files needs for each of them by itself, with answers that cost nothing. From these follow hours
and storage of a million fields.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image

from allcad_core.batch.work import Job, Outcome

MILLION = 1_000_000
DISTINCT = 6
"""Fields that are generated; the others are links to them."""
MACHINES = (1, 8, 64)
"""Machines like this one for which hours are computed. Not workers: those of one machine share its cores."""
LOOK_S = 0.25
"""Seconds between two looks at the memory."""


@dataclass(frozen=True, slots=True)
class Run:
    """One measured run: files, seconds at work, and the peak of its processes' memory in MB."""

    files: int
    workers: int
    seconds: float
    mb: float


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line through measurements, and the share of their variance that it explains."""

    start: float
    slope: float
    explained: float


def line(x: Sequence[float], y: Sequence[float]) -> Line:
    """Least squares."""
    slope, start = np.polyfit(x, y, 1)
    left = np.asarray(y) - (start + slope * np.asarray(x))
    spread = float(np.sum((np.asarray(y) - np.mean(y)) ** 2))
    return Line(float(start), float(slope), 1 - float(np.sum(left**2)) / spread if spread else 1.0)


def make(folder: Path, size: tuple[int, int]) -> list[Path]:
    """A few generated fields."""
    from allcad_core.synthesis import generate

    paths = []
    for seed in range(DISTINCT):
        path = folder / f"made-{seed}.jpg"
        Image.fromarray(generate(seed, size).pixels).save(path, quality=92)
        paths.append(path)
    return paths


def links(folder: Path, made: Sequence[Path], count: int) -> Path:
    """A folder of so many files."""
    place = folder / f"files-{count}"
    place.mkdir(exist_ok=True)
    for number in range(count):
        with suppress(FileExistsError):
            (place / f"{number:07}.jpg").symlink_to(made[number % len(made)])
    return place


def measured(source: Path, out: Path, workers: int, files: int, device: str) -> Run:
    """Do a run and watch its processes."""
    command = [sys.executable, "-m", "allcad_core", "batch", str(source), "--out", str(out), "--json"]
    process = subprocess.Popen(
        [*command, "--workers", str(workers), "--device", device], stdout=subprocess.PIPE, text=True
    )
    watched = psutil.Process(process.pid)
    peak = 0.0
    while process.poll() is None:
        total = 0
        with suppress(psutil.Error):
            for one in [watched, *watched.children(recursive=True)]:
                with suppress(psutil.Error):
                    total += one.memory_info().rss
        peak = max(peak, total / 1e6)
        time.sleep(LOOK_S)
    told = json.loads(process.stdout.read() if process.stdout else "{}")
    if told.get("done") != files:
        raise SystemExit(f"The run of {files} files did not end well: {told}")
    return Run(files, workers, told["seconds"], peak)


class Instant:
    """Workers whose answers cost nothing: what is left is what the run itself needs."""

    workers = 8

    def __init__(self, answer: Outcome) -> None:
        self._answer = answer
        self._chance = np.random.default_rng(0)

    def __enter__(self) -> Instant:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, job: Job) -> Future[Outcome]:
        """Answer at once."""
        own = {"field": job.number, "file": job.name}
        field = {**(self._answer.field or {}), **own, "sha256": hashlib.sha256(job.name.encode()).hexdigest()}
        cells = tuple({**self._moved(cell), **own} for cell in self._answer.cells)
        future: Future[Outcome] = Future()
        future.set_result(Outcome(job.number, field, cells))
        return future

    def _moved(self, cell: dict[str, Any]) -> dict[str, Any]:
        """The cell with numbers of its own, since what is alike takes no room in a table."""
        noise = self._chance.random
        moved = {name: value + noise() if isinstance(value, float) else value for name, value in cell.items()}
        return {**moved, "outline": [round(side + noise(), 2) for side in cell["outline"]]}

    def killed(self, error: BaseException) -> bool:
        """Nobody ends here."""
        return False

    def restart(self) -> None:
        """Nothing to begin with anew."""


def instant(source: str, picture: str, out: str) -> None:
    """A run without analyses, in a process of its own; prints its seconds, peak memory and bytes on disk as JSON."""
    import resource

    from allcad_core.batch import run as running
    from allcad_core.batch.work import look

    answer = look(Job(0, picture, "", "field.jpg", "regions", None, "cpu"))
    if answer.field is None:
        raise SystemExit(answer.error)
    running.make = lambda *_: Instant(answer)  # type: ignore[assignment]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    running.run(running.Settings((source,)), Path(out))
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1024 if sys.platform != "darwin" else 1
    tables = sum(path.stat().st_size for table in ("fields", "cells") for path in (Path(out) / table).iterdir())
    store = sum((Path(out) / name).stat().st_size for name in ("run.sqlite", "summary.csv"))
    cells = len(answer.cells)
    told = {"seconds": seconds, "grown_mb": (peak - before) * unit / 1e6, "tables": tables, "store": store}
    print(json.dumps(told | {"cells": cells}))


def overhead(folder: Path, made: Sequence[Path], counts: Sequence[int]) -> list[dict[str, float]]:
    """What the run itself costs at several numbers of files."""
    rows = []
    for count in counts:
        source = links(folder, made, count)
        command = [sys.executable, "-m", "benchmarks.batch", "--instant", str(source), str(made[0])]
        done = subprocess.run([*command, str(folder / f"instant-{count}")], capture_output=True, text=True, check=True)
        rows.append({"files": count, **json.loads(done.stdout)})
    return rows


def show(runs: Sequence[Run], rows: Sequence[dict[str, float]], picture_bytes: float, size: tuple[int, int]) -> None:
    """Print what was measured and what follows."""
    print(f"Fields of {size[0]} x {size[1]} px, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end.\n")
    print("Files  Workers  Seconds  Files a second  Peak memory (MB)")
    for one in runs:
        print(f"{one.files:5}  {one.workers:7}  {one.seconds:7.1f}  {one.files / one.seconds:14.2f}  {one.mb:16.0f}")
    slopes = {}
    for workers in sorted({one.workers for one in runs}):
        mine = [one for one in runs if one.workers == workers]
        if len({one.files for one in mine}) < 2:
            continue
        seconds = line([one.files for one in mine], [one.seconds for one in mine])
        memory = line([one.files for one in mine], [one.mb for one in mine])
        slopes[workers] = seconds.slope
        print(
            f"\n{workers} worker(s): {seconds.start:.1f} s to begin, then {1000 * seconds.slope:.0f} ms a file "
            f"(a straight line explains {100 * seconds.explained:.1f} %)."
            f"\n  Memory {memory.start:.0f} MB and {1000 * memory.slope:+.0f} kB a file."
        )
    if min(slopes.get(1, 0.0), slopes.get(2, 0.0)) > 0:
        print(f"\nTwo workers against one: {slopes[1] / slopes[2]:.2f} times as many files a second.")
    own = line([row["files"] for row in rows], [row["seconds"] for row in rows])
    grown = line([row["files"] for row in rows], [row["grown_mb"] for row in rows])
    largest = rows[-1]
    stored = (largest["tables"] + largest["store"]) / largest["files"]
    print(f"\nThe run itself, with answers that cost nothing ({largest['cells']:.0f} cells a field):")
    for row in rows:
        print(f"  {row['files']:7,.0f} files  {row['seconds']:7.2f} s  {row['grown_mb']:6.0f} MB more memory")
    print(
        f"  {1000 * own.slope:.2f} ms and {1000 * grown.slope:.2f} kB of memory a file; on disk {stored / 1000:.2f} kB a file, "
        f"of which tables {largest['tables'] / largest['files'] / 1000:.2f} kB."
    )
    workers, cost = min(slopes.items(), key=lambda one: one[1], default=(0, 0.0))
    if cost <= 0 or own.slope <= 0:
        print("\nNothing follows for a million fields: too few files were measured, or the machine was too busy.")
        return
    print(
        f"\nA million fields, computed: with {workers} worker(s) a field costs {1000 * cost:.0f} ms of this machine, and "
        f"{1000 * own.slope:.2f} ms of the run."
    )
    print(
        f"  More machines like it help up to about {cost / own.slope:.0f}; from there the run's own work is the limit."
    )
    for machines in MACHINES:
        hours = MILLION * max(cost / machines, own.slope) / 3600
        print(f"  {machines:4} machine(s)  {hours:8.1f} hours")
    print(
        f"  Storage {MILLION * stored / 1e9:.1f} GB of results beside {MILLION * picture_bytes / 1e9:.0f} GB of pictures; "
        f"memory of the run about {MILLION * grown.slope / 1000 + max(grown.start, 0) / 1000:.1f} GB."
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, nargs="+", default=[12, 24, 48], help="files of the measured runs")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="workers of the measured runs")
    parser.add_argument("--size", type=int, nargs=2, default=[1280, 960], help="width and height of a field")
    parser.add_argument("--device", default="cpu", help="where networks compute")
    parser.add_argument(
        "--own", type=int, nargs="+", default=[2000, 5000, 20000], help="files of the runs without analyses"
    )
    parser.add_argument("--instant", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.instant:
        instant(*asked.instant)
        return
    size = (asked.size[0], asked.size[1])
    with tempfile.TemporaryDirectory(prefix="allcad-") as name:
        folder = Path(name)
        made = make(folder, size)
        rows = overhead(folder, made, asked.own)
        runs = [
            measured(links(folder, made, files), folder / f"run-{workers}-{files}", workers, files, asked.device)
            for workers in asked.workers
            for files in asked.files
        ]
        show(runs, rows, sum(path.stat().st_size for path in made) / len(made), size)


if __name__ == "__main__":
    main()
