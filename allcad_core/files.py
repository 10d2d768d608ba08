"""Files that are there whole or not at all, whatever ends the process that writes them."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO

from allcad_core.errors import DataError

HALF = ".part"
"""Ending of a file that is being written."""
MACHINE = f"{zlib.crc32(platform.node().encode()):08x}"
"""Tells this machine's processes from others' where several write into one folder."""
OWNED = re.compile(rf"\.{MACHINE}-([0-9]+)-[0-9]+{re.escape(HALF)}$")
"""How the name of a half file of this machine ends: the process and the thread that write it."""
WRITTEN_BESIDE = (".nuclei", ".bodies", ".nucleus", ".cell", ".annotated")
"""What allcad writes beside a photograph: ``synth`` and ``segment`` its masks, ``analyse`` its copy with boxes."""


def written_beside(path: str) -> str | None:
    """The path, without its ending, of the photograph beside which allcad wrote this picture; ``None`` for others.

    Whether there is such a photograph is for the caller to see: without one, the picture is somebody's own.

    >>> written_beside("scans/a.cell.png"), written_beside("scans/a.png")
    ('scans/a', None)
    """
    stem, _ = os.path.splitext(path)  # noqa: PTH122 (names in ZIP files are no paths)
    before, kind = os.path.splitext(stem)  # noqa: PTH122
    return before if kind in WRITTEN_BESIDE else None


@contextmanager
def replacing(path: Path, *, settled: bool = True) -> Iterator[Path]:
    """A path beside ``path`` to write to; what is there takes the name ``path`` once the block has ended.

    Several may write the same file at once, each its own half: the last one's stays. Halves that killed processes left in
    the folder are removed when a process first writes there.

    Args:
        path: of the file; its folder is made where it is missing.
        settled: wait until the disk holds it, so that a loss of power spares it too; without, only the end of a process does.

    Raises:
        OSError: it cannot be written; what was there before is as it was.
    """
    half = path.with_name(f"{path.name}.{MACHINE}-{os.getpid()}-{threading.get_native_id()}{HALF}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent.absolute())
        yield half
        if settled:
            with half.open("rb+") as stream:
                os.fsync(stream.fileno())
        half.replace(path)
    except BaseException:
        with suppress(OSError):  # where no folder could be made, there is nothing to remove
            half.unlink(missing_ok=True)
        raise


@contextmanager
def whole(path: Path, remedy: str = "Free space and run it again.", *, settled: bool = True) -> Iterator[Path]:
    """As ``replacing``, with a sentence for a person who must help.

    Args:
        path: of the file; its folder is made where it is missing.
        remedy: what a person shall do where it cannot be written.
        settled: see ``replacing``.

    Raises:
        DataError: it cannot be written; what was there before is as it was.
    """
    try:
        with replacing(path, settled=settled) as half:
            yield half
    except OSError as error:
        raise DataError(f"'{path}' cannot be written ({error.strerror or error}). {remedy}") from error


@cache
def _sweep(folder: Path) -> None:
    """Remove what killed processes of this machine left half written in a folder, once a process."""
    for name in os.listdir(folder):  # noqa: PTH208 (names alone: pictures may lie there by the thousand)
        if found := OWNED.search(name):
            import psutil

            if not psutil.pid_exists(int(found[1])):
                with suppress(OSError):
                    (folder / name).unlink()


@contextmanager
def whole_text(path: Path) -> Iterator[IO[str]]:
    """A text file to write to, in UTF-8 and with lines as they are given; otherwise as ``whole``."""
    with whole(path) as half, half.open("w", encoding="utf-8", newline="", errors="backslashreplace") as stream:
        yield stream


def stamp(paths: Iterable[Path]) -> str:
    """Changes when a file comes, goes or is written anew, also where the clock was set back meanwhile."""
    known = ((str(path), path.stat()) for path in sorted(paths) if path.is_file())
    facts = [(name, found.st_mtime_ns, found.st_size, found.st_ino) for name, found in known]
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def write(path: Path, content: bytes) -> None:
    """Write a file. Raises DataError where it cannot be written."""
    with whole(path) as half:
        half.write_bytes(content)
