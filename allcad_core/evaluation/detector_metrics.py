"""Average precision of boxes as COCO defines it, with ``ignore`` boxes as crowd and intervals that draw whole fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from allcad_core.datasets.boxes import CellBox
from allcad_core.evaluation.metrics import ENDS, Estimate
from allcad_core.evaluation.points import Labelled

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""IoU from which a box counts as found: mAP@0.5 is the first, mAP@0.5:0.95 the mean of all (Lin et al. 2014)."""
RECALLS = np.linspace(0, 1, 101)
"""Recalls at which precision is read off."""
DRAWS = 300
"""Times that fields are drawn anew."""
CLASSES = ("blast", "healthy")


@dataclass(frozen=True, eq=False)
class Matches:
    """What became of the boxes of one class over some fields, best first.

    Attributes:
        scores: float64 (n,).
        found: bool (thresholds, n), a true box of their own.
        counted: bool (thresholds, n), false where the box lies on what is ignored.
        owners: int64 (n,), index of the field.
        truths: float64 (fields,), true boxes of the class in each field.
    """

    scores: Floats
    found: Bools
    counted: Bools
    owners: NDArray[np.int64]
    truths: Floats


def match(
    detections: Mapping[str, Sequence[Labelled]],
    truth: Mapping[str, Sequence[CellBox]],
    kind: str | None,
    thresholds: Floats = THRESHOLDS,
) -> Matches:
    """Match boxes to true boxes of one class, best first, each to the free one that it overlaps most.

    Args:
        detections: by field.
        truth: by field; its keys say which fields count. ``ignore`` boxes take any number of detections, which then are
            neither right nor wrong; for them, the share of the detection that they cover stands for the IoU.
        kind: ``blast`` or ``healthy``; ``None`` for white cells of either class.
        thresholds: float64 (t,), IoU.
    """
    scores, found, counted, owners = [], [], [], []
    truths = np.zeros(len(truth))
    for index, (name, cells) in enumerate(truth.items()):
        boxes = _array([cell.box for cell in cells if cell.kind != "ignore" and kind in (None, cell.kind)])
        crowd = _array([cell.box for cell in cells if cell.kind == "ignore"])
        truths[index] = len(boxes)
        own = sorted((d for d in detections.get(name, ()) if kind in (None, d.label)), key=lambda d: -d.score)
        hit, ignored = _match_field(_array([d.box for d in own]), boxes, crowd, thresholds)
        scores += [d.score for d in own]
        found.append(hit)
        counted.append(hit | ~ignored)
        owners += [index] * len(own)
    order = np.argsort(-np.array(scores, np.float64), kind="stable")
    shape = (thresholds.size, 0)
    return Matches(
        np.array(scores, np.float64)[order],
        np.concatenate([np.zeros(shape, np.bool_), *found], axis=1)[:, order],
        np.concatenate([np.zeros(shape, np.bool_), *counted], axis=1)[:, order],
        np.array(owners, np.int64)[order],
        truths,
    )


def _array(boxes: Sequence[Sequence[float]]) -> Floats:
    return np.array(boxes, np.float64).reshape(-1, 4)


def _match_field(boxes: Floats, truth: Floats, crowd: Floats, thresholds: Floats) -> tuple[Bools, Bools]:
    """For boxes of one field, best first: found, and else ignored, both bool (thresholds, boxes)."""
    shared = _shared(boxes, truth)
    union = _area(boxes)[:, None] + _area(truth)[None] - shared
    table = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    covered = _shared(boxes, crowd) / np.maximum(_area(boxes), 1e-12)[:, None]
    ignored = (covered.max(axis=1, initial=0.0)[None] >= thresholds[:, None]) & (crowd.size > 0)
    hit = np.zeros((thresholds.size, len(boxes)), np.bool_)
    free = np.ones((thresholds.size, len(truth)), np.bool_)
    rows = np.arange(thresholds.size)
    for number in range(len(boxes) if len(truth) else 0):
        overlap = np.where(free, table[number], -1.0)
        best = overlap.argmax(axis=1)
        hit[:, number] = overlap[rows, best] >= np.minimum(thresholds, 1 - 1e-10)
        free[rows[hit[:, number]], best[hit[:, number]]] = False
    return hit, ignored & ~hit


