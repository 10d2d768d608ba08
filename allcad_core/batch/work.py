"""What a worker does: read one file, analyse it, answer in plain values. Models are loaded once a worker and stay."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import zipfile
from dataclasses import dataclass, replace
from functools import lru_cache
from multiprocessing import connection
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from allcad_core.errors import AllcadError, DataError, DeviceError, ModelError, UnknownNameError

if TYPE_CHECKING:
    from allcad_core.images import SmearImage
    from allcad_core.results import FieldAnalysis

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Environment variables by which libraries of arithmetic are told how many threads to use."""
OF_THE_RUN = (ModelError, UnknownNameError, DeviceError)
"""Errors that every other file would meet as well: they end the run."""


@dataclass(frozen=True, slots=True)
class Job:
    """One file to look at, and how.

    Attributes:
        number: of the file in the run.
        path: of the file, or of the ZIP file that holds it.
        member: its path in the ZIP file; empty for a file of its own.
        name: what results call it.
        model: a recipe of ``analyse``.
        confidence: scores below this are not shown; the model's own without it.
        device: see ``devices.choose``.
        journal: file by which a slide goes on after a kill; empty where it begins anew.
    """

    number: int
    path: str
    member: str
    name: str
    model: str
    confidence: float | None = None
    device: str | None = None
    journal: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job: rows of the tables, or one sentence that says why there are none.

    ``of_the_run`` says that other files would fail in the same way.
    """

    number: int
    field: dict[str, Any] | None = None
    cells: tuple[dict[str, Any], ...] = ()
    error: str = ""
    of_the_run: bool = False


def prepare(threads: int) -> None:
    """Make a process a worker: its share of threads, deaf to Ctrl-C, gone when the run is.

    Args:
        threads: that its arithmetic may use.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it says when it ends
    _go_with_parent()
    set_threads(threads)


def set_threads(threads: int) -> None:
    """Give this process its share of threads; what the environment allows is never exceeded."""
    for name in THREADS:
        told = os.environ.get(name, "")
        os.environ[name] = str(min(threads, int(told)) if told.isdigit() and int(told) > 0 else threads)
    import cv2

    cv2.setNumThreads(threads)


def _go_with_parent() -> None:
    """End with the process that started this one, also where that was killed and could not say so."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def look(job: Job) -> Outcome:
    """Read and analyse one file. Nothing that a file does to it is raised."""
    from allcad_core.batch.rows import cell_rows, field_row

    try:
        found = _scanned(job) if is_slide(job) else _analysed(job)
        cells = cell_rows(job.number, job.name, found)
        return Outcome(job.number, field_row(job.number, job.name, found), tuple(cells))
    except OF_THE_RUN as error:
        return Outcome(job.number, error=str(error), of_the_run=True)
    except AllcadError as error:
        return Outcome(job.number, error=str(error))
    except MemoryError:
        return Outcome(job.number, error="There is not enough memory for this file.")
    except Exception as error:  # one file must not end a run of a million; the sentence names the fault
        return Outcome(job.number, error=f"allcad failed on this file ({type(error).__name__}: {error}). Report it.")


def _analysed(job: Job) -> FieldAnalysis:
    from allcad_core.analysis import analyse

    start = perf_counter()
    image = picture(job)
    read_ms = 1000 * (perf_counter() - start)
    return analyse(image, job.model, device=job.device, confidence=job.confidence, read_ms=read_ms)


def is_slide(job: Job) -> bool:
    """Whether a file is a scanned slide: by its ending, or as a TIFF that is too large for a photograph."""
    from allcad_core.batch.places import SLIDES
    from allcad_core.images import FORMATS, MAX_PIXELS

    ending = Path(job.path).suffix.lower()
    if job.member or ending in SLIDES:
        return not job.member
    if ending not in FORMATS["TIFF"]:
        return False
    from tifffile import TiffFile

    try:
        with TiffFile(job.path) as opened:
            page = opened.pages[0]
            return int(page.shape[0]) * int(page.shape[1]) > MAX_PIXELS
    except Exception:  # whatever is wrong with it is told by who reads it
        return False


def _scanned(job: Job) -> FieldAnalysis:
    """All of a slide, block by block, as one analysis."""
    from allcad_core.recipes import recipe
    from allcad_core.results import Timing
    from allcad_core.slides import Looker, Seen, open_slide, scan_slide
    from allcad_core.slides.scan import Journal

    start = perf_counter()
    slide = open_slide(Path(job.path), job.name)
    looker = Looker(slide, job.model, job.device)
    seen = Seen(slide, job.model, recipe(job.model).default_confidence if job.confidence is None else job.confidence)
    if job.journal:
        Path(job.journal).parent.mkdir(exist_ok=True)
        journal = Journal(Path(job.journal), looker)
        journal.resume(seen)
        with journal:
            scan_slide(looker, seen, after=journal.write)
        Path(job.journal).unlink(missing_ok=True)
    else:
        scan_slide(looker, seen)
    total = 1000 * (perf_counter() - start)
    return replace(seen.analysis(looker.models, str(looker.where), looker.backend), timing_ms=Timing(total=total))


def picture(job: Job) -> SmearImage:
    """The picture of a job.

    Raises:
        AllcadError: it cannot be read.
    """
    from allcad_core.images import MAX_BYTES, read

    if not job.member:
        return read(Path(job.path), job.name)
    from allcad_core.archives import chunks, sentences

    archive = Path(job.path)
    with sentences(archive.name):
        opened = _opened(job.path, archive.stat().st_mtime_ns)
        try:
            entry = opened.getinfo(job.member)
        except KeyError as error:
            raise DataError(f"'{job.member}' is no longer in '{archive.name}'.") from error
        content = b"".join(chunks(opened, entry, MAX_BYTES, archive.name))
    return read(content, job.name)


@lru_cache(maxsize=1)
def _opened(path: str, _changed: int) -> zipfile.ZipFile:
    """The ZIP file that was read last stays open, since its list is long. Its next version is another file."""
    return zipfile.ZipFile(path)
