"""Composed tiles: cells cut out by their outline and set down on other fields, so that few cells make many pictures.

Few annotated fields make few steps, and a detector that always sees one patient's blasts on that patient's ground learns
the ground. Here every cell may lie on every ground: what stays the same is the cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core.detection.base import match
from allcad_core.detection.ultralytics import RED_CELL_PX, target_size
from allcad_core.ground import BALANCED
from allcad_core.results import Box
from allcad_core.training.tiles import SIZES, LabelledTile, cut, restain
from allcad_core.training.truth import Kind, TrueField

STORED_RED_CELL = 40.0
"""Fields are shrunk once to this size of a red cell in px: enough for the largest scale that tiles are drawn at."""
MATCHED = 0.6
"""A true box and an outline of this IoU or more are the same cell."""
FEATHER = 0.06
"""Softness of a pasted edge, as a share of the cell's diameter."""
MOST_PASTED = 6
ALONE = 0.3
"""Share of tiles on which nothing is pasted: real pictures as they are."""
OWN_SIZE, OWN_STAIN = 0.12, 0.12
"""Spread of the log of a pasted cell's size and density, beside those of the tile."""
TOUCH = 0.15
"""A pasted cell may cover so much of another, or of itself by another: cells touch, but hide each other rarely."""
ARROWS = 0.06
"""Share of tiles with a drawn arrow, which must mean nothing: in the set it only points at blasts."""
INK = (120, 80)
"""A pixel with at least so much red, and so much more of it than of green and blue, is ink on the picture, not stain."""
SMALLEST, LARGEST = 1.3, 4.5
"""Weakly labelled cells outside these diameters, in red cells, are platelets or clumps and teach nothing."""


@dataclass(frozen=True, eq=False)
class Cutout:
    """One cell without its ground.

    Attributes:
        kind: blast or healthy.
        pixels: uint8 (height, width, 3), RGB, balanced, at ``STORED_RED_CELL``.
        alpha: float32 (height, width), 1 inside the cell, 0 outside, soft between.
    """

    kind: Kind
    pixels: NDArray[np.uint8]
    alpha: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Stock:
    """What tiles of one data set are made of: its fields at one scale and its cells by kind."""

    fields: tuple[TrueField, ...]
    cutouts: Mapping[Kind, tuple[Cutout, ...]]


def stock(fields: Sequence[TrueField], *, one_scale: bool = False) -> Stock:
    """Shrink the fields, take drawn arrows out, and cut out every cell whose outline is known. Training side only.

    Args:
        fields: of one data set.
        one_scale: all were taken at one magnification, so that the median of the measured scales is better than each;
            cells of such a set that are much too small or large were boxed wrongly.
    """
    known = [field.red_cell_diameter / max(field.balanced.shape) for field in fields if field.red_cell_diameter]
    if one_scale and known:
        share = float(np.median(known))
        fields = [_sized(replace(field, red_cell_diameter=share * max(field.balanced.shape))) for field in fields]
    shrunk = tuple(_shrunk(field) for field in fields)
    cells = [cell for field in shrunk for cell in cutouts(field)]
    kinds: tuple[Kind, ...] = ("blast", "healthy")
    return Stock(shrunk, {kind: tuple(cell for cell in cells if cell.kind == kind) for kind in kinds})


def _sized(field: TrueField) -> TrueField:
    """The field with cells of an impossible size ignored."""
    unit = field.red_cell_diameter or 1.0

    def kind_of(kind: Kind, box: Box) -> Kind:
        side = float(np.hypot(box[2] - box[0], box[3] - box[1])) / np.sqrt(2)
        return kind if SMALLEST * unit <= side <= LARGEST * unit else "ignore"

    return replace(field, cells=tuple((kind_of(kind, box), box) for kind, box in field.cells))


