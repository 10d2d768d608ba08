"""Generated fields as files: picture, boxes, instance masks, and a manifest that says how to make them again."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from allcad_core.results import Box
from allcad_core.synthesis.fields import GeneratedField, generate
from allcad_core.synthesis.scene import Scene
from allcad_core.synthesis.smear import GeneratedCell

CLASSES = ("blast", "healthy")
"""Names of the classes in the text files, by their number."""

MANIFEST = "manifest.json"

PictureFormat = Literal["jpg", "png"]
Progress = Callable[[str, int, int], None]


def write(
    out: Path,
    count: int,
    seed: int,
    size: tuple[int, int] = (1280, 960),
    progress: Progress | None = None,
    *,
    scene: Scene | None = None,
    picture_format: PictureFormat = "png",
    quality: int = 92,
) -> list[Path]:
    """Write ``count`` fields; field i is ``generate(seed + i, size, scene)``.

    For each: ``STEM.png`` or ``.jpg``; ``STEM.txt`` (YOLO: class, middle x, middle y, width, height as shares; 0 blast,
    1 healthy); ``STEM.nuclei.png`` and ``STEM.bodies.png`` (uint16, the number of the cell). ``manifest.json`` lists all.

    Args:
        out: folder, made where it is missing.
        count: number of fields.
        seed: of the first field.
        size: width, height in pixels.
        progress: told the step's words, its number from 1 and the number of steps.
        scene: what they show; ``None`` draws one for each seed.
        picture_format: of the photograph. PNG keeps every pixel; JPEG is what cameras give.
        quality: of a JPEG.

    Returns:
        The photographs' paths.

    Raises:
        SceneError: as ``generate``.
        OSError: the folder cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    paths, entries = [], []
    for number in range(count):
        stem = f"smear-{seed + number:06d}"
        field = generate(seed + number, size, scene)
        path = out / f"{stem}.{picture_format}"
        save_picture(path, field.pixels, quality)
        (out / f"{stem}.txt").write_text(yolo_text(field.cells, size), encoding="utf-8")
        _save_mask(out / f"{stem}.nuclei.png", field.nuclei)
        _save_mask(out / f"{stem}.bodies.png", field.bodies)
        paths.append(path)
        entries.append(describe(field, path.name))
        if progress is not None:
            progress(path.name, number + 1, count)
    text = json.dumps({"schema_version": 1, "classes": CLASSES, "fields": entries}, indent=2)
    (out / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return paths


def describe(field: GeneratedField, file: str) -> dict[str, Any]:
    """What a manifest says about a field: how it was made and what is true of it."""
    height, width = field.pixels.shape[:2]
    return {
        "file": file,
        "seed": field.seed,
        "width": width,
        "height": height,
        "counts": counts(field.cells),
        "cells": [
            {"number": cell.number, "kind": cell.kind, "label": cell.label, "box": list(cell.box)}
            for cell in field.cells
        ],
        "scene": field.scene.to_dict(),
    }


def counts(cells: Sequence[GeneratedCell]) -> dict[str, int]:
    """Number of cells of each class."""
    labels = [cell.label for cell in cells]
    return {name: labels.count(name) for name in ("blast", "healthy")}


def yolo_text(cells: Sequence[GeneratedCell], size: tuple[int, int]) -> str:
    """Boxes in YOLO's text form, a line each, in shares of the picture."""
    lines = []
    for cell in cells:
        x0, y0, x1, y1 = cell.box
        width, height = size
        shares = ((x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height)
        lines.append(" ".join([str(CLASSES.index(cell.label)), *(f"{share:.8f}" for share in shares)]) + "\n")
    return "".join(lines)


def read_yolo_text(text: str, size: tuple[int, int]) -> list[tuple[str, Box]]:
    """Class names and boxes in pixels from YOLO's text form; the other way of ``yolo_text``.

    Raises:
        ValueError: a line does not hold a class and four shares.
    """
    found = []
    for line in text.splitlines():
        name, x, y, width, height = line.split()
        across, down = float(x) * size[0], float(y) * size[1]
        half_width, half_height = float(width) * size[0] / 2, float(height) * size[1] / 2
        box = (across - half_width, down - half_height, across + half_width, down + half_height)
        found.append((CLASSES[int(name)], box))
    return found


def save_picture(path: Path, pixels: np.ndarray[Any, np.dtype[np.uint8]], quality: int = 92) -> None:
    """Save as the extension says; a JPEG with colour at half resolution, as cameras write it."""
    from PIL import Image

    picture = Image.fromarray(pixels)
    if path.suffix == ".jpg":
        picture.save(path, quality=quality, subsampling="4:2:0", optimize=True)
    else:
        picture.save(path, compress_level=3)


def _save_mask(path: Path, labels: np.ndarray[Any, np.dtype[np.int32]]) -> None:
    from PIL import Image

    Image.fromarray(labels.astype(np.uint16)).save(path)
