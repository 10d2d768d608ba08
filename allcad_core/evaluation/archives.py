"""Unpack a ZIP file of strangers: pictures and their labels, nothing that climbs out, nothing that swells."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from allcad_core.archives import check, chunks, is_wanted, sentences
from allcad_core.datasets.base import PICTURE_SUFFIXES

MAX_FILES = 20_000
MAX_BYTES = 4_000_000_000
"""Of all that is unpacked: some thousand photographs of a microscope's camera."""
SUFFIXES = frozenset(PICTURE_SUFFIXES) | {".txt", ".names", ".json", ".xml", ".yaml", ".yml", ".csv"}
"""What is unpacked; the rest is left in the file."""


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
    with sentences(archive.name), zipfile.ZipFile(archive) as opened:
        listed = [entry for entry in opened.infolist() if not entry.is_dir()]
        check(listed, archive.name, MAX_FILES, MAX_BYTES)
        wanted = [entry for entry in listed if is_wanted(entry, SUFFIXES)]
        folder.mkdir(parents=True, exist_ok=True)
        size = 0
        for entry in wanted:
            size += _extract(opened, entry, folder, MAX_BYTES - size, archive.name)
    return Unpacked(folder, len(wanted), len(listed) - len(wanted))


def _extract(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, room: int, name: str) -> int:
    """Write one file and give its size."""
    target = folder / PurePosixPath(entry.filename.replace("\\", "/"))
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as stream:
        return sum(stream.write(chunk) for chunk in chunks(opened, entry, room, name))
