"""Whole slides: painted and written tile by tile, so that memory does not grow with their size."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from allcad_core.synthesis.camera import Window
from allcad_core.synthesis.fields import lay
from allcad_core.synthesis.scene import Scene, SceneError
from allcad_core.synthesis.smear import Smear
from allcad_core.synthesis.writing import CLASSES, Progress, counts, yolo_text

TILE = 512
"""Pixels a side of a tile."""

MOST_CELLS = 65_535
"""White cells that masks of 16 bits can number."""

Tile = np.ndarray[Any, np.dtype[Any]]


def write_slide(
    out: Path,
    seed: int,
    size: tuple[int, int] = (20_000, 20_000),
    scene: Scene | None = None,
    *,
    tile: int = TILE,
    progress: Progress | None = None,
) -> Path:
    """Write one slide: ``STEM.tif``, ``STEM.nuclei.tif``, ``STEM.bodies.tif``, ``STEM.txt`` and ``STEM.json``.

    The pictures are tiled BigTIFF, deflated without loss; the masks hold the number of the cell (uint16); the text file
    is YOLO's (0 blast, 1 healthy). In memory stand one tile, the last painted cells and the list of positions.

    Args:
        out: folder, made where it is missing.
        seed: 0 or above.
        size: width, height in pixels.
        scene: what it shows; ``None`` draws one from the seed.
        tile: pixels a side of a tile, a multiple of 16. The slide's pixels do not depend on it.
        progress: told the step's words, its number from 1 and the number of steps.

    Returns:
        The path of the picture.

    Raises:
        SceneError: as ``generate``; a tile that TIFF does not allow; more white cells than masks can number.
        OSError: the folder cannot be written.
    """
    if tile < 16 or tile % 16:
        raise SceneError(f"The tile is {tile} pixels, but must be a multiple of 16.")
    smear = lay(seed, size, scene)
    if len(smear.layout.white) > MOST_CELLS:
        raise SceneError(
            f"The slide holds {len(smear.layout.white)} white cells, but masks number {MOST_CELLS} at most: "
            "lower white_density or the size."
        )
    out.mkdir(parents=True, exist_ok=True)
    stem = out / f"slide-{seed:06d}"
    told = _Told(progress, 3 * len(list(windows(size, tile))))
    path = stem.with_suffix(".tif")
    _write_tiff(path, smear, tile, smear.pixels, told)
    for number, name in enumerate(("nuclei", "bodies")):
        _write_tiff(Path(f"{stem}.{name}.tif"), smear, tile, _mask(smear, number), told)
    stem.with_suffix(".txt").write_text(yolo_text(smear.cells, size), encoding="utf-8")
    facts = {
        "schema_version": 1,
        "classes": CLASSES,
        "file": path.name,
        "seed": seed,
        "width": size[0],
        "height": size[1],
        "counts": counts(smear.cells),
        "scene": smear.scene.to_dict(),
    }
    stem.with_suffix(".json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return path


def windows(size: tuple[int, int], tile: int) -> Iterator[Window]:
    """Windows of the tiles of a slide, row by row; the last ones are smaller."""
    for y in range(0, size[1], tile):
        for x in range(0, size[0], tile):
            yield x, y, min(x + tile, size[0]), min(y + tile, size[1])


class _Told:
    """Counts tiles over all files and tells how far the slide is."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def step(self, words: str) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(words, self._done, self._total)


def _mask(smear: Smear, number: int) -> Callable[[Window], Tile]:
    """Paints the mask of nuclei (0) or bodies (1) of a window, uint16."""
    return lambda window: smear.masks(window)[number].astype(np.uint16)


def _write_tiff(path: Path, smear: Smear, tile: int, paint: Callable[[Window], Tile], told: _Told) -> None:
    from tifffile import TiffWriter

    sample = paint((0, 0, 16, 16))
    depth, dtype = sample.shape[2:], sample.dtype

    def tiles() -> Iterator[Tile]:
        for window in windows(smear.size, tile):
            part = paint(window)
            full = np.zeros((tile, tile, *depth), dtype)
            full[: part.shape[0], : part.shape[1]] = part
            told.step(path.name)
            yield full

    pixels_per_centimetre = smear.scene.magnification * 1e4
    with TiffWriter(path, bigtiff=True) as writer:
        writer.write(
            tiles(),
            shape=(smear.size[1], smear.size[0], *depth),
            dtype=dtype,
            tile=(tile, tile),
            photometric="rgb" if depth else "minisblack",
            compression="zlib",
            compressionargs={"level": 1},
            resolution=(pixels_per_centimetre, pixels_per_centimetre),
            resolutionunit="CENTIMETER",
            metadata=None,
        )
