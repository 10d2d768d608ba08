"""Pictures of which every pixel is known, as files of every kind, and the words with which one is refused."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tifffile
from PIL import Image

from allcad_core.errors import ImageError
from allcad_core.images import read

HEIGHT, WIDTH = 80, 120
LOSSY = 14
"""Grey levels by which a JPEG of high quality may differ on the smooth picture below."""


def smooth(channels: int = 3) -> np.ndarray:
    """A picture whose every channel and every corner differs, smooth enough for JPEG."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    layers = [255 * x / WIDTH, 255 * y / HEIGHT, 255 - 127 * (x / WIDTH + y / HEIGHT), 255 * (x + y) / (WIDTH + HEIGHT)]
    return np.stack(layers[:channels], axis=2).round().astype(np.uint8)


def deep(bits: int = 16, channels: int = 3) -> np.ndarray:
    """The same in 16-bit values of which ``bits`` are used, with the ends of the range in the picture."""
    full = 2**bits - 1
    noise = np.random.default_rng(7).integers(0, 2 ** (bits - 8), (HEIGHT, WIDTH, channels))
    values = (smooth(channels).astype(np.int64) << (bits - 8)) + noise
    values[0, 0], values[-1, -1] = 0, full
    return values.clip(0, full).astype(np.uint16)


def scaled(values: np.ndarray, bits: int) -> np.ndarray:
    """By the definition: the full range of ``bits`` becomes 0 to 255, rounded."""
    return np.floor(values.astype(np.float64) * 255 / (2**bits - 1) + 0.5).astype(np.uint8)


def encoded(kind: str, picture: np.ndarray | Image.Image | None = None, **options: object) -> bytes:
    if picture is None:
        picture = smooth()
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def tiff(values: np.ndarray, **options: object) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, **options)
    return buffer.getvalue()


def refusal(data: bytes, name: str) -> str:
    with pytest.raises(ImageError) as caught:
        read(data, f"/secret/folder/{name}")
    message = str(caught.value)
    assert message.startswith(name), message
    assert "secret" not in message
    assert message.endswith(".")
    return message
