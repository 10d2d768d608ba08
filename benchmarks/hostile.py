"""Broken and hostile files through every door: ``python -m benchmarks.hostile``.

Each file of ``benchmarks.corpus`` goes to the doors that take its kind: the reader, the upload of the page Analyse smear,
``allcad evaluate`` on own pictures and ``allcad annotate``. An answer is right where it is a picture or a report in the form
that allcad promises; else there must be a sentence for a person. A trace, a hang, silence, or a peak of memory over the limit
is a finding, and ends the command with 1. Every door is tried in a process of its own, so that a hang or crash is one finding
and not the end.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import io
import json
import multiprocessing
import os
import re
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from benchmarks.corpus import FIELD, Case, cell_picture, corpus

ROOT = Path(__file__).resolve().parents[1]
LIMIT_S = 120.0
"""Seconds by the clock after which a file counts as a hang; a shared machine may be slow."""
LIMIT_BYTES = 1_000_000_000
"""Memory that a file may take at its peak, above what libraries and networks hold already."""
LONGEST = 600
"""Letters of a sentence for a person, names included."""
SAMPLE = 5
"""Of the pictures, each so many-th goes through ``evaluate`` too, which reads them by the same door."""
BAD_WORDS = re.compile(r"Traceback|\b[A-Z]\w*(Error|Exception)\b|<class '|object at 0x|\bNoneType\b")


@dataclass(frozen=True, slots=True)
class Finding:
    """What went wrong with one file at one door."""

    case: int
    kind: str
    how: str
    door: str
    what: str


@dataclass
class Survey:
    """What came of a corpus.

    Attributes:
        cases: files tried.
        visits: by door, how many files were answered and how many refused in a sentence.
        slowest: by door, the longest processor time, and its file.
        peak: by door, the most memory of the whole process in bytes, and its file.
        findings: what must be mended.
    """

    cases: int = 0
    visits: dict[str, Counter[str]] = field(default_factory=dict)
    slowest: dict[str, tuple[float, str]] = field(default_factory=dict)
    peak: dict[str, tuple[int, str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


class WrongError(Exception):
    """A door did not do what it promises."""


# -- the doors; each gives whether the file was answered, or the sentence that refuses it


def reader(case: Case) -> str:
    """The one door of pictures."""
    from allcad_core import images
    from allcad_core.errors import ImageError

    try:
        found = images.read(case.files["file"], case.name)
    except ImageError as error:
        return sentence(str(error))
    shape, kind = found.pixels.shape, found.pixels.dtype
    if kind != np.uint8 or len(shape) != 3 or shape[2] != 3 or min(shape[:2]) < images.MIN_SIDE:
        raise WrongError(f"a picture of {shape}, {kind}")
    for note in found.warnings:
        sentence(note.message)
    return ""


def upload(case: Case) -> str:
    """The uploader of the page, with the real models behind it."""
    from streamlit.testing.v1 import AppTest

    visitor = AppTest.from_file(str(ROOT / "app.py"), default_timeout=LIMIT_S)
    visitor.switch_page("pages/analyse.py").run()
    visitor.file_uploader[0].set_value([(case.name, case.files["file"], "application/octet-stream")])
    visitor.run()
    if visitor.exception:
        raise WrongError(f"the page broke: {visitor.exception[0].message}")
    told = [entry.value for kind in (visitor.error, visitor.warning) for entry in kind]
    shown = _kept(visitor, "smears")
    complaints = _kept(visitor, "failures")
    broken = [words for words in told if "terminal" in words or "went wrong" in words]
    if broken:
        raise WrongError(f"the page says: {broken[0]}")
    if complaints:
        return " ".join(map(sentence, complaints))
    if not shown:
        raise WrongError("neither a smear nor a sentence")
    return ""


def _kept(visitor: Any, name: str) -> list[Any]:
    state = visitor.session_state
    return list(state[name]) if name in state else []


def evaluate(case: Case) -> str:
    """``allcad evaluate cell`` on own pictures."""
    with tempfile.TemporaryDirectory(prefix="hostile-") as made:
        folder = Path(made)
        if case.kind == "archive":
            source = folder / "mine.zip"
            source.write_bytes(case.files["file"])
        elif case.kind == "picture":
            source = folder / "mine"
            ending = PurePosixPath(case.name).suffix
            _put(source / "blast" / f"a{ending}", case.files["file"])
            _put(source / "healthy" / "b.png", _png())
        else:
            source = folder / "mine"
            for name, data in case.files.items():
                _put(source / name, data)
        before = _around(folder)
        answer = _command("evaluate", "cell", "best_cell", "--data", source, "--device", "cpu", "--json")
        if _around(folder) != before:
            raise WrongError("something was written beside the source")
    return answer


def annotate(case: Case) -> str:
    """``allcad annotate merge`` of boxes that a tool gave back, ``build`` of a table of corrections."""
    with tempfile.TemporaryDirectory(prefix="hostile-") as made:
        folder = Path(made)
        proposals, boxes = _annotation(folder)
        if case.kind == "table":
            _put(folder / "rows" / "corrections.csv", case.files["corrections.csv"])
            return _command("annotate", "build", "--proposals", proposals, "--corrections", folder / "rows", "--partial",
                            "--out", folder / "built.csv", json_out=False)  # fmt: skip
        given = folder / "given"
        for name, data in case.files.items():
            if not name.endswith(".png"):
                _put(given / name, data)
        source = given / "boxes.json" if case.kind == "coco" else given
        _put(folder / "rows" / "corrections.csv", b"image,action,id,class,x0,y0,x1,y1,note\nIm001_1,ok,,,,,,,\n")
        return _command("annotate", "merge", source, "--data", folder / "data", "--proposals", proposals, "--boxes", boxes,
                        "--corrections", folder / "rows", "--out", folder / "later-merged.csv", json_out=False)  # fmt: skip


DOORS: dict[str, Callable[[Case], str]] = {
    "reader": reader,
    "upload": upload,
    "evaluate": evaluate,
    "annotate": annotate,
}


def doors_of(case: Case) -> tuple[str, ...]:
    """The doors that a kind of file is brought to."""
    if case.kind == "picture":
        return ("reader", "upload", "evaluate") if case.number % SAMPLE == 0 else ("reader", "upload")
    kinds = {"review": ("upload",), "archive": ("evaluate",), "voc": ("evaluate",), "table": ("annotate",)}
    return kinds.get(case.kind, ("evaluate", "annotate"))


def sentence(text: str) -> str:
    """A text as one that a person can read.

    Raises:
        WrongError: it is none.
    """
    words = text.strip()
    if not words:
        raise WrongError("an empty sentence")
    if len(words) > LONGEST:
        raise WrongError(f"a sentence of {len(words)} letters: {words[:200]}…")
    if found := BAD_WORDS.search(words):
        raise WrongError(f"words of a program, '{found.group()}': {words[:300]}")
    if not words.replace("\n", " ").isprintable():
        raise WrongError(f"letters that steer a terminal: {words[:200]!r}")
    return words


def _command(*arguments: object, json_out: bool = True) -> str:
    """A command of the terminal, within this process; gives what it complains of."""
    from allcad_core.cli import DONE, FAILED, main

    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(one) for one in arguments])
    said, complaints = (stream.buffer.getvalue().decode("utf-8") for stream in map(_flushed, (out, err)))
    if code not in (DONE, FAILED):
        raise WrongError(f"exit code {code}: {complaints[-300:]}")
    if code == FAILED and not complaints.strip():
        raise WrongError("exit code 1 without a word")
    for line in complaints.splitlines():
        sentence(line)
    if json_out and said.strip():
        json.loads(said, parse_constant=_no_constant)
    if code == DONE and not said.strip():
        raise WrongError("exit code 0 without an answer")
    return "" if code == DONE else complaints


def _flushed(stream: io.TextIOWrapper) -> Any:
    stream.flush()
    return stream


def _no_constant(word: str) -> None:
    raise WrongError(f"'{word}' in what should be JSON")


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _png() -> bytes:
    memory = io.BytesIO()
    cell_picture(np.random.default_rng(0)).save(memory, "PNG")
    return memory.getvalue()


def _around(folder: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*")} | {str(path) for path in folder.parent.glob("climbed*")}


def _annotation(folder: Path) -> tuple[Path, Path]:
    """A field in the layout of ALL-IDB1 with its proposals and boxes."""
    from allcad_core.annotation.proposal_table import proposals_csv
    from allcad_core.annotation.proposals import FieldProposals, Proposal
    from allcad_core.datasets.boxes import CellBox, boxes_csv

    data = folder / "data" / "ALL_IDB1"
    for place in ("im", "xyc"):
        (data / place).mkdir(parents=True)
    cell_picture(np.random.default_rng(0)).save(data / "im" / f"{FIELD}.jpg")
    (data / "xyc" / f"{FIELD}.xyc").write_text("30\t40\n", encoding="utf-8")
    cells = [Proposal(1, "blast", (10, 20, 50, 61), "stain", (10, 20, 50, 61)),
             Proposal(2, "healthy", (60, 20, 90, 60), "stain", (60, 20, 90, 60))]  # fmt: skip
    proposals, boxes = folder / "proposals.csv", folder / "boxes.csv"
    proposals.write_text(proposals_csv([FieldProposals(FIELD, tuple(cells), ())]), encoding="utf-8")
    boxes.write_text(boxes_csv({FIELD: [CellBox(one.kind, one.box, one.source) for one in cells]}), encoding="utf-8")
    return proposals, boxes


GOOD: dict[str, Case] = {
    name: Case(-1, kind, "good", "good.png", files)
    for name, kind, files in (
        ("reader", "picture", {"file": _png()}),
        ("upload", "picture", {"file": _png()}),
        ("evaluate", "picture", {"file": _png()}),
        ("annotate", "table", {"corrections.csv": b"image,action,id,class,x0,y0,x1,y1,note\nIm001_1,ok,,,,,,,\n"}),
    )
}
"""A good file for each door."""


# -- one process a door


def _serve(connection: Connection) -> None:
    """Try files as they come, and tell what came of each, its processor time and the peak of memory."""
    os.environ.setdefault("STREAMLIT_LOGGER_LEVEL", "error")
    warm: set[str] = set()
    while (job := connection.recv()) is not None:
        door, case = job
        if door not in warm:  # libraries and networks are no file's fault
            warm.add(door)
            with contextlib.suppress(Exception):
                DOORS[door](GOOD[door])
        _forget_peak()
        held = _peak()
        start = time.process_time()
        try:
            answer, wrong = DOORS[door](case), ""
        except WrongError as error:
            answer, wrong = "", str(error)
        except BaseException as error:  # whatever escapes is the finding
            last = traceback.extract_tb(error.__traceback__)[-1]
            answer, wrong = "", f"{type(error).__name__}: {str(error)[:200]} ({Path(last.filename).name}:{last.lineno})"
        connection.send((answer, wrong, time.process_time() - start, _peak() - held))
        del case, job
        _trim()


def _forget_peak() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak() -> int:
    """The most memory since it was forgotten, in bytes; where the system does not tell, since the process began."""
    with contextlib.suppress(OSError, IndexError):
        return 1024 * int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text("ascii"))[0])
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _trim() -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


class Worker:
    """A process that tries files at one door; a new one takes its place when it hangs or ends."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._start()

    def _start(self) -> None:
        self._ours, theirs = self._context.Pipe()
        self._process = self._context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def visit(self, door: str, case: Case, limit_s: float) -> tuple[str, str, float, int]:
        """Answer, what was wrong, processor seconds and peak bytes."""
        self._ours.send((door, case))
        wrong = f"no answer within {limit_s:.0f} s"
        with contextlib.suppress(EOFError, ConnectionResetError):
            if self._ours.poll(limit_s):
                answer: tuple[str, str, float, int] = self._ours.recv()
                return answer
        if not self._process.is_alive():
            self._process.join()
            wrong = f"the process ended with {self._process.exitcode}"
        self.close()
        self._start()
        return "", wrong, 0.0, 0

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self._ours.close()


