"""ZIP files of strangers: what they list is checked before anything is read, and nothing swells beyond what it says."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePosixPath

from allcad_core.errors import DataError, quoted

MAX_GROWTH = 200
"""A file may become so much larger than it was packed; photographs hardly grow, labels by ten times."""
SMALL = 1_000_000
"""Files up to so many bytes may grow as they like."""
CHUNK = 1 << 20

BROKEN = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)
"""What ``zipfile`` raises on files that are damaged, locked or packed in a way that it does not know."""


@contextmanager
def sentences(name: str) -> Iterator[None]:
    """Turn what ``zipfile`` raises about the archive ``name`` into one sentence.

    Raises:
        DataError: it is no ZIP file, is damaged or locked.
    """
    try:
        yield
    except BROKEN as error:
        said = (error.strerror if isinstance(error, OSError) else None) or error  # without the path of this machine
        raise DataError(f"'{name}' cannot be unpacked ({quoted(said)}).") from error


def check(listed: Sequence[zipfile.ZipInfo], name: str, most_files: int, most_bytes: int | None = None) -> None:
    """Refuse an archive by what it lists.

    Args:
        listed: its files, without its folders.
        name: what messages call it.
        most_files: so many are taken.
        most_bytes: so much is unpacked of all of them; ``None`` where one is read after the other.

    Raises:
        DataError: a path climbs out of its folder, an entry is a link, locked or swells, or there is too much.
    """
    if len(listed) > most_files:
        raise DataError(f"'{name}' holds {len(listed):,} files; {most_files:,} are taken at most.")
    for entry in listed:
        if climbs(entry.filename):
            raise DataError(f"'{name}' is refused: the path '{quoted(entry.filename)}' in it leads out of its folder.")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise DataError(f"'{name}' is refused: '{quoted(entry.filename)}' in it is a link.")
        if entry.flag_bits & 1:
            raise DataError(f"'{name}' is locked by a password. Pack it without one.")
        if entry.file_size > _most(entry):
            raise _swells(entry, name)
    if most_bytes is not None and sum(entry.file_size for entry in listed) > most_bytes:
        raise DataError(f"'{name}' would fill more than {most_bytes // 10**9} GB. Pack fewer pictures.")


def climbs(path: str) -> bool:
    """Whether a path in an archive leads out of the folder that it is unpacked into.

    >>> climbs("a/b.png"), climbs("a/../../b.png"), climbs("C:b.png")
    (False, True, True)
    """
    plain = path.replace("\\", "/")
    return plain.startswith("/") or ".." in PurePosixPath(plain).parts or ":" in plain.split("/")[0] or "\0" in path


def is_wanted(entry: zipfile.ZipInfo, suffixes: frozenset[str]) -> bool:
    """Whether an entry has one of these endings and is neither hidden nor what macOS leaves beside it."""
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return not hidden and not entry.is_dir() and path.suffix.lower() in suffixes


def chunks(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, room: int, name: str) -> Iterator[bytes]:
    """The content of one entry, piece by piece; what its header says of its size is not believed.

    Args:
        opened: the archive.
        entry: one of its files.
        room: bytes that may come at most.
        name: what messages call the archive.

    Raises:
        DataError: more comes than ``room``, or than a photograph grows.
    """
    size = 0
    with opened.open(entry) as stream:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > min(room, _most(entry)):
                raise _swells(entry, name)
            yield chunk


def _most(entry: zipfile.ZipInfo) -> int:
    return max(SMALL, MAX_GROWTH * entry.compress_size)


def _swells(entry: zipfile.ZipInfo, name: str) -> DataError:
    return DataError(f"'{name}' is refused: '{quoted(entry.filename)}' in it swells as no photograph does.")
