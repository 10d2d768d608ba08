"""Folders of uploaded slides: each goes with its visitor, all of them with the server, and what a killed server left with the next."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from pathlib import Path
from tempfile import TemporaryDirectory

BEGINS = "allcad-slide"
"""How the name of such a folder begins; the number of the process whose visitor it belongs to follows."""

_folders: weakref.WeakSet[TemporaryDirectory[str]] = weakref.WeakSet()


def stored(content: bytes | memoryview, ending: str) -> tuple[TemporaryDirectory[str], Path]:
    """An upload as a file in a folder of its own, which goes with the object that is returned."""
    folder = TemporaryDirectory(prefix=f"{BEGINS}-{os.getpid()}-", ignore_cleanup_errors=True)
    _folders.add(folder)
    path = Path(folder.name) / f"slide.{ending}"
    path.write_bytes(content)
    return folder, path


def clear() -> None:
    """Remove all folders of this process: a server that is told to end does not come to tidy up after itself."""
    for folder in list(_folders):
        folder.cleanup()


def sweep() -> None:
    """Remove what servers of this user have left behind that were killed."""
    import psutil

    for path in Path(tempfile.gettempdir()).glob(f"{BEGINS}-*-*"):
        number = path.name.split("-")[2]
        if number.isascii() and number.isdigit() and not psutil.pid_exists(int(number)) and _is_own(path):
            shutil.rmtree(path, ignore_errors=True)


def _is_own(path: Path) -> bool:
    try:
        return not hasattr(os, "getuid") or path.lstat().st_uid == os.getuid()
    except OSError:
        return False
