"""Good pictures in many forms: what is mutated."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator
from PIL import Image

SIDE = 96
"""Pixels of the pictures that are mutated."""


def cell_picture(generator: Generator, side: int = SIDE) -> Image.Image:
    """A pale ground with a dark disc, as a crop of one cell looks from afar."""
    rows, columns = np.mgrid[:side, :side]
    inside = (rows - side / 2) ** 2 + (columns - side / 2) ** 2 < (side / 4) ** 2
    pixels = np.where(inside[..., None], (90, 50, 140), (225, 215, 210)) + generator.integers(-9, 9, (side, side, 3))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """A picture as the bytes of a file."""
    memory = io.BytesIO()
    picture.save(memory, kind, **options)
    return memory.getvalue()


def good(generator: Generator) -> tuple[str, bytes]:
    """A good picture in one of many forms, and its ending."""
    picture = cell_picture(generator)
    exif = Image.Exif()
    exif[0x0112] = int(generator.integers(1, 9))
    forms: list[tuple[str, Callable[[], bytes]]] = [
        ("jpg", lambda: saved(picture, "JPEG", exif=exif)),
        ("jpg", lambda: saved(picture, "JPEG", progressive=True, quality=60)),
        ("jpg", lambda: saved(picture.convert("CMYK"), "JPEG")),
        ("png", lambda: saved(picture, "PNG")),
        ("png", lambda: saved(picture.quantize(16), "PNG", transparency=3)),
        ("png", lambda: saved(Image.fromarray(np.asarray(picture.convert("L"), np.uint16) * 257), "PNG")),
        ("tif", lambda: saved(picture, "TIFF")),
        ("tif", lambda: saved(picture, "TIFF", compression="tiff_lzw", exif=exif)),
        ("tif", lambda: saved(picture, "TIFF", compression="tiff_adobe_deflate")),
        ("tif", lambda: saved(picture, "TIFF", compression="jpeg")),
        ("tif", lambda: _deep_tiff(picture)),
        ("webp", lambda: saved(picture, "WEBP")),
        ("webp", lambda: saved(picture.convert("RGBA"), "WEBP", lossless=True)),
        ("bmp", lambda: saved(picture, "BMP")),
    ]
    ending, make = forms[int(generator.integers(len(forms)))]
    return ending, make()


def _deep_tiff(picture: Image.Image) -> bytes:
    import tifffile

    memory = io.BytesIO()
    tifffile.imwrite(memory, np.asarray(picture, np.uint16) * 257, photometric="rgb", planarconfig="separate")
    return memory.getvalue()
