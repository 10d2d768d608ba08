"""Why one crop or one field was judged so: the answer of ``classify``, and what spoke for it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core import devices
from allcad_core.analysis import cell_classifier, seen
from allcad_core.classification import CellAggregate
from allcad_core.classification.fields import letterbox
from allcad_core.classify import (
    BOXED_BY,
    Task,
    cell_chances,
    central_region,
    check_mask,
    field_judge,
    masks_for,
    model_for,
)
from allcad_core.detection import propose
from allcad_core.explained import explained
from allcad_core.explanation import explain, share_inside
from allcad_core.ground import balance
from allcad_core.images import SmearImage
from allcad_core.results import Cell
from allcad_core.segmentation import Region, Segmentation, segment

LONG_SIDE = 640
"""Of the picture on which an aggregate's cells are marked, px."""


@dataclass(frozen=True, eq=False)
class Why:
    """Why a classifier gave its answer about one picture.

    Attributes:
        image: name or path as given.
        model: the card that was used.
        task: ``cell`` or ``field``.
        label: of ``classify``.
        probability: calibrated, of blast or ALL, 0..1.
        shown: uint8 (height, width, 3), what the classifier saw.
        heat: float32 (height, width), 0..1, what spoke for the label.
        inside: share of ``heat`` inside the cell, or inside the white cells of a field; ``None`` where none was found,
            nothing spoke for the label, or the classifier sees cells alone.
        sentence: the answer and where what spoke for it lies, for a person.
    """

    image: str
    model: str
    task: Task
    label: str
    probability: float
    shown: NDArray[np.uint8]
    heat: NDArray[np.float32]
    inside: float | None
    sentence: str


def why(
    image: SmearImage, task: Task, model: str | None = None, *, mask: str | None = None, device: str | None = None
) -> Why:
    """Explain the answer that ``classify`` gives; arguments and errors as there."""
    check_mask(mask)
    where = str(devices.choose(device))
    name = model_for(task, model)
    return _crop(image, name, mask, where) if task == "cell" else _field(image, name, mask, where)


def _crop(image: SmearImage, model: str, mask: str | None, device: str) -> Why:
    classifier = cell_classifier(model, devices.choose(device))
    region = central_region(image.pixels, device)
    box = region.box if region else (0.0, 0.0, float(image.width), float(image.height))
    shown = seen(image.pixels, balance(image.pixels), mask or classifier.mask, device)
    chance = float(classifier.probabilities(shown, [box])[0])
    label = "blast" if chance >= classifier.threshold else "healthy"
    cell = Cell(box, "blast" if label == "blast" else "healthy", chance, chance, {}, region.outline if region else ())
    (crop,), (heat,) = classifier.crops(shown, [box]), explain(classifier, shown, [box])
    one = explained(cell, model, chance, classifier.threshold, crop, heat, classifier.context)
    return Why(image.name, model, "cell", label, chance, crop, heat, one.inside, one.sentence)


def _field(image: SmearImage, model: str, mask: str | None, device: str) -> Why:
    where = devices.choose(device)
    judge = field_judge(model, where)
    balanced, segmentation = balance(image.pixels), segment(image.pixels, BOXED_BY, device)
    if isinstance(judge, CellAggregate):
        return _by_cells(
            image, balanced, segmentation, judge, cell_chances(image, balanced, segmentation, judge, mask, where)
        )
    masks = masks_for(image, segmentation, judge, mask, where)
    chance = float(judge.probabilities([balanced], masks)[0])
    (shown,), (heat,) = judge.shown([balanced], masks), explain(judge, [balanced], masks)
    label = "ALL" if chance >= judge.threshold else "normal"
    # Ground is what letterbox puts around a picture, so that cells have to be dark.
    cells = letterbox(
        np.where(segmentation.cell, 0, 255).astype(np.uint8)[..., None].repeat(3, axis=2), *shown.shape[:2]
    )
    inside = share_inside(heat, cells[..., 0] < 128) if segmentation.regions else None
    return Why(
        image.name, model, "field", label, chance, shown, heat, inside, _field_sentence(model, label, heat, inside)
    )


def _field_sentence(model: str, label: str, heat: NDArray[np.float32], inside: float | None) -> str:
    if not heat.any():
        return f"{model} says {label}; nothing in the picture spoke for it more than empty ground does."
    if inside is None:
        return f"{model} says {label}; bright is what spoke for it. No white cell was found."
    share = f"{100 * inside:.0f}\N{NO-BREAK SPACE}%"
    return f"{model} says {label}; {share} of what spoke for it lies in white cells, the rest beside them."


def _by_cells(
    image: SmearImage, balanced: NDArray[np.uint8], segmentation: Segmentation, judge: CellAggregate,
    chances: NDArray[np.float64],
) -> Why:  # fmt: skip
    """An aggregate sees cells alone: each is as bright as the log-odds that would go without it."""
    chance = float(judge.probabilities([chances])[0])
    label = "ALL" if chance >= judge.card.threshold else "normal"
    without = judge.log_odds([np.delete(chances, at) for at in range(chances.size)])
    weights = (judge.log_odds([chances]) - without) * (1 if label == "ALL" else -1) if chances.size else without
    scale = min(1.0, LONG_SIDE / max(balanced.shape[:2]))
    size = max(1, round(balanced.shape[1] * scale)), max(1, round(balanced.shape[0] * scale))
    shown = np.asarray(cv2.resize(balanced, size, interpolation=cv2.INTER_AREA), np.uint8)
    heat = np.zeros(shown.shape[:2], np.float32)
    outlines = {region.box: region for region in segmentation.regions}
    spoke = np.clip(weights / max(float(weights.max(initial=0.0)), 1e-9), 0, 1)
    for box, weight in zip(propose(segmentation.regions).box_list(), spoke, strict=True):
        _fill(heat, outlines.get(box), box, scale, float(weight))
    cells = "1 white cell" if chances.size == 1 else f"{chances.size} white cells"
    words = (
        f"{judge.card.name} says {label} by what {judge.cells} says of {cells}; the brighter one is, the more of the answer would "
        "go without it."
    )
    if not chances.size:
        words = f"{judge.card.name} says {label}; no white cell was found, and it sees nothing else."
    return Why(image.name, judge.card.name, "field", label, chance, shown, heat, None, words)


def _fill(
    heat: NDArray[np.float32],
    region: Region | None,
    box: tuple[float, float, float, float],
    scale: float,
    weight: float,
) -> None:
    """Paint a cell, in place; its box where it has no outline."""
    x0, y0, x1, y1 = box
    corners = region.outline if region and region.outline else ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    cv2.fillPoly(heat, [np.rint(np.asarray(corners) * scale).astype(np.int32)], weight)