def survey(
    cases: Iterable[Case], *, doors: Iterable[str] = tuple(DOORS), limit_s: float = LIMIT_S,
    tell: Callable[[Survey, Case], None] | None = None,
) -> Survey:  # fmt: skip
    """Bring every file to its doors."""
    found = Survey()
    with _workers(tuple(doors)) as workers:
        for case in cases:
            found.cases += 1
            for door in doors_of(case):
                if door in workers:
                    _note(found, case, door, workers[door].visit(door, case, limit_s))
            if tell is not None:
                tell(found, case)
    return found


@contextlib.contextmanager
def _workers(doors: tuple[str, ...]) -> Iterator[dict[str, Worker]]:
    workers = {door: Worker() for door in doors}
    try:
        yield workers
    finally:
        for worker in workers.values():
            worker.close()


def _note(found: Survey, case: Case, door: str, visit: tuple[str, str, float, int]) -> None:
    answer, wrong, seconds, peak = visit
    label = f"{case.number}, {case.kind}: {case.how}"
    if peak > LIMIT_BYTES and not wrong:
        wrong = f"{peak / 1e6:,.0f} MB of memory"
    outcome = "findings" if wrong else "refused" if answer else "answered"
    found.visits.setdefault(door, Counter())[outcome] += 1
    found.slowest[door] = max(found.slowest.get(door, (0.0, "")), (seconds, label))
    found.peak[door] = max(found.peak.get(door, (0, "")), (peak, label))
    if wrong:
        found.findings.append(Finding(case.number, case.kind, case.how, door, wrong))


