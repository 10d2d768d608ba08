"""Where the pictures of a run lie: folders with all that is in them, patterns, ZIP files, single files."""

from __future__ import annotations

import glob
import os
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from allcad_core import files
from allcad_core.archives import check, is_wanted, sentences
from allcad_core.errors import DataError
from allcad_core.images import FORMATS

MAX_MEMBERS = 200_000
"""Files of one ZIP file: its list is held in memory, about 500 bytes a file."""
PICTURES = frozenset().union(*FORMATS.values())
WRITTEN = PICTURES | {ending.upper() for ending in PICTURES}
"""Endings as cameras write them."""
SLIDES = frozenset({".svs", ".ndpi", ".scn", ".mrxs", ".bif", ".vms", ".vmu"})
"""Endings of scanned slides."""
ZIP = ".zip"


@dataclass(frozen=True, slots=True)
class Place:
    """One picture of a run.

    Attributes:
        path: of the file, or of the ZIP file that holds it.
        member: its path in the ZIP file; empty for a file of its own.
        name: what results call it: its path from where the source was named.
        refused: why nothing can be read there; empty where something may.
    """

    path: Path
    member: str
    name: str
    refused: str = ""


def find(sources: Iterable[str], skip: Path | None = None) -> Iterator[Place]:
    """Every picture of the sources, one after the other; no list of them is held.

    A folder gives its pictures and slides, by their endings, with those of all its folders; hidden ones and masks that
    allcad wrote beside a photograph are left out, and links to folders are not followed. A ZIP file that is named, or
    that a pattern matches, gives its pictures. A file that is named itself is judged by its content. What cannot be
    opened comes as a place that says why.

    Args:
        sources: folders, files, ZIP files, or patterns with ``*``, ``?``, ``[...]`` or ``**``.
        skip: a folder that is left out, as the run writes there.
    """
    left_out = None if skip is None else skip.absolute()
    for source in sources:
        if not os.path.lexists(source) and glob.has_magic(source):
            matched = False
            for match in glob.iglob(source, recursive=True):  # noqa: PTH207 (keeps ./ and drives)
                matched = True
                yield from _of_one(match, left_out)
            if not matched:
                yield Place(Path(source).absolute(), "", source, f"Nothing is called like '{source}'.")
        else:
            yield from _of_one(source, left_out)


def _of_one(source: str, skip: Path | None) -> Iterator[Place]:
    path = Path(source).absolute()
    shown = _shown(source)
    if path == skip:
        return
    if path.is_dir():
        yield from _in_folder(path, shown, skip)
    elif not path.is_file():
        yield Place(path, "", shown, f"{shown} is not there. Check the path.")
    elif path.suffix.lower() == ZIP or (path.suffix.lower() not in PICTURES and zipfile.is_zipfile(path)):
        yield from _in_archive(path, shown)
    else:
        yield Place(path, "", shown)


def _shown(source: str) -> str:
    """A source as results call it: as it was given, but where that says where it lies on the machine."""
    plain = PurePosixPath(source.replace("\\", "/") if os.name == "nt" else source)
    if Path(source).is_absolute() or ".." in plain.parts:
        return Path(os.path.normpath(Path(source).absolute())).name or "root"
    return str(plain)


def _in_folder(folder: Path, shown: str, skip: Path | None) -> Iterator[Place]:
    """The pictures below a folder, in the order in which the system lists them."""
    open_folders = [(folder, "" if shown == "." else f"{shown}/")]
    while open_folders:
        here, before = open_folders.pop()
        try:
            with os.scandir(here) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    path = here / entry.name
                    if entry.is_dir(follow_symlinks=False):
                        if path != skip:
                            open_folders.append((path, f"{before}{entry.name}/"))
                    elif path.suffix.lower() in PICTURES | SLIDES and entry.is_file() and not _is_ours(path):
                        yield Place(path, "", f"{before}{entry.name}")
        except OSError as error:
            name = before.rstrip("/") or folder.name
            yield Place(here, "", name, f"The folder {name} cannot be opened ({error.strerror or error}).")


def _is_ours(path: Path) -> bool:
    """Whether allcad wrote the picture beside a photograph that lies there."""
    stem = files.written_beside(path.name)
    return stem is not None and any(path.with_name(f"{stem}{ending}").is_file() for ending in WRITTEN)


def _in_archive(path: Path, shown: str) -> Iterator[Place]:
    try:
        with sentences(path.name), zipfile.ZipFile(path) as opened:
            listed = [entry for entry in opened.infolist() if not entry.is_dir()]
            check(listed, path.name, MAX_MEMBERS)
            members = [entry.filename for entry in listed if is_wanted(entry, PICTURES)]
    except DataError as error:
        yield Place(path, "", shown, str(error))
        return
    stems = {str(PurePosixPath(member).with_suffix("")) for member in members}
    for member in members:
        if files.written_beside(member) in stems:
            continue
        yield Place(path, member, f"{shown}/{member}")
