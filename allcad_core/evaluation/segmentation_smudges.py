"""How well smudge cells are told from whole cells, by a rule that never saw the field, and what that makes of the masks.

Smudge cells, the remains of burst white cells, are nucleated: every method finds them, and a person should see them. Experts
left them out of their masks of whole fields. They are redder, paler and more ragged than whole cells. Each region is seen
against the others of its field, so that stain and camera fall out in part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core.datasets import FieldRecord, allidb1, splits
from allcad_core.datasets.boxes import COUNTED, CellBox, read_boxes
from allcad_core.detection.base import iou
from allcad_core.errors import DataError
from allcad_core.evaluation.segmentation import Tell
from allcad_core.ground import ground_colour
from allcad_core.intervals import Proportion, wilson
from allcad_core.segmentation import Region, Segmentation, segment

METHOD = "stain"
SAME = 0.5
"""Intersection over union from which a region is what a box says."""
LIKELY = 0.5
"""From this chance a region is told to be a smudge cell."""
PROTOCOLS = ("field", "session")
"""The rule is fixed on other fields, and on other sittings only."""
UNKNOWN, WHOLE, SMUDGE = -1, 0, 1
MEASURES = ("redness", "depth", "size", "roundness", "solidity")
"""Logarithms of the nucleus' density of red over green and of its density of green, against the median of the field, and of
the diameter in red cells; and the two shares as they are."""
STEP = 2
"""Every second pixel each way tells the colour of a nucleus."""
THINNEST = 0.01
"""Least optical density that has a logarithm."""
CELL_TO_RED_CELL = 2.2
"""Typical diameter of a white cell over that of a red cell: the scale where no lone red cell is seen."""


Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rule:
    """A logistic rule: the log odds of a smudge cell are ``intercept`` and ``weights`` times ``MEASURES``."""

    weights: tuple[float, ...]
    intercept: float

    def chances(self, measured: Floats) -> Floats:
        """Float64 (n,), 0..1, of float64 (n, 5). Whole cells and smudge cells are taken to be as many."""
        odds = measured @ np.asarray(self.weights) + self.intercept
        return np.asarray(1 / (1 + np.exp(-np.clip(odds, -50, 50))))


@dataclass(frozen=True, eq=False)
class Seen:
    """The regions of one field.

    Attributes:
        name: of the field.
        measured: float64 (n, 5), see ``measures``.
        kind: int (n,), ``WHOLE``, ``SMUDGE`` or ``UNKNOWN``.
        pixels: int (n, 2): of each region inside the experts' mask, and all; zeros without a mask.
        rest: pixels of the mask.
    """

    name: str
    measured: Floats
    kind: NDArray[np.int_]
    pixels: NDArray[np.int_]
    rest: int


@dataclass(frozen=True, slots=True)
class SmudgeFigures:
    """What a rule is worth that never saw the fields it is asked about.

    Attributes:
        protocol: see ``PROTOCOLS``.
        told: of the smudge cells of ``annotations/``, how many are told.
        mistaken: of the whole cells, how many are told to be smudge cells.
        fields: with experts' masks of whole cells.
        plain, without: mean Dice on these of all regions, and of those not told to be smudge cells.
    """

    protocol: str
    told: Proportion
    mistaken: Proportion
    fields: int
    plain: float
    without: float


def report(data: Path, tell: Tell | None = None) -> list[SmudgeFigures]:
    """Figures out of fold, a protocol each. Raises DataError where there are no fields."""
    records = allidb1.fields(data)
    boxes = read_boxes()
    seen = []
    for number, record in enumerate(records, start=1):
        seen.append(_look(record, boxes.get(record.name, ())))
        if tell is not None:
            tell(record.name, number, len(records))
    if not any((one.kind == SMUDGE).any() for one in seen):
        raise DataError("No smudge cell lies in the boxes of these fields.")
    return [_figures(protocol, seen, splits.folds(protocol, records)) for protocol in PROTOCOLS]


def _look(record: FieldRecord, boxes: Sequence[CellBox]) -> Seen:
    pixels = record.read().pixels
    found = segment(pixels, METHOD)
    places = iou([region.box for region in found.regions], [one.box for one in boxes])
    kind = np.full(len(found.regions), UNKNOWN)
    if places.size:
        counted = np.array([one.kind in COUNTED for one in boxes])
        kind = np.where(counted[places.argmax(axis=1)], WHOLE, SMUDGE)
        cut = np.array([region.at_border for region in found.regions])
        # What the edge cuts is set aside in the boxes as smudge cells are, so that these do not tell which it is.
        kind[(places.max(axis=1) < SAME) | cut] = UNKNOWN
    counts, rest = np.zeros((len(found.regions), 2), int), 0
    if record.white_mask is not None:
        mask = record.read_white_mask()
        size = max((region.label for region in found.regions), default=0) + 1
        labels = [region.label for region in found.regions]
        inside, every = (
            np.bincount(part.ravel(), minlength=size)[labels] for part in (found.labels[mask], found.labels)
        )
        counts, rest = np.column_stack([inside, every]), int(mask.sum())
    return Seen(record.name, measures(pixels, found), kind, counts, rest)


def measures(pixels: NDArray[np.uint8], found: Segmentation) -> Floats:
    """``MEASURES`` of each region, float64 (n, 5).

    Args:
        pixels: uint8 (height, width, 3), RGB, the field.
        found: what a method found on it.
    """
    if not found.regions:
        return np.zeros((0, len(MEASURES)))
    ground = ground_colour(pixels).astype(np.float64)
    light = np.array([_colour(pixels, found, region) for region in found.regions])
    red, green, _ = np.maximum(np.log10((ground + 1) / (light + 1)), THINNEST).T
    stain = np.log(np.column_stack([red / green, green]))
    diameters = np.array([region.diameter for region in found.regions])
    size = np.log(diameters / (found.red_cell_diameter or float(np.median(diameters)) / CELL_TO_RED_CELL))
    shape = np.array([(region.roundness, region.solidity) for region in found.regions])
    return np.column_stack([stain - np.median(stain, axis=0), size, shape])


def _colour(pixels: NDArray[np.uint8], found: Segmentation, region: Region) -> Floats:
    """Median colour of the nucleus of a region, of all of it where it has none; float64 (3,)."""
    x0, y0, x1, y1 = (int(edge) for edge in region.box)
    window = slice(y0, y1 + 1, STEP), slice(x0, x1 + 1, STEP)
    inside = found.labels[window] == region.label
    core = inside & found.nucleus[window]
    chosen = core if core.any() else inside
    smooth = np.asarray(cv2.blur(np.ascontiguousarray(pixels[window]), (3, 3)))
    return np.asarray(np.median(smooth[chosen if chosen.any() else ...].reshape(-1, 3), axis=0), np.float64)


def fit(seen: Sequence[Seen]) -> Rule:
    """Logistic regression, whole cells and smudge cells weighing the same. Raises DataError without one of the two."""
    from sklearn.linear_model import LogisticRegression

    measured, kind = (np.concatenate([getattr(one, name) for one in seen]) for name in ("measured", "kind"))
    if not {WHOLE, SMUDGE} <= set(kind.tolist()):
        raise DataError("Smudge cells and whole cells are both needed to tell them apart.")
    known = measured[kind != UNKNOWN]
    middle, spread = known.mean(axis=0), known.std(axis=0)
    model = LogisticRegression(class_weight="balanced").fit((known - middle) / spread, kind[kind != UNKNOWN])
    weights = model.coef_[0] / spread
    intercept = float(model.intercept_[0] - weights @ middle)
    return Rule(tuple(round(float(value), 4) for value in weights), round(intercept, 4))


def _figures(protocol: str, seen: Sequence[Seen], folds: Mapping[str, int]) -> SmudgeFigures:
    told: list[tuple[Seen, NDArray[np.bool_]]] = []
    for fold in sorted(set(folds.values())):
        rule = fit([one for one in seen if folds[one.name] != fold])
        told += [(one, rule.chances(one.measured) >= LIKELY) for one in seen if folds[one.name] == fold]
    shares = []
    for kind in (SMUDGE, WHOLE):
        marks = np.concatenate([marked[one.kind == kind] for one, marked in told])
        shares.append(wilson(int(marks.sum()), marks.size))
    masked = [(one, marked) for one, marked in told if one.rest]
    plain = [_dice(one, np.ones(len(marked), bool)) for one, marked in masked]
    without = [_dice(one, ~marked) for one, marked in masked]
    means = [float(np.mean(each)) if each else float("nan") for each in (plain, without)]
    return SmudgeFigures(protocol, shares[0], shares[1], len(masked), *means)


def _dice(one: Seen, kept: NDArray[np.bool_]) -> float:
    inside, every = one.pixels[kept].sum(axis=0)
    return float(2 * inside / (every + one.rest))