def _plain(found: Survey) -> dict[str, Any]:
    return {
        "cases": found.cases,
        "visits": {door: dict(visits) for door, visits in found.visits.items()},
        "slowest": found.slowest,
        "peak": found.peak,
        "findings": [asdict(one) for one in found.findings],
    }


def main() -> int:
    """Make the corpus, bring it to the doors, print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=2100, help="files (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=2026, help="of the corpus (default: %(default)s)")
    parser.add_argument("--doors", nargs="+", choices=DOORS, default=list(DOORS), help="these only")
    parser.add_argument("--only", type=int, nargs="+", default=[], metavar="NUMBER", help="these files only")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    asked = parser.parse_args()
    cases = (case for case in corpus(asked.count, asked.seed) if not asked.only or case.number in asked.only)

    def tell(found: Survey, case: Case) -> None:
        for finding in found.findings[-4:]:
            if finding.case == case.number:
                print(f"file {finding.case}, {finding.kind}, {finding.how}; {finding.door}: {finding.what}", flush=True)
        if found.cases % 200 == 0:
            print(f"{found.cases} files, {len(found.findings)} findings", flush=True)

    found = survey(cases, doors=asked.doors, tell=tell)
    print(f"\n{found.cases} files, seed {asked.seed}, at most {LIMIT_S:.0f} s and {LIMIT_BYTES / 1e6:,.0f} MB each")
    for door, visits in found.visits.items():
        (seconds, slow), (peak, large) = found.slowest[door], found.peak[door]
        told = ", ".join(f"{visits[name]} {name}" for name in ("answered", "refused", "findings"))
        print(
            f"{door}: {told}; longest {seconds:.1f} s of processor ({slow}); most memory {peak / 1e6:,.0f} MB ({large})"
        )
    if asked.json:
        asked.json.write_text(json.dumps(_plain(found), indent=1), encoding="utf-8")
    print(f"{len(found.findings)} findings")
    return int(bool(found.findings))


if __name__ == "__main__":
    raise SystemExit(main())
