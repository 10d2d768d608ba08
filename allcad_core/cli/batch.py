"""``allcad batch``: many files in one run that goes on where it was ended."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from allcad_core.cli import DONE, FAILED, terminal
from allcad_core.cli import arguments as ask

if TYPE_CHECKING:
    from types import FrameType

    from allcad_core.batch.progress import Progress

EPILOG = """\
SOURCE is a folder (with all its folders), a pattern such as 'scans/**/*.jpg', a ZIP file, or a photograph. DIR holds
the tables fields/ and cells/ (Parquet), summary.csv (one row a file) and report.html when the run is done. The same
command goes on with a run that was ended, however that happened; no file is lost or counted twice. 'allcad batch --out
DIR' alone goes on with what was listed before. What fails is named at the end and in summary.csv; --retry looks again.
--format writes for other tools: coco (coco.json), geojson (for QuPath), fiftyone, or all.
The engine 'local' needs nothing more. 'dask' also works on other machines, which must see the files under the
same paths: pip install "allcad[dask]", then --engine dask --address tcp://HOST:8786.
"""
NAMED = 20
"""Failed files that are named on standard error."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``batch``."""
    parser.epilog = EPILOG
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help="a folder, pattern, ZIP file or photograph")
    parser.add_argument("--out", type=ask.folder_to_write, required=True, metavar="DIR", help="the folder of the run")
    parser.add_argument("--model", metavar="NAME", help="one of those that 'allcad models' lists")
    parser.add_argument(
        "--confidence", type=ask.confidence, metavar="X", help="do not count what scores below X, 0 to 1"
    )
    ask.add_device(parser)
    parser.add_argument("--engine", default="local", metavar="E", help="local or dask (default: local)")
    parser.add_argument("--address", metavar="A", help="scheduler of dask (default: one is made on this machine)")
    parser.add_argument(
        "--workers",
        type=ask.positive,
        default=0,
        metavar="N",
        help="files at once (default: what cores and memory allow)",
    )
    parser.add_argument("--retry", action="store_true", help="look again at files that failed")
    parser.add_argument(
        "--format", action="append", choices=("coco", "geojson", "fiftyone", "all"), metavar="F",
        help="also write coco, geojson, fiftyone or all; can be given again",
    )  # fmt: skip
    ask.add_json(parser, "the counts of the run")


def run(arguments: argparse.Namespace) -> int:
    """Do or go on with a run, and say what came of it."""
    from allcad_core.batch.engines import Choice
    from allcad_core.batch.finish import FORMATS
    from allcad_core.batch.run import Settings
    from allcad_core.batch.run import run as do

    asked = arguments.format or []
    settings = Settings(
        tuple(arguments.sources),
        arguments.model,
        arguments.confidence,
        arguments.device,
        Choice(arguments.engine, arguments.address, arguments.workers),
        arguments.retry,
        frozenset(FORMATS if "all" in asked else asked),
    )
    with _ended_politely(), terminal.bar(0) as bar:
        ended = do(settings, arguments.out, lambda progress: _show(bar, progress))
    if arguments.json:
        terminal.emit_json(asdict(ended))
    else:
        _tell(arguments.out, ended)
    return DONE if not ended.failed else FAILED


@contextmanager
def _ended_politely() -> Iterator[None]:
    """SIGTERM ends a run as Ctrl-C does: what is done is kept."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _show(bar: terminal.Bar, progress: Progress) -> None:
    failed = f", {progress.failed:,} failed" if progress.failed else ""
    words = {"listing": "Listing files", "finishing": "Writing the report"}.get(progress.state, f"Analysing{failed}")
    bar.show(words, progress.done + progress.failed, progress.total)


def _complain(sentence: str) -> None:
    print(f"allcad: {terminal.printable(sentence)}", file=sys.stderr)


def _tell(out: Path, ended: Progress) -> None:
    from allcad_core.batch import report
    from allcad_core.batch.run import open_run
    from allcad_core.batch.store import FAILED as FAILED_FILE

    with closing(open_run(out)) as store:
        told = report.totals(store)
        for one in store.told("WHERE status = ? ORDER BY path, member LIMIT ?", (FAILED_FILE, NAMED)):
            error = one.error or ""
            _complain(error if error.startswith(one.name) else f"{one.name}: {error}")
    if ended.failed > NAMED:
        _complain(f"{ended.failed - NAMED:,} more files failed; summary.csv names them all.")
    console = terminal.out()
    console.print(report.headline(told, ended.failed))
    if told.share.value is not None:
        console.print(f"Share of blasts {told.share}, 95\N{NO-BREAK SPACE}% interval, cells of all fields together.")
    console.print(f"{ended.seconds:.0f} s for this part of the run. Report: {out / report.NAME}", soft_wrap=True)
    console.print("For research and teaching. Not a medical device.")
