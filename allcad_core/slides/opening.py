"""The one door to slides: any file that shows one, or the folder of a pyramid that was made here."""

from __future__ import annotations

import hashlib
from pathlib import Path

from allcad_core.images import base_name
from allcad_core.slides import converted, vendor
from allcad_core.slides.base import Progress, Slide, SlideError
from allcad_core.slides.pyramid import TilePyramid

CHUNK = 1 << 24
ENDINGS = ("svs", "ndpi", "mrxs", "scn", "bif", "vms", "svslide", "tif", "tiff", "jpg", "jpeg", "png", "webp")
"""Of files that may be slides; what they are is judged by their content."""


def open_slide(
    path: Path, name: str | None = None, *, folder: Path | None = None, progress: Progress | None = None
) -> Slide:
    """Open a slide: SVS, NDPI, MRXS, SCN, BIF, (OME-)TIFF, JPEG, PNG, WebP, or a folder that ``generated_slide`` made.

    What has no pyramid of its own gets one in the folder of slides, once.

    Args:
        path: of the file or folder.
        name: what a person calls it; the path's last part without it.
        folder: where pyramids are kept; ``cache.folder()`` without it.
        progress: told the step, and how much of it is done.

    Raises:
        SlideError: not there, not readable, damaged, or no room for its pyramid.
    """
    shown = base_name(name or str(path))
    if path.is_dir():
        return TilePyramid(path)
    key = _digest(path, shown, progress)
    return vendor.opened(path, shown, key) or converted.converted(path, shown, key, folder, progress)


def _digest(path: Path, shown: str, progress: Progress | None) -> str:
    digest = hashlib.sha256()
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                if progress is not None:
                    progress("Reading the file", file.tell() // CHUNK, -(-size // CHUNK))
    except OSError as error:
        raise SlideError(f"{shown} cannot be opened: {error.strerror or error}.") from error
    if size == 0:
        raise SlideError(f"{shown} is empty. Copy it again from where it was scanned.")
    return digest.hexdigest()
