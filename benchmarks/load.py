"""Many visitors at once, and many analyses in one process: ``python -m benchmarks.load``.

``visitors``: a real server and twenty visitors who speak Streamlit's own protocol, as browsers of twenty people would need more
than the machine has. Each comes, brings photographs of his own one after the other, waits for each answer, presses "Forget my
photographs", leaves, and comes again as somebody else. An answer is right where every cell lies where an analysis in this
process finds it and no name of another visitor's file stands anywhere in what was sent. Memory of the server is taken before
(after one visitor alone, when all networks are loaded) and after everybody has left and Streamlit has let their sessions go.

``analyses``: a thousand small fields through ``analyse`` in one process, with its memory at 100, 500 and 1000.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import io
import json
import os
import platform
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image

from benchmarks.protocol import BrokenError, Visitor

ROOT = Path(__file__).resolve().parents[1]
SIZE = (480, 360)
"""Pixels of a visitor's photograph: small, so that there are many answers."""
DISTINCT = 12
"""Photographs that are made; with more visitors than that, some bring the same one under another name."""
A_VISIT = 3
"""Photographs that a visitor brings before leaving."""
THINK_S = 1.0
"""Seconds for which a visitor looks at an answer."""
PATIENCE_S = 600.0
"""Seconds after which an answer that has not come is an error; twenty visitors share two cores, perhaps with others."""
BEFORE_S = 45.0
"""Seconds after the lone visitor has left until memory is taken: the server tidies every thirty."""
AFTER_S = 200.0
"""Seconds after the last visitor has left until memory is taken: Streamlit holds a lost session for 120."""
BACK = 1.10
"""Memory afterwards, of that before."""
NAME = re.compile(rb"smear-(\d+)-(\d+)")

Cells = list[tuple[float, ...]]


@dataclass(frozen=True)
class Brought:
    """A photograph and the boxes that ``analyse`` finds in it."""

    content: bytes
    cells: Cells


@dataclass
class Load:
    """What came of a load.

    Attributes:
        visits, answers: how many there were.
        errors: what went wrong, one sentence each.
        mixed: answers that were another photograph's.
        seconds: of each answer, from the upload to the last cell.
        before_mb, peak_mb, after_mb: memory of the server (resident, in 10^6 bytes).
    """

    visitors: int
    minutes: float
    visits: int = 0
    answers: int = 0
    errors: list[str] = field(default_factory=list)
    mixed: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    before_mb: float = 0.0
    peak_mb: float = 0.0
    after_mb: float = 0.0


def photograph(seed: int, size: tuple[int, int] = SIZE) -> bytes:
    """A generated field as a PNG file."""
    from allcad_core.synthesis import generate

    memory = io.BytesIO()
    Image.fromarray(generate(seed, size).pixels).save(memory, "PNG")
    return memory.getvalue()


def bring(seed: int) -> Brought:
    """A photograph with what a lone analysis says of it."""
    from allcad_core.analysis import analyse
    from allcad_core.images import read

    content = photograph(seed)
    found = analyse(read(content, "one.png"), device="cpu")
    return Brought(content, sorted(tuple(round(side, 1) for side in cell.box) for cell in found.every_cell))


# -- the server


