"""Training tiles for detectors: cut from fields at the scale of their red cells, turned by any angle, restained."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core.detection.ultralytics import target_size
from allcad_core.errors import DataError
from allcad_core.ground import BALANCED
from allcad_core.results import Box
from allcad_core.training.truth import Kind, TrueField

CLASSES = ("blast", "healthy")
LabelledTile = tuple[NDArray[np.uint8], list[tuple[Kind, Box]]]
"""Pixels, uint8 (size, size, 3), and the cells in them: kind and box in px of the tile."""
SIZES = (0.7, 1.4)
"""Scale jitter around the size at which the network will see the field."""
ON_A_CELL = 0.8
"""Share of tiles that are centred near a cell; the others show whatever is there."""
VALIDATED = 4
SEEN = 0.5
"""A cell of which less is left in the tile is painted over."""


def write_tiles(
    fields: Sequence[TrueField], count: int, folder: Path, rng: np.random.Generator, size: int = 416
) -> Path:
    """Write tiles of these fields, each as often as any other; see ``store``. Raises DataError where there is none."""
    if not fields:
        raise DataError("There are no fields to cut tiles from.")
    order = np.concatenate([rng.permutation(len(fields)) for _ in range(-(-count // len(fields)))])[:count]
    return store((tile(fields[index], rng, size) for index in order), folder)


def store(tiles: Iterable[LabelledTile], folder: Path) -> Path:
    """Write tiles and YOLO labels, and last the data file that names them.

    Args:
        tiles: pixels and cells.
        folder: gets ``images/``, ``labels/`` and ``data.yaml``.

    Returns:
        The data file. Validation names a few of the training tiles: it is not used to choose anything, and the trainer
        would look at all of them after its last epoch.
    """
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for number, (pixels, boxes) in enumerate(tiles):
        size = pixels.shape[0]
        cv2.imwrite(str(folder / "images" / f"{number:05d}.png"), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
        lines = [
            f"{CLASSES.index(kind)} {(x0 + x1) / 2 / size:.5f} {(y0 + y1) / 2 / size:.5f} "
            f"{(x1 - x0) / size:.5f} {(y1 - y0) / size:.5f}"
            for kind, (x0, y0, x1, y1) in boxes
        ]
        (folder / "labels" / f"{number:05d}.txt").write_text("\n".join(lines), encoding="ascii")
    data = folder / "data.yaml"
    names = "\n".join(f"  {number}: {name}" for number, name in enumerate(CLASSES))
    few = sorted(path.name for path in (folder / "images").iterdir())[:VALIDATED]
    (folder / "val.txt").write_text("".join(f"./images/{name}\n" for name in few), encoding="ascii")
    data.write_text(f"path: {folder.resolve()}\ntrain: images\nval: val.txt\nnames:\n{names}\n", encoding="utf-8")
    return data


def tile(field: TrueField, rng: np.random.Generator, size: int) -> LabelledTile:
    """One tile, uint8 (size, size, 3), and its cells: kind and box in px of the tile."""
    pixels, boxes = cut(field, rng, size, float(rng.uniform(*SIZES)))
    return restain(pixels, rng), boxes


def cut(field: TrueField, rng: np.random.Generator, size: int, enlarged: float = 1.0) -> LabelledTile:
    """A piece of a field, turned by any angle, its stain as it is.

    Args:
        field: where it is cut from.
        rng: source of chance.
        size: side in px.
        enlarged: scale beside that at which the network will see the field.
    """
    height, width = field.balanced.shape[:2]
    scale = target_size(width, height, field.red_cell_diameter)[0] / width * enlarged
    cells = field.cells
    if cells and rng.random() < ON_A_CELL:
        x0, y0, x1, y1 = cells[rng.integers(len(cells))][1]
        centre = np.array([(x0 + x1) / 2, (y0 + y1) / 2]) + rng.uniform(-0.35, 0.35, 2) * size / scale
    else:
        centre = rng.uniform([0, 0], [width, height])
    turn = cv2.getRotationMatrix2D((0.0, 0.0), float(rng.uniform(0, 360)), scale)
    if rng.random() < 0.5:
        turn[0] *= -1
    turn[:, 2] = size / 2 - turn[:, :2] @ centre
    source, shrunk = field.balanced, 1.0
    if scale < 0.5:  # averaging first keeps what plain sampling would skip
        shrunk = 2 * scale
        source = np.asarray(cv2.resize(source, None, fx=shrunk, fy=shrunk, interpolation=cv2.INTER_AREA), np.uint8)
    warp = np.column_stack([turn[:, :2] / shrunk, turn[:, 2]])
    ground = (BALANCED, BALANCED, BALANCED)
    pixels = np.asarray(cv2.warpAffine(source, warp, (size, size), borderValue=ground), np.uint8)
    boxes: list[tuple[Kind, Box]] = []
    hidden = []
    for kind, box in cells:
        moved = _moved(box, np.asarray(turn, np.float64))
        cut = np.clip(moved, 0, size)
        whole, left = _area(moved), _area(cut)
        if left <= 0:
            continue
        if kind == "ignore" or left < SEEN * whole:
            hidden.append(moved)
        else:
            boxes.append((kind, (float(cut[0]), float(cut[1]), float(cut[2]), float(cut[3]))))
    _paint_out(pixels, hidden, [box for _, box in boxes])
    return pixels, boxes


def whole(field: TrueField, size: int) -> LabelledTile:
    """A whole field, its long side resized to ``size`` px, on a square of ground: what the papers train on."""
    height, width = field.balanced.shape[:2]
    scale = size / max(height, width)
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    pixels = np.full((size, size, 3), BALANCED, np.uint8)
    pixels[:high, :wide] = cv2.resize(field.balanced, (wide, high), interpolation=cv2.INTER_AREA)
    boxes: list[tuple[Kind, Box]] = []
    hidden = []
    for kind, (x0, y0, x1, y1) in field.cells:
        box = (x0 * scale, y0 * scale, x1 * scale, y1 * scale)
        if kind == "ignore":
            hidden.append(np.array(box))
        else:
            boxes.append((kind, box))
    _paint_out(pixels, hidden, [box for _, box in boxes])
    return pixels, boxes


def _paint_out(pixels: NDArray[np.uint8], hidden: Sequence[NDArray[np.float64]], kept: Sequence[Box]) -> None:
    """Turn what is hidden into ground, in place; round, as cells are, and never over a cell that is kept."""
    paint = np.zeros(pixels.shape[:2], np.uint8)
    for boxes, value in ((hidden, 255), (kept, 0)):
        for x0, y0, x1, y1 in boxes:
            centre, axes = ((x0 + x1) / 2, (y0 + y1) / 2), (1.1 * (x1 - x0), 1.1 * (y1 - y0))
            cv2.ellipse(paint, (centre, axes, 0.0), value, cv2.FILLED)
    pixels[paint > 0] = BALANCED


def _moved(box: tuple[float, float, float, float], turn: NDArray[np.float64]) -> NDArray[np.float64]:
    """The upright box around a turned cell: cells are round, so that of the inscribed ellipse, not of the corners."""
    x0, y0, x1, y1 = box
    centre = turn[:, :2] @ np.array([(x0 + x1) / 2, (y0 + y1) / 2]) + turn[:, 2]
    half = np.sqrt((turn[:, :2] ** 2) @ np.array([(x1 - x0) ** 2, (y1 - y0) ** 2])) / 2
    return np.concatenate([centre - half, centre + half])


def _area(box: NDArray[np.float64]) -> float:
    return float(max(box[2] - box[0], 0) * max(box[3] - box[1], 0))


def restain(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The same cells in a stain and under a lamp of another day: densities scaled by chance."""
    gain = np.exp(0.2 * rng.standard_normal() + 0.1 * rng.standard_normal(3))
    lamp = BALANCED * np.exp(0.03 * rng.standard_normal(3))
    levels = np.arange(1, 257, dtype=np.float64)[:, None] / (BALANCED + 1)
    table = np.clip(np.rint(lamp * levels**gain), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(pixels, table[None]), np.uint8)