def _shared(one: Floats, other: Floats) -> Floats:
    overlap = np.minimum(one[:, None, 2:], other[None, :, 2:]) - np.maximum(one[:, None, :2], other[None, :, :2])
    return np.asarray(np.prod(np.clip(overlap, 0, None), axis=-1), np.float64)


def _area(boxes: Floats) -> Floats:
    return np.asarray(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), np.float64)


def average_precision(matches: Matches, weights: Floats | None = None) -> Floats:
    """Average precision at each threshold, float64 (thresholds,); not a number where there is nothing to find.

    Args:
        matches: of one class.
        weights: float64 (fields,), how often each field was drawn; once each without it.
    """
    drawn = np.ones(matches.truths.size) if weights is None else weights
    total = float(drawn @ matches.truths)
    if total == 0:
        return np.full(matches.found.shape[0], np.nan)
    own = drawn[matches.owners]
    right = np.cumsum(matches.found * own, axis=1)
    called = np.cumsum(matches.counted * own, axis=1)
    precision = np.divide(right, called, out=np.zeros_like(right), where=called > 0)
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    padded = np.concatenate([envelope, np.zeros((envelope.shape[0], 1))], axis=1)
    places = np.stack([np.searchsorted(row / total, RECALLS - 1e-12, side="left") for row in right])
    return np.asarray(np.take_along_axis(padded, places, axis=1).mean(axis=1), np.float64)


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """Figures of one class.

    Attributes:
        truths: true boxes.
        precision, recall: at IoU 0.5 and the confidence asked for, with bootstrap intervals by field.
        best_precision, best_recall, best_confidence: the same where F1 is largest, as YOLO's own tables give them.
        ap50, ap: average precision at IoU 0.5, and the mean from 0.5 to 0.95.
    """

    truths: int
    precision: Estimate
    recall: Estimate
    best_precision: float | None
    best_recall: float | None
    best_confidence: float | None
    ap50: Estimate
    ap: Estimate


def class_figures(matches: Matches, confidence: float, seed: int = 0) -> ClassFigures:
    """Figures of one class, see ``ClassFigures``.

    Args:
        matches: at ``THRESHOLDS``.
        confidence: boxes under this do not count for precision and recall.
        seed: of the bootstrap.
    """
    fields = matches.truths.size
    chances = np.full(fields, 1 / max(fields, 1))
    drawn = np.random.default_rng(seed).multinomial(fields, chances, DRAWS).astype(np.float64)
    precisions = np.stack([average_precision(matches, weights) for weights in drawn])
    value = average_precision(matches)
    right, called = _operating(matches, confidence, drawn)
    own_right, own_called = _operating(matches, confidence, np.ones((1, fields)))
    total = float(matches.truths.sum())
    best = _best_f1(matches)
    with np.errstate(divide="ignore", invalid="ignore"):
        return ClassFigures(
            int(total),
            _estimate(float(own_right[0] / own_called[0]), right / called),
            _estimate(float(own_right[0] / total) if total else np.nan, right / (drawn @ matches.truths)),
            *best,
            _estimate(float(value[0]), precisions[:, 0]),
            _estimate(float(value.mean()), precisions.mean(axis=1)),
        )


def _operating(matches: Matches, confidence: float, drawn: Floats) -> tuple[Floats, Floats]:
    """Right and called boxes of each draw at IoU 0.5 from a confidence on."""
    shown = matches.scores >= confidence
    fields = matches.truths.size
    right = np.bincount(matches.owners, matches.found[0] & shown, fields)
    called = np.bincount(matches.owners, matches.counted[0] & shown, fields)
    return drawn @ right, drawn @ called


def _best_f1(matches: Matches) -> tuple[float | None, float | None, float | None]:
    total = float(matches.truths.sum())
    if not total or not matches.scores.size:
        return None, None, None
    right, called = np.cumsum(matches.found[0]), np.cumsum(matches.counted[0])
    best = int(np.argmax(2 * right / np.maximum(called + total, 1)))
    return float(right[best] / max(called[best], 1)), float(right[best] / total), float(matches.scores[best])


def _estimate(value: float, drawn: Floats) -> Estimate:
    defined = drawn[np.isfinite(drawn)]
    if not np.isfinite(value) or not defined.size:
        return Estimate(None)
    low, high = np.quantile(defined, ENDS)
    return Estimate(value, float(low), float(high))