def start_server(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """A dashboard on a free port of this machine, as ``make app`` starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    for _ in range(600):
        with suppress(OSError), urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):  # noqa: S310
            return process, address
        time.sleep(0.2)
    process.kill()
    raise SystemExit("The server did not start.")


def resident_mb(process: int) -> float:
    """Memory of a process and its children that is not shared, 10^6 bytes."""
    one = psutil.Process(process)
    return sum(part.memory_info().rss for part in [one, *one.children(recursive=True)]) / 1e6


# -- the visitors


def cells_of(visitor: Visitor) -> Cells | None:
    """Boxes in the viewer of a page; ``None`` while there is no viewer."""
    for element in visitor.page.values():
        if element.WhichOneof("type") == "bidi_component" and element.bidi_component.component_name == "allcad_viewer":
            told = json.loads(element.bidi_component.json or "{}")
            return sorted(tuple(round(side, 1) for side in cell["box"]) for cell in told.get("cells", []))
    return None


async def visit(address: str, number: int, bag: Sequence[Brought], load: Load, end: float) -> None:
    """One visit: a few photographs, each with its answer, then forget them and leave."""
    visitor = Visitor(address)
    await visitor.enter("analyse")
    try:
        for turn in range(A_VISIT):
            if time.monotonic() > end and turn:
                break
            brought = bag[(number + turn) % len(bag)]
            own = f"smear-{number}-{turn}".encode()
            await visitor.upload(f"{own.decode()}.png", brought.content)
            # The name stands there in the page's own words, where a hyphen is escaped, and in the viewer as it is.
            seconds = await visitor.until(
                lambda own=own: not visitor.running and own in visitor.shown() and cells_of(visitor) is not None, PATIENCE_S
            )  # fmt: skip
            load.answers += 1
            load.seconds.append(seconds)
            shown = {b"-".join((b"smear", *match)) for match in NAME.findall(visitor.shown().replace(b"\\", b""))}
            strangers = {name for name in shown if not name.startswith(f"smear-{number}-".encode())}
            if strangers or cells_of(visitor) != brought.cells:
                load.mixed.append(f"visit {number}, photograph {turn}: {sorted(strangers)}, {cells_of(visitor)}")
            await asyncio.sleep(THINK_S)
        await visitor.press("label-forget")
        await visitor.until(lambda: not visitor.running, PATIENCE_S)
    finally:
        load.errors += visitor.failed
        await visitor.leave()


async def seat(address: str, first: int, step: int, bag: Sequence[Brought], load: Load, end: float) -> None:
    """Visits one after the other until the time is over."""
    number = first
    while time.monotonic() < end:
        load.visits += 1
        try:
            await visit(address, number, bag, load, end)
        except (BrokenError, OSError, TimeoutError, ExceptionGroup) as error:
            load.errors.append(f"visit {number}: {type(error).__name__} {error}")
            await asyncio.sleep(1)
        except Exception as error:
            load.errors.append(f"visit {number}: {type(error).__name__} {error}")
            await asyncio.sleep(1)
        number += step


async def crowd(address: str, process: int, bag: Sequence[Brought], load: Load) -> None:
    """All seats at once, with the memory of the server watched."""
    end = time.monotonic() + 60 * load.minutes
    seats = [asyncio.create_task(seat(address, 1 + one, load.visitors, bag, load, end)) for one in range(load.visitors)]

    async def watch() -> None:
        while True:
            load.peak_mb = max(load.peak_mb, resident_mb(process))
            await asyncio.sleep(1)

    watcher = asyncio.create_task(watch())
    await asyncio.gather(*seats)
    watcher.cancel()


def visitors(count: int, minutes: float, after_s: float) -> Load:
    """The whole of it: server, warm-up, crowd, and what is left afterwards."""
    load = Load(count, minutes)
    bag = [bring(seed) for seed in range(min(count, DISTINCT) + A_VISIT)]
    with tempfile.TemporaryDirectory(prefix="load-") as made:
        process, address = start_server(Path(made))
        try:
            alone = Load(1, 0.0)
            for number in range(2):
                asyncio.run(visit(address, 10_000 + number, bag, alone, time.monotonic() + 600))
            time.sleep(BEFORE_S)
            load.errors += alone.errors
            load.mixed += alone.mixed
            load.before_mb = resident_mb(process.pid)
            asyncio.run(crowd(address, process.pid, bag, load))
            time.sleep(after_s)
            load.after_mb = resident_mb(process.pid)
            log = (Path(made) / "server.log").read_text("utf-8", "replace")
            load.errors += [line for line in log.splitlines() if "Traceback" in line or "Error:" in line]
        finally:
            process.terminate()
            process.wait(timeout=30)
    return load


# -- a thousand analyses


def analyses(count: int) -> dict[str, float]:
    """Memory of this process, 10^6 bytes, after so many analyses of small fields that differ."""
    from allcad_core.analysis import analyse
    from allcad_core.images import read

    marks = sorted({min(100, count), min(500, count), count})
    pictures = [photograph(seed, (320, 240)) for seed in range(20)]
    own = psutil.Process()
    told: dict[str, float] = {}
    start = time.process_time()
    for number in range(1, count + 1):
        content = bytearray(pictures[number % len(pictures)])
        content += number.to_bytes(4)  # after the picture's end, so that every file is another one
        analyse(read(bytes(content), f"{number}.png"), device="cpu")
        if number in marks:
            gc.collect()
            told[str(number)] = own.memory_info().rss / 1e6
    told["processor_s"] = time.process_time() - start
    return told


# -- telling


def machine() -> str:
    """The machine in a few words."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def tell_load(load: Load) -> bool:
    """Print it; gives whether all is as it should be."""
    seconds = np.array(load.seconds or [np.nan])
    print(f"{load.visitors} visitors at once for {load.minutes:g} min: {load.visits} visits, {load.answers} answers, "
          f"{len(load.errors)} errors, {len(load.mixed)} mixed")  # fmt: skip
    print(f"  an answer: median {np.median(seconds):.1f} s, 95 % within {np.quantile(seconds, 0.95):.1f} s")
    ratio = load.after_mb / load.before_mb if load.before_mb else float("nan")
    print(f"  memory of the server: {load.before_mb:,.0f} MB before, {load.peak_mb:,.0f} MB at most, "
          f"{load.after_mb:,.0f} MB afterwards ({100 * (ratio - 1):+.1f} %; at most {100 * (BACK - 1):+.0f} %)")  # fmt: skip
    for sentence in [*load.errors[:5], *load.mixed[:5]]:
        print(f"  {sentence[:300]}")
    return not load.errors and not load.mixed and ratio <= BACK and load.answers > 0


def tell_analyses(told: dict[str, float]) -> bool:
    """Print it; gives whether memory stayed: at the end within a tenth of that after the first hundred."""
    marks = {int(name): value for name, value in told.items() if name.isdigit()}
    growth = marks[max(marks)] / marks[min(marks)]
    print(", ".join(f"{count} analyses: {value:,.0f} MB" for count, value in marks.items())
          + f" ({100 * (growth - 1):+.1f} %), {told['processor_s'] / max(marks) * 1000:.0f} ms of processor each")  # fmt: skip
    return growth <= BACK


def main() -> int:
    """Run what was asked for; 1 where something is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=20, help="at once (default: %(default)s; 0: none)")
    parser.add_argument("--minutes", type=float, default=10.0, help="default: %(default)g")
    parser.add_argument(
        "--after", type=float, default=AFTER_S, metavar="S", help="wait before memory is taken (default: %(default)g)"
    )
    parser.add_argument("--analyses", type=int, default=1000, help="in one process (default: %(default)s; 0: none)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server ends with this
    told: dict[str, Any] = {"machine": machine(), "date": time.strftime("%Y-%m-%d")}
    good = True
    if asked.analyses:
        told["analyses"] = analyses(asked.analyses)
        good &= tell_analyses(told["analyses"])
    if asked.visitors:
        load = visitors(asked.visitors, asked.minutes, asked.after)
        good &= tell_load(load)
        told["load"] = asdict(load)
    if asked.json:
        asked.json.write_text(json.dumps(told, indent=1), encoding="utf-8")
    return int(not good)


if __name__ == "__main__":
    raise SystemExit(main())
