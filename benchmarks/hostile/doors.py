"""The doors that hostile files are brought to; each tells whether a file was answered, or the sentence that refuses it."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np

from benchmarks.hostile.cases import Case
from benchmarks.hostile.documents import FIELD
from benchmarks.hostile.good import cell_picture
from benchmarks.hostile.sentences import WrongError, sentence

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 120.0
"""Seconds by the clock for a page to be drawn; a shared machine may be slow."""
SAMPLE = 5
"""Of the pictures, each so many-th goes through ``evaluate`` too, which reads them by the same door, and is explained."""


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
    """The uploader of the page, with the real models behind it. One photograph of a few is explained by a map too: that is slow.

    A visitor whose file was refused brings the next one, as people do; after an answer somebody else comes.
    """
    from allcad_core.ui import engine

    visitor = _visitors.pop() if _visitors else _newcomer()
    visitor.file_uploader[0].set_value([(case.name, case.files["file"], "application/octet-stream")])
    if case.number % SAMPLE == 0:
        visitor.run()
    else:
        with mock.patch.object(engine, "explain", return_value=None):
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
        if not shown:
            _visitors.append(visitor)
        return " ".join(map(sentence, complaints))
    if not shown:
        raise WrongError("neither a smear nor a sentence")
    return ""


_visitors: list[AppTest] = []
"""The visitor whose last file was refused, if there is one."""


def _newcomer() -> AppTest:
    """Somebody who has opened the page."""
    from streamlit.testing.v1 import AppTest

    visitor = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE_S)
    return visitor.switch_page("pages/analyse.py").run()


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
    name: Case(0, kind, "good", "good.png", files)
    for name, kind, files in (
        ("reader", "picture", {"file": _png()}),
        ("upload", "picture", {"file": _png()}),
        ("evaluate", "picture", {"file": _png()}),
        ("annotate", "table", {"corrections.csv": b"image,action,id,class,x0,y0,x1,y1,note\nIm001_1,ok,,,,,,,\n"}),
    )
}
"""A good file for each door; of number 0, so that the uploaded one is explained as well."""
