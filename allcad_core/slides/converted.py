"""Large photographs and TIFF without a pyramid: made into one by libvips, strip by strip, and kept."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from allcad_core.images import MIN_SIDE, SIGNATURES
from allcad_core.slides import cache
from allcad_core.slides.base import TILE, Progress, Slide, SlideError
from allcad_core.slides.pyramid import FACTS, TILES, TilePyramid, facts_text

MOST_PIXELS = 40_000_000_000
"""200,000 px a side. What claims to be larger is no slide of this world."""
LOADERS = {"TIFF": "tiffload", "JPEG": "jpegload", "PNG": "pngload", "WEBP": "webpload"}
"""libvips' readers of which allcad makes use, by content; its others take formats apart that nobody asked for."""
BYTES_A_PIXEL = 0.5


def converted(path: Path, name: str, key: str, folder: Path | None = None, progress: Progress | None = None) -> Slide:
    """A pyramid of the picture, made at the first call and found again by its key.

    Args:
        path: of the picture.
        name: what a person calls it.
        key: SHA-256 of its bytes.
        folder: of slides; ``cache.folder()`` without it.
        progress: told per cent. What it raises stops the work, and nothing is kept.

    Raises:
        SlideError: no picture that libvips reads, damaged, too small or too large; no room for the pyramid.
    """
    home = (folder or cache.folder()) / f"file-{key[:24]}"
    if (home / FACTS).exists():
        return TilePyramid(home)
    picture = _opened(path, name)
    cache.room_for(int(BYTES_A_PIXEL * picture.width * picture.height), home.parent)
    part = home.with_name(f"{home.name}.{os.getpid()}.part")
    try:
        _save(picture, part, name, progress)
        text = facts_text(name, (picture.width, picture.height), key, _um_per_px(picture), _kind(path).lower())
        cache.write(part / FACTS, text.encode())
        shutil.rmtree(home, ignore_errors=True)
        part.rename(home)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return TilePyramid(home)


def _opened(path: Path, name: str) -> Any:
    """Header only; pixels come later, from top to bottom."""
    import pyvips

    loader = LOADERS.get(_kind(path))
    if loader is None:
        raise SlideError(
            f"{name} is not a slide that allcad can read. Save it as SVS, NDPI, TIFF or JPEG and open it again."
        )
    try:
        picture = getattr(pyvips.Image, loader)(str(path), access="sequential", fail_on="truncated")
    except pyvips.Error as error:
        raise _damaged(name) from error
    if picture.width * picture.height > MOST_PIXELS:
        raise SlideError(f"{name} has {picture.width} x {picture.height} px; allcad reads up to {MOST_PIXELS:,} px.")
    if min(picture.width, picture.height) < MIN_SIDE:
        raise SlideError(f"{name} has {picture.width} x {picture.height} px; allcad needs {MIN_SIDE} px on each side.")
    return picture


def _kind(path: Path) -> str:
    """The format by the first bytes; empty where they are of none that is known."""
    with path.open("rb") as file:
        start = file.read(12)
    if start[:4] == b"RIFF" and start[8:] == b"WEBP":
        return "WEBP"
    return next((kind for signature, kind in SIGNATURES if start.startswith(signature)), "")


def _save(picture: Any, part: Path, name: str, progress: Progress | None) -> None:
    import pyvips

    told: list[BaseException] = []
    plain = _eight_bit_rgb(picture)

    def tell(_: Any, state: Any) -> None:
        if progress is None or told:
            return
        try:
            progress("Building the pyramid", int(state.percent), 100)
        except BaseException as error:  # raised again below: nothing may pass through libvips' own frames
            told.append(error)
            plain.set_kill(True)

    plain.set_progress(True)
    plain.signal_connect("eval", tell)
    part.mkdir(parents=True)
    try:
        plain.dzsave(str(part / "slide"), tile_size=TILE, overlap=0, suffix=".jpg[Q=90,strip]", depth="onepixel")
    except pyvips.Error as error:
        if told:
            raise told[0] from None
        raise _damaged(name) from error
    if not (part / TILES).is_dir():
        raise _damaged(name)


def _eight_bit_rgb(picture: Any) -> Any:
    """As a person sees it: upright is left to the file, 16 bits become 8, transparency lies over white."""
    if picture.format == "ushort":
        picture = picture.colourspace("srgb")
    if picture.hasalpha():
        picture = picture.flatten(background=255)
    if picture.bands != 3:
        picture = picture.colourspace("srgb") if picture.bands < 3 else picture.extract_band(0, n=3)
    return picture.cast("uchar")


def _um_per_px(picture: Any) -> float | None:
    """From the resolution (px a millimetre), where it is that of a microscope."""
    return 1000 / picture.xres if 50 < picture.xres < 50_000 else None


def _damaged(name: str) -> SlideError:
    return SlideError(
        f"{name} is damaged, cut off or of an unusual kind. Copy it again, or save it anew as TIFF or JPEG."
    )
