"""Runs as processes of their own: begun, ended and found again by their folder, whoever looks and whenever."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import subprocess
import sys
import zipfile
from contextlib import suppress
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import psutil

from allcad_core.batch.progress import PROGRESS, Progress, progress_of
from allcad_core.batch.run import is_running
from allcad_core.batch.store import NAME
from allcad_core.errors import AllcadError, DataError
from allcad_core.images import base_name
from allcad_core.slides import cache

ROOT = Path(__file__).parents[3]
LOG = "log.txt"
UPLOADS = "uploads"
TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
"""What a run's folder is called in the cache folder: 128 bits of chance, so that nobody finds it by guessing."""
LARGEST_PACK = 200_000_000
"""Bytes of tables that are packed for a download, about those of 100,000 fields; larger ones are taken from their folder."""
ENDED = frozenset({"done", "stopped", "failed"})

_begun: dict[Path, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a visitor asks a run for."""

    sources: tuple[str, ...]
    model: str
    workers: int = 0
    engine: str = "local"
    address: str = ""
    retry: bool = False


def folder() -> Path:
    """Where runs that were begun on the page lie."""
    return cache.folder().parent / "runs"


def fresh() -> Path:
    """The folder of a new run, open to nobody else on the machine.

    Raises:
        DataError: it cannot be made.
    """
    place = folder() / secrets.token_urlsafe(16)
    try:
        place.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise DataError(
            f"No run can be kept in '{folder()}' ({error.strerror or error}). Name another folder with ${cache.VARIABLE}."
        ) from error
    return place


def by_token(token: str) -> Path | None:
    """The run of the page that has this name, where there is one."""
    place = folder() / token
    return place if TOKEN.fullmatch(token) and place.is_dir() else None


def is_own(out: Path) -> bool:
    """Whether a run was begun on the page, and so lies where the page may remove it."""
    return out.parent == folder() and TOKEN.fullmatch(out.name) is not None


def keep_uploads(out: Path, files: list[tuple[str, bytes]]) -> list[str]:
    """Put uploaded files into a run's folder, from where its process reads them.

    Returns:
        The sources that they are.

    Raises:
        DataError: they cannot be written.
    """
    place = out / UPLOADS
    sources = []
    try:
        place.mkdir(exist_ok=True)
        for name, content in files:
            path = place / base_name(name).lstrip(".")
            number = 1
            while path.exists():
                number += 1
                path = path.with_stem(f"{path.stem}-{number}")
            path.write_bytes(content)
            if path.suffix.lower() == ".zip":
                sources.append(str(path))
    except OSError as error:
        raise DataError(f"The uploaded files cannot be kept ({error.strerror or error}). Free some space.") from error
    return [str(place), *sources] if len(sources) < len(files) else sources


def begin(out: Path, asked: Asked) -> None:
    """Begin a run, or go on with it, in a process that does not end with the page.

    Raises:
        DataError: it cannot be begun.
    """
    command = [sys.executable, "-m", "allcad_core", "batch", "--out", str(out), "--engine", asked.engine]
    command += ["--model", asked.model] if asked.model else []
    command += ["--workers", str(asked.workers)] if asked.workers else []
    command += ["--address", asked.address] if asked.address else []
    command += ["--retry"] if asked.retry else []
    command += ["--", *asked.sources]
    try:
        with suppress(FileNotFoundError):
            (out / PROGRESS).unlink()  # what an earlier part of the run said is of no more use
        with (out / LOG).open("wb") as log:
            _begun[out] = subprocess.Popen(  # noqa: S603 (this program, with arguments that no shell reads)
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
    except OSError as error:
        raise DataError(f"The run cannot begin ({error.strerror or error}).") from error


def end(out: Path) -> None:
    """Ask a run to end; what is done is kept."""
    process = _begun.get(out)
    if process is not None and process.poll() is None:
        process.terminate()
        return
    told = _process_of(out)
    if told is not None and is_running(out):
        with suppress(psutil.Error):
            found = psutil.Process(told)
            if "batch" in found.cmdline():
                found.terminate()


def state(out: Path) -> Progress:
    """How far a run is. One whose process has gone without a word was ``stopped``; one not heard of yet is ``starting``."""
    told = progress_of(out)
    process = _begun.get(out)
    alive = (process is not None and process.poll() is None) or is_running(out)
    if alive:
        return told if told is not None and told.state not in ENDED else Progress("starting")
    if told is None:
        failed = process is not None and process.returncode not in {None, 0}
        return Progress("failed", sentence=_last_words(out)) if failed else Progress("stopped")
    return told if told.state in ENDED else replace(told, state="stopped", remaining_s=None)


def remove(out: Path) -> None:
    """Remove a run of the page that has ended, with all that it found and what was uploaded for it.

    Raises:
        AllcadError: it is still at work, or was not begun on the page.
    """
    if not is_own(out):
        raise AllcadError("Only runs that were begun on this page can be removed here.")
    if state(out).state not in ENDED:
        raise AllcadError("This run is still at work. Stop it first.")
    _begun.pop(out, None)
    shutil.rmtree(out, ignore_errors=True)


def opened(path: str) -> Path:
    """The run in a folder that a visitor names.

    Raises:
        DataError: there is none.
    """
    place = Path(path).expanduser()
    try:
        if (place / NAME).is_file():
            return place.resolve()
    except (OSError, ValueError, RuntimeError):
        pass
    raise DataError(f"There is no run in '{path}'. Name the folder that was given with --out.")


def is_light(out: Path) -> bool:
    """Whether a run's tables are small enough to be packed in memory."""
    parts = (path for table in ("fields", "cells") for path in (out / table).glob("*.parquet"))
    return sum(path.stat().st_size for path in parts) <= LARGEST_PACK


def packed(out: Path) -> bytes:
    """Tables, summary and report of a run as one ZIP file."""
    memory = BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name in ("summary.csv", "report.html"):
            if (out / name).is_file():
                archive.write(out / name, name, zipfile.ZIP_DEFLATED)
        for table in ("fields", "cells"):
            for part in sorted((out / table).glob("*.parquet")):
                archive.write(part, f"{table}/{part.name}")
    return memory.getvalue()


def _process_of(out: Path) -> int | None:
    try:
        told = json.loads((out / PROGRESS).read_text("utf-8"))
        return int(told["process"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _last_words(out: Path) -> str:
    """The last line that a run's process has written: its sentence."""
    try:
        lines = (out / LOG).read_text("utf-8", "replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1].removeprefix("allcad: ") if lines else "The run ended before it said why."
