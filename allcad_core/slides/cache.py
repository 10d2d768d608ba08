"""The folder where slides that were made here are kept, and how to write into it."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from allcad_core.files import replacing
from allcad_core.slides.base import SlideError

VARIABLE = "ALLCAD_CACHE"
"""Environment variable that names the folder for what can be made again."""
KEEP_FREE = 1 << 30
"""Bytes that stay free on the disk, whatever is made."""


def folder() -> Path:
    """The folder of slides; it is made when something is written. ``$ALLCAD_CACHE`` or the system's own place."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named) / "slides"
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    elif os.name == "nt":
        base = Path(os.environ.get("LOCALAPPDATA") or tempfile.gettempdir())
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "allcad" / "slides"


def room_for(size: int, place: Path) -> None:
    """Make the folder ``place``, sure that so many bytes fit.

    Raises:
        SlideError: they do not, or nobody may write there.
    """
    try:
        place.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(place).free
    except OSError as error:
        raise SlideError(
            f"Nothing can be written into the folder for slides: {error.strerror or error}. "
            f"Name another one with ${VARIABLE}."
        ) from error
    if free < size + KEEP_FREE:
        raise SlideError(
            f"A slide of about {size / 1e6:,.0f} MB does not fit on the disk, where {free / 1e6:,.0f} MB are free. "
            f"Name another folder with ${VARIABLE}."
        )


def write(path: Path, content: bytes) -> None:
    """Write a file wholly or not at all.

    Raises:
        SlideError: the folder cannot be written.
    """
    try:
        with replacing(path, settled=False) as half:  # a slide that is not complete is painted on
            half.write_bytes(content)
    except OSError as error:
        raise SlideError(
            f"Nothing can be written into the folder for slides: {error.strerror or error}. "
            f"Free some space, or name another folder with ${VARIABLE}."
        ) from error
