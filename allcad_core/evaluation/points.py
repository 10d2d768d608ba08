"""How many expert blast centroids lie in a box labelled blast, and how many boxes are false: no drawn boxes needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from allcad_core.datasets import FieldRecord
from allcad_core.errors import DataError
from allcad_core.intervals import Proportion, wilson
from allcad_core.results import Box, holds

Point = tuple[float, float]
"""x, y in px."""

BOOTSTRAP = 2000
"""Resamples of fields for the intervals of means."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A detection as the user would see it: box, label, score."""

    box: Box
    label: str
    score: float


@dataclass(frozen=True, slots=True)
class PointFigures:
    """Figures of one detector over some fields.

    Attributes:
        points: expert blast centroids.
        hit: of them, those in a blast box of their own.
        recall: their share, with its Wilson interval.
        healthy_fields: fields of healthy people.
        false_blasts: blast boxes in them.
        false_per_field: mean number a healthy field, with its bootstrap interval (value, low, high).
        blast_fields_called: share of fields of patients with at least one blast box.
        healthy_fields_clean: share of healthy fields without one.
        fields: how many were looked at.
    """

    points: int
    hit: int
    recall: Proportion
    healthy_fields: int
    false_blasts: int
    false_per_field: tuple[float, float, float]
    blast_fields_called: Proportion
    healthy_fields_clean: Proportion
    fields: int


def point_figures(
    detections: Mapping[str, Sequence[Labelled]], fields: Sequence[FieldRecord], confidence: float, seed: int = 0
) -> PointFigures:
    """Score detections by centroids.

    Each centroid is matched to a box of its own: one box around two blasts counts for one.

    Args:
        detections: by name of field; every field must be there, with an empty list where nothing was found.
        fields: with their blast points.
        confidence: boxes under this score do not count.
        seed: of the bootstrap.

    Raises:
        DataError: a field was never looked at.
    """
    require_all(detections, fields)
    hit = points = 0
    per_healthy_field, called = [], []
    for field in fields:
        boxes = [d.box for d in detections[field.name] if d.label == "blast" and d.score >= confidence]
        if field.label == 1:
            points += len(field.blast_points)
            hit += len(matched_points(boxes, field.blast_points))
            called.append(bool(boxes))
        else:
            per_healthy_field.append(len(boxes))
    return PointFigures(
        points=points,
        hit=hit,
        recall=wilson(hit, points),
        healthy_fields=len(per_healthy_field),
        false_blasts=sum(per_healthy_field),
        false_per_field=_mean_interval(np.array(per_healthy_field, np.float64), seed),
        blast_fields_called=wilson(sum(called), len(called)),
        healthy_fields_clean=wilson(per_healthy_field.count(0), len(per_healthy_field)),
        fields=len(fields),
    )


def require_all(detections: Mapping[str, object], fields: Sequence[FieldRecord]) -> None:
    """Nothing where every field was looked at; else DataError, since a figure over the others would say too much."""
    missing = [field.name for field in fields if field.name not in detections]
    if missing:
        raise DataError(f"No predictions are stored for {len(missing)} fields, {missing[0]} among them.")


def matched_points(boxes: Sequence[Box], points: Sequence[Point]) -> frozenset[int]:
    """Indices of the points that get a box of their own around them, as many as can be."""
    if not boxes or not points:
        return frozenset()
    inside = np.array([[holds(box, point) for box in boxes] for point in points])
    rows, columns = linear_sum_assignment(inside, maximize=True)
    return frozenset(rows[inside[rows, columns]].tolist())


def _mean_interval(values: NDArray[np.float64], seed: int) -> tuple[float, float, float]:
    """Mean with its 95 % percentile bootstrap interval over fields."""
    if values.size == 0:
        return (float("nan"),) * 3
    rng = np.random.default_rng(seed)
    means = rng.choice(values, (BOOTSTRAP, values.size)).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(values.mean()), float(low), float(high)


def free_response(
    detections: Mapping[str, Sequence[Labelled]], fields: Sequence[FieldRecord]
) -> list[tuple[float, float, float]]:
    """Free-response curve: (confidence, false blasts a healthy field, recall) from strict to lenient."""
    scores = sorted({d.score for name in detections for d in detections[name] if d.label == "blast"}, reverse=True)
    steps = sorted({*scores[:: max(1, len(scores) // 200)], *scores[-1:]}, reverse=True)
    curve = []
    for score in steps:
        figures = point_figures(detections, fields, score)
        curve.append((score, figures.false_per_field[0], figures.recall.value or 0.0))
    return curve


def recall_at(curve: Sequence[tuple[float, float, float]], false_per_field: float) -> float:
    """Best recall of a free-response curve at no more than so many false blasts a healthy field."""
    return max((recall for _, false, recall in curve if false <= false_per_field), default=0.0)


__all__ = [
    "Labelled",
    "PointFigures",
    "free_response",
    "matched_points",
    "point_figures",
    "recall_at",
    "require_all",
]
