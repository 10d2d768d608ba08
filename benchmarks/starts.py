"""How soon allcad answers from nothing: ``python -m benchmarks.starts``. Help, a first analysis, a page's first answer.

Each is a fresh process on compiled networks that were made before, the best of some runs: by the clock, and the time of the
processor, which also holds on a machine that has other work. The page's first answer runs from the start of the server to
the boxes of a photograph that a visitor brings at once, by Streamlit's own protocol. 1 is the exit code where a goal is
missed by the clock.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from benchmarks.load import PATIENCE_S, ROOT, cells_of, photograph, start_server
from benchmarks.protocol import Visitor

SIZE = (960, 720)
GOALS = {"allcad --help": 0.5, "allcad analyse, cold, without torch": 4.0, "page: first answer after start": 6.0}
"""Seconds by the clock."""
Times = tuple[float, float]
"""Seconds by the clock, and of the processor."""


def command(*words: str) -> Times:
    """One run of the program."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "allcad_core", *words], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, spent


def page(content: bytes) -> Times:
    """One start of the server, and one visitor's first answer."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        process, address = start_server(Path(folder))
        try:
            asyncio.run(_first(address, content))
            clock = time.perf_counter() - start
            times = psutil.Process(process.pid).cpu_times()
        finally:
            process.terminate()
            process.wait(timeout=30)
    return clock, times.user + times.system


async def _first(address: str, content: bytes) -> None:
    visitor = Visitor(address)
    await visitor.enter("analyse")
    await visitor.upload("smear.png", content)
    await visitor.until(lambda: cells_of(visitor) is not None, PATIENCE_S)
    await visitor.leave()


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="of each; the best counts (default: 3)")
    runs = parser.parse_args().runs
    content = photograph(7, SIZE)
    with tempfile.TemporaryDirectory() as folder:
        field = Path(folder) / "field.png"
        field.write_bytes(content)
        command("optimise")
        ways: tuple[Callable[[], Times], ...] = (
            lambda: command("--help"),
            lambda: command("analyse", str(field), "--backend", "compiled"),
            lambda: page(content),
        )
        late = False
        for (name, goal), way in zip(GOALS.items(), ways, strict=True):
            times = [way() for _ in range(runs)]
            clock, spent = (min(column) for column in zip(*times, strict=True))
            late |= clock > goal
            print(f"{name:<38}{clock:6.2f} s, processor {spent:5.2f} s   (goal: {goal:.1f} s)", flush=True)
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    return int(late)


if __name__ == "__main__":
    sys.exit(main())