def _shrunk(field: TrueField) -> TrueField:
    height, width = field.balanced.shape[:2]
    scale = target_size(width, height, field.red_cell_diameter)[0] / width
    red_cell = RED_CELL_PX / scale
    scale = min(1.0, STORED_RED_CELL / red_cell)
    pixels = without_arrows(field.balanced)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8) if scale < 1 else pixels

    def moved(box: Box) -> Box:
        x0, y0, x1, y1 = box
        return x0 * scale, y0 * scale, x1 * scale, y1 * scale

    regions = tuple(
        replace(region, box=moved(region.box), outline=tuple((x * scale, y * scale) for x, y in region.outline))
        for region in field.regions
    )
    cells = tuple((kind, moved(box)) for kind, box in field.cells)
    return replace(field, balanced=pixels, red_cell_diameter=red_cell * scale, cells=cells, regions=regions)


def without_arrows(balanced: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The field with burnt-in red ink painted over from around it; the same array where there is none."""
    least, more = INK
    red, green, blue = cv2.split(balanced)
    redder = cv2.subtract(red, cv2.max(green, blue))
    ink = np.asarray(cv2.bitwise_and(cv2.inRange(redder, more, 255), cv2.inRange(red, least, 255)), np.uint8)
    ink = np.asarray(cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)
    if not ink.any():
        return balanced
    ink = np.asarray(cv2.dilate(ink, np.ones((9, 9), np.uint8)), np.uint8)
    return np.asarray(cv2.inpaint(balanced, ink, 5, cv2.INPAINT_TELEA), np.uint8)


def cutouts(field: TrueField) -> list[Cutout]:
    """Every counted cell of a field whose box and outline agree."""
    counted = [(kind, box) for kind, box in field.cells if kind != "ignore"]
    owners = match([box for _, box in counted], [region.box for region in field.regions], MATCHED)
    found = []
    for (kind, box), owner in zip(counted, owners, strict=True):
        region = None if owner is None else field.regions[owner]
        if region is None or region.at_border:
            continue
        margin = FEATHER * max(box[2] - box[0], box[3] - box[1]) + 2
        height, width = field.balanced.shape[:2]
        x0, y0 = max(0, int(region.box[0] - margin)), max(0, int(region.box[1] - margin))
        x1, y1 = min(width, int(region.box[2] + margin) + 1), min(height, int(region.box[3] + margin) + 1)
        alpha = np.zeros((y1 - y0, x1 - x0), np.uint8)
        cv2.fillPoly(alpha, [np.rint(np.array(region.outline) - (x0, y0)).astype(np.int32)], 255)
        soft = cv2.GaussianBlur(alpha, (0, 0), max(0.5, margin / 4)) / np.float32(255)
        found.append(Cutout(kind, field.balanced[y0:y1, x0:x1], np.asarray(soft, np.float32)))
    return found


class Composer:
    """Draws tiles from the stocks of several data sets."""

    def __init__(self, stocks: Mapping[str, Stock], shares: Mapping[str, float], size: int) -> None:
        """Args: stocks by data set, how often each gives the ground and the cells, side of a tile in px."""
        self._names = [name for name in stocks if shares.get(name, 0) > 0 and stocks[name].fields]
        weights = np.array([shares[name] for name in self._names])
        self._weights = weights / weights.sum()
        self._stocks, self._size = stocks, size

    def draw(self, rng: np.random.Generator) -> LabelledTile:
        """One tile: a piece of a real field, cells of any field pasted on it, restained, now and then with an arrow."""
        fields = self._stocks[str(rng.choice(self._names, p=self._weights))].fields
        size = float(rng.uniform(*SIZES))
        pixels, boxes = cut(fields[rng.integers(len(fields))], rng, self._size, size)
        if rng.random() >= ALONE:
            for _ in range(rng.integers(1, MOST_PASTED + 1)):
                cell = self._cell(rng)
                if cell is not None:
                    pixels, boxes = _pasted(pixels, boxes, cell, size, rng)
        pixels = restain(pixels, rng)
        return (_arrow(pixels, rng) if rng.random() < ARROWS else pixels), boxes

    def _cell(self, rng: np.random.Generator) -> Cutout | None:
        kind: Kind = "blast" if rng.random() < 0.5 else "healthy"
        having = [bool(self._stocks[name].cutouts[kind]) for name in self._names]
        if not any(having):
            return None
        weights = self._weights * having
        cells = self._stocks[str(rng.choice(self._names, p=weights / weights.sum()))].cutouts[kind]
        return cells[rng.integers(len(cells))]


def _pasted(
    pixels: NDArray[np.uint8], boxes: list[tuple[Kind, Box]], cell: Cutout, size: float, rng: np.random.Generator
) -> LabelledTile:
    """The tile with one more cell, turned, mirrored, resized and restained; unchanged where it would hide another."""
    scale = RED_CELL_PX / STORED_RED_CELL * size * float(np.exp(OWN_SIZE * rng.standard_normal()))
    height, width = cell.alpha.shape
    side = int(np.hypot(height, width) * scale) + 3
    turn = cv2.getRotationMatrix2D((0.0, 0.0), float(rng.uniform(0, 360)), scale)
    if rng.random() < 0.5:
        turn[0] *= -1
    turn[:, 2] = side / 2 - turn[:, :2] @ np.array([width / 2, height / 2])
    alpha = np.asarray(cv2.warpAffine(cell.alpha, turn, (side, side)), np.float32)
    colour = np.asarray(cv2.warpAffine(cell.pixels, turn, (side, side), borderMode=cv2.BORDER_REPLICATE), np.float32)
    rows, columns = np.nonzero(alpha > 0.5)
    if rows.size == 0:
        return pixels, boxes
    inner = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], np.float64)
    whole = pixels.shape[0]
    corner = rng.integers(-side // 4, max(whole - 3 * side // 4, 1 - side // 4), 2)
    box = inner + np.tile(corner, 2)
    if (box[:2] < 0).any() or (box[2:] > whole).any() or _hides(box, boxes):
        return pixels, boxes
    (x0, y0), (x1, y1) = np.maximum(corner, 0), np.minimum(corner + side, whole)
    part = (slice(y0 - corner[1], y1 - corner[1]), slice(x0 - corner[0], x1 - corner[0]))
    gain = np.exp(OWN_STAIN * rng.standard_normal())
    cell_light = BALANCED * (np.clip(colour[part], 1, None) / BALANCED) ** gain
    mixed = pixels.copy()
    ground = mixed[y0:y1, x0:x1]
    share = alpha[part][..., None]
    mixed[y0:y1, x0:x1] = np.clip(np.rint(share * cell_light + (1 - share) * ground), 0, 255).astype(np.uint8)
    left, top, right, bottom = map(float, box)
    return mixed, [*boxes, (cell.kind, (left, top, right, bottom))]


def _hides(box: NDArray[np.float64], boxes: Sequence[tuple[Kind, Box]]) -> bool:
    """Whether a box shares more than ``TOUCH`` of its own area or of another's."""
    if not boxes:
        return False
    others = np.array([other for _, other in boxes])
    shared = np.prod(np.clip(np.minimum(others[:, 2:], box[2:]) - np.maximum(others[:, :2], box[:2]), 0, None), axis=1)
    smaller = np.minimum(np.prod(others[:, 2:] - others[:, :2], axis=1), np.prod(box[2:] - box[:2]))
    return bool((shared > TOUCH * smaller).any())


def _arrow(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The tile with an arrow drawn somewhere: red mostly, at times another ink."""
    side = pixels.shape[0]
    ink = (230, 20, 20) if rng.random() < 0.6 else tuple(int(value) for value in rng.integers(0, 256, 3))
    tip, tail = rng.uniform(0, side, 2), rng.uniform(0, side, 2)
    drawn = pixels.copy()
    cv2.arrowedLine(
        drawn, tuple(tip.astype(int).tolist()), tuple(tail.astype(int).tolist()), ink, int(rng.integers(1, 6)),
        cv2.LINE_AA, tipLength=0.25,
    )  # fmt: skip
    return drawn
