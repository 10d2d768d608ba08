"""Stored detections as a user would see them, and the figures of a recipe under a protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from allcad_core.datasets import FieldRecord, allidb1
from allcad_core.errors import DataError
from allcad_core.evaluation.judged import rules_of
from allcad_core.evaluation.points import Labelled, PointFigures, free_response, point_figures, recall_at
from allcad_core.predictions import RESULTS, BoxPrediction, CellPrediction, read
from allcad_core.recipes import recipe

FALSE_RATES = (0.1, 0.5, 1.0)
"""False blasts a healthy field at which the recall is told."""


@dataclass(frozen=True)
class DetectionReport:
    """Figures of one recipe.

    Attributes:
        recipe, protocol: what was measured and how.
        confidence: the recipe's default.
        overall: over all fields.
        by_session: over the fields of each sitting.
        recall_at: recall at so many false blasts a healthy field, thresholds free.
    """

    recipe: str
    protocol: str
    confidence: float
    overall: PointFigures
    by_session: dict[str, PointFigures]
    recall_at: dict[float, float]


def out_of_fold(name: str, protocol: str, results: Path = RESULTS) -> dict[str, list[Labelled]]:
    """Detections of every held-out field, labelled as ``analyse`` does, temperatures and thresholds from the other folds.

    Raises:
        UnknownNameError: no such recipe.
        DataError: its predictions are not stored.
    """
    chosen = recipe(name)
    rows = read(BoxPrediction, "detect", protocol, chosen.kept, results)
    if not chosen.is_judged:
        return by_field(rows, [Labelled((r.x0, r.y0, r.x1, r.y1), r.label, r.score) for r in rows])
    classifier = str(chosen.classifier)
    rules = rules_of(read(CellPrediction, "cell", protocol, classifier, results))
    labelled = []
    for row in rows:
        rule = rules.get((allidb1.NAME, row.fold))
        if rule is None:
            raise DataError(f"No cells of fold {row.fold} are stored, so its boxes cannot be judged.")
        labelled.append(rule.labelled(row))
    return by_field(rows, labelled)


def by_field(rows: Sequence[BoxPrediction], labelled: Sequence[Labelled]) -> dict[str, list[Labelled]]:
    """What was found in each field that was looked at, by its name; ``labelled`` tells of the rows in their order."""
    found: dict[str, list[Labelled]] = {}
    for row, entry in zip(rows, labelled, strict=True):
        boxes = found.setdefault(row.image, [])
        if row.x1 > row.x0:  # a row without a box only says that the field was looked at
            boxes.append(entry)
    return found


def report(name: str, protocol: str, data: Path, results: Path = RESULTS) -> DetectionReport:
    """Figures of a recipe from its stored predictions and the centroids in the data folder.

    Raises:
        DataError: predictions or data are missing.
    """
    fields = allidb1.fields(data)
    found = out_of_fold(name, protocol, results)
    confidence = recipe(name).default_confidence
    curve = free_response(found, fields)
    return DetectionReport(
        name,
        protocol,
        confidence,
        point_figures(found, fields, confidence),
        {session: point_figures(found, part, confidence) for session, part in _sessions(fields).items()},
        {rate: recall_at(curve, rate) for rate in FALSE_RATES},
    )


def _sessions(fields: Sequence[FieldRecord]) -> dict[str, list[FieldRecord]]:
    found: dict[str, list[FieldRecord]] = {}
    for field in fields:
        found.setdefault(str(field.session), []).append(field)
    return dict(sorted(found.items()))
