"""Unpack a ZIP file of strangers: pictures and their labels, nothing that climbs out, nothing that swells."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from allcad_core.datasets.base import PICTURE_SUFFIXES
from allcad_core.errors import DataError

MAX_FILES = 20_000
MAX_BYTES = 4_000_000_000
"""Of all that is unpacked: some thousand photographs of a microscope's camera."""
MAX_GROWTH = 200
"""A file may become so much larger than it was packed; photographs hardly grow, labels by ten times."""
SMALL = 1_000_000
"""Files up to so many bytes may grow as they like."""
SUFFIXES = frozenset(PICTURE_SUFFIXES) | {".txt", ".names", ".json", ".xml", ".yaml", ".yml", ".csv"}
"""What is unpacked; the rest is left in the file."""
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Unpacked:
    """Where the files lie, how many were unpacked and how many left, being neither pictures nor labels."""

    folder: Path
    files: int
    left: int


def unpack(archive: Path, folder: Path) -> Unpacked:
    """Unpack pictures and labels into an empty folder.

    Args:
        archive: a ZIP file.
        folder: made where it is missing.

    Raises:
        DataError: it is no ZIP file, is damaged or locked, a path in it climbs out of its folder, it holds a link, too
            many files, or swells beyond what photographs do.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            listed = [entry for entry in opened.infolist() if not entry.is_dir()]
            _check(listed, archive.name)
            wanted = [entry for entry in listed if _is_wanted(entry)]
            size = 0
            for entry in wanted:
                size += _extract(opened, entry, folder, MAX_BYTES - size, archive.name)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise DataError(f"'{archive.name}' cannot be unpacked ({error}).") from error
    return Unpacked(folder, len(wanted), len(listed) - len(wanted))


def _check(listed: list[zipfile.ZipInfo], name: str) -> None:
    if len(listed) > MAX_FILES:
        raise DataError(f"'{name}' holds {len(listed):,} files; {MAX_FILES:,} are taken at most.")
    for entry in listed:
        if _climbs(entry.filename):
            raise DataError(f"'{name}' is refused: the path '{entry.filename}' in it leads out of its folder.")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise DataError(f"'{name}' is refused: '{entry.filename}' in it is a link.")
        if entry.flag_bits & 1:
            raise DataError(f"'{name}' is locked by a password. Pack it without one.")
        if entry.file_size > max(SMALL, MAX_GROWTH * entry.compress_size):
            raise DataError(f"'{name}' is refused: '{entry.filename}' in it swells as no photograph does.")
    if sum(entry.file_size for entry in listed) > MAX_BYTES:
        raise DataError(f"'{name}' would fill more than {MAX_BYTES // 10**9} GB. Pack fewer pictures.")


def _climbs(path: str) -> bool:
    plain = path.replace("\\", "/")
    return plain.startswith("/") or ".." in PurePosixPath(plain).parts or ":" in plain.split("/")[0] or "\0" in path


def _is_wanted(entry: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return not hidden and path.suffix.lower() in SUFFIXES


def _extract(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, room: int, name: str) -> int:
    """Write one file and give its size; what its header says of that is not believed."""
    target = folder / PurePosixPath(entry.filename.replace("\\", "/"))
    target.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with target.open("wb") as stream:
        for chunk in _chunks(opened, entry):
            size += len(chunk)
            if size > min(room, max(SMALL, MAX_GROWTH * entry.compress_size)):
                raise DataError(f"'{name}' is refused: '{entry.filename}' in it swells as no photograph does.")
            stream.write(chunk)
    return size


def _chunks(opened: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    with opened.open(entry) as stream:
        while chunk := stream.read(CHUNK):
            yield chunk
