"""Slides that are painted here on demand and kept: tile by tile, so that a killed painter goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np

from allcad_core.slides import cache
from allcad_core.slides.base import TILE, Pixels, Progress, Slide, encoded, halved
from allcad_core.slides.pyramid import FACTS, TILES, TilePyramid, deep_zoom_text, facts_text
from allcad_core.synthesis import Scene, Smear
from allcad_core.synthesis.fields import lay
from allcad_core.synthesis.writing import counts, yolo_text

SIZE = (20_000, 20_000)
SCENE = Scene(white_density=420.0, blast_fraction=0.4, clustering=0.12, smudge_density=15.0, vignetting=0.02)
"""A smear as the page shows it: cells to be found everywhere, blasts among them."""
PAINTER = 1
"""Raise it when the painter changes what a seed looks like: older tiles are not mixed with newer ones."""
BYTES_A_PIXEL = 0.4
"""Room that JPEG tiles of all levels take."""


def generated_slide(
    seed: int,
    size: tuple[int, int] = SIZE,
    scene: Scene = SCENE,
    *,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> Slide:
    """A generated slide; painted at the first call, found again by the next ones.

    Beside the tiles lie ``truth.txt`` (YOLO, 0 blast, 1 healthy) and ``slide.dzi``. Tiles that a killed painter left
    behind are taken over: each was written wholly or not at all.

    Args:
        seed: 0 or above.
        size: width, height in px.
        scene: what it shows.
        folder: of slides; ``cache.folder()`` without it.
        progress: told the step, and tiles done and to do. What it raises stops the painting.

    Raises:
        SlideError: the folder cannot be written, or the disk is full.
        SceneError: seed or size is out of range.
    """
    made = json.dumps([PAINTER, seed, size, scene.to_dict()], sort_keys=True)
    key = hashlib.sha256(made.encode()).hexdigest()
    home = (folder or cache.folder()) / f"generated-{seed}-{size[0]}x{size[1]}-{key[:8]}"
    if not (home / FACTS).exists():
        cache.room_for(int(BYTES_A_PIXEL * size[0] * size[1]), home)
        _paint(home, seed, size, scene, key, progress)
    return TilePyramid(home)


def _paint(home: Path, seed: int, size: tuple[int, int], scene: Scene, key: str, progress: Progress | None) -> None:
    if progress is not None:
        progress("Laying out the cells", 0, 1)
    smear = lay(seed, size, scene)
    levels = (max(size) - 1).bit_length()
    total = sum(len(_places(size, levels - level)) for level in range(levels + 1))
    done = 0
    for level in range(levels, -1, -1):
        for column, row in _places(size, levels - level):
            path = home / TILES / str(level) / f"{column}_{row}.jpg"
            if not path.exists():
                full = level == levels
                pixels = _painted(smear, column, row) if full else _gathered(path.parent.parent, level, column, row)
                cache.write(path, encoded(pixels, 90))
            done += 1
            if progress is not None:
                progress("Painting the slide", done, total)
    name = f"generated-slide-{seed}"
    cache.write(home / "truth.txt", yolo_text(smear.cells, size).encode())
    cache.write(home / "counts.json", json.dumps(counts(smear.cells)).encode())
    cache.write(home / "slide.dzi", deep_zoom_text(size).encode())
    cache.write(home / FACTS, facts_text(name, size, key, 1 / scene.magnification, "generated").encode())


def _places(size: tuple[int, int], halvings: int) -> list[tuple[int, int]]:
    """Columns and rows of the tiles of a level."""
    width, height = (-(-side // (1 << halvings)) for side in size)
    return [(column, row) for row in range(-(-height // TILE)) for column in range(-(-width // TILE))]


def _painted(smear: Smear, column: int, row: int) -> Pixels:
    x0, y0 = column * TILE, row * TILE
    return np.asarray(smear.pixels((x0, y0, min(x0 + TILE, smear.size[0]), min(y0 + TILE, smear.size[1]))), np.uint8)


def _gathered(tiles: Path, level: int, column: int, row: int) -> Pixels:
    """A tile from the four below it."""
    rows = []
    for below in (2 * row, 2 * row + 1):
        paths = [tiles / str(level + 1) / f"{across}_{below}.jpg" for across in (2 * column, 2 * column + 1)]
        parts = [_read(path) for path in paths if path.exists()]
        if parts:
            rows.append(np.hstack(parts))
    return halved(np.vstack(rows))


def _read(path: Path) -> Pixels:
    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None, path
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
