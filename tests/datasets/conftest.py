"""Tiny data folders made of noise, so that readers and checks are tried without real pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

Draw = Callable[..., Path]


def blobs(seed: int, size: tuple[int, int], radius: float = 9) -> Image.Image:
    """A picture of soft blobs, different for each seed, as unlike its neighbours as two fields are."""
    noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    soft = np.asarray(Image.fromarray(noise).filter(ImageFilter.GaussianBlur(radius)), float)
    stretched = (soft - soft.mean()) / soft.std() * 45 + 128
    return Image.fromarray(np.clip(stretched, 0, 255).astype(np.uint8))


@pytest.fixture
def draw() -> Draw:
    """Write a picture of blobs: ``draw(path, seed, size)``."""

    def write(path: Path, seed: int = 0, size: tuple[int, int] = (96, 72), picture: Image.Image | None = None) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        (picture or blobs(seed, size)).save(path)
        return path

    return write


@pytest.fixture
def official(tmp_path: Path, draw: Draw) -> Path:
    """The official layout of ALL-IDB with four fields and three crops, nothing beside it."""
    for number, label in ((1, 1), (2, 1), (34, 0), (35, 0)):
        draw(tmp_path / "ALL_IDB1" / "im" / f"Im{number:03d}_{label}.jpg", number, (320, 240))
        points = tmp_path / "ALL_IDB1" / "xyc" / f"Im{number:03d}_{label}.xyc"
        points.parent.mkdir(exist_ok=True)
        points.write_text("100\t80\n200 150 \n\n" if label else "", encoding="utf-8")
    for number, source, label in ((1, 1, 1), (2, 2, 1), (131, 34, 0)):
        field = Image.open(tmp_path / "ALL_IDB1" / "im" / f"Im{source:03d}_{label}.jpg")
        draw(tmp_path / "ALL_IDB2" / "img" / f"Im{number:03d}_{label}.tif", picture=field.crop((40, 30, 168, 158)))
    return tmp_path
