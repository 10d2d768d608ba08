"""What a network says of pictures that it has not seen, as rows to be stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from allcad_core.classification import CellClassifier
from allcad_core.classification.fields import FieldClassifier
from allcad_core.detection import propose, scale
from allcad_core.detection.ultralytics import Yolo
from allcad_core.predictions import BoxPrediction, CellPrediction
from allcad_core.results import Box
from allcad_core.segmentation import segment
from allcad_core.training import cellsets
from allcad_core.training.truth import TrueField


def of_cells(field: TrueField, classifier: CellClassifier, fold: int) -> list[CellPrediction]:
    """What a classifier says of the true cells of a picture; those to be ignored are passed over."""
    counted = [(kind, box) for kind, box in field.cells if kind != "ignore"]
    odds = _odds(field, classifier, [box for _, box in counted])
    return [
        CellPrediction(field.dataset, field.name, *box, int(kind == "blast"), float(value), fold)
        for (kind, box), value in zip(counted, odds, strict=True)
    ]


def of_regions(field: TrueField, classifier: CellClassifier, fold: int) -> list[BoxPrediction]:
    """What a classifier says of the stained regions of a picture, as the recipe ``regions`` proposes them."""
    found = propose(field.regions)
    boxes = found.box_list()
    rows = [
        BoxPrediction(field.name, *box, "", float(score), float(value), fold)
        for box, score, value in zip(boxes, found.scores, _odds(field, classifier, boxes), strict=True)
    ]
    return rows or [nothing(field.name, fold)]


def of_detector(field: TrueField, detector: Yolo, fold: int) -> list[BoxPrediction]:
    """The boxes of a detector with its labels."""
    found = detector.detect(field.balanced, scale(field.red_cell_diameter, field.regions))
    rows = [
        BoxPrediction(field.name, *box, label, float(score), 0.0, fold)
        for box, score, label in zip(found.box_list(), found.scores, found.labels or (), strict=True)
    ]
    return rows or [nothing(field.name, fold)]


def of_boxes(field: TrueField, rows: Sequence[BoxPrediction], classifier: CellClassifier) -> list[BoxPrediction]:
    """Detectors' boxes of one field with what a classifier says of each; rows of nothing stay as they are."""
    real = [row for row in rows if row.x1 > row.x0]
    odds = _odds(field, classifier, [(row.x0, row.y0, row.x1, row.y1) for row in real]) if real else ()
    judged = [replace(row, log_odds=float(value)) for row, value in zip(real, odds, strict=True)]
    return judged + [row for row in rows if row.x1 <= row.x0]


def of_fields(fields: Iterable[TrueField], classifier: FieldClassifier) -> list[float]:
    """Log odds of ALL of each whole picture, masked as the classifier wants it."""
    odds = []
    for field in fields:
        masks = None
        if classifier.mask != "none" and field.read is not None:
            masks = [segment(field.read(), classifier.mask).cell]
        odds.append(float(classifier.log_odds([field.balanced], masks)[0]))
    return odds


def nothing(image: str, fold: int) -> BoxPrediction:
    """The row of a field in which nothing was found, so that it still counts as looked at."""
    return BoxPrediction(image, 0.0, 0.0, 0.0, 0.0, "", 0.0, 0.0, fold)


def with_dataset(field: TrueField, rows: Iterable[BoxPrediction]) -> list[BoxPrediction]:
    """The rows of a picture under its full name: names of other sets may be those of ALL-IDB1."""
    return [replace(row, image=full_name(field)) for row in rows]


def full_name(field: TrueField) -> str:
    """The data set, a slash, and the name."""
    return f"{field.dataset}/{field.name}"


def _odds(field: TrueField, classifier: CellClassifier, boxes: list[Box]) -> NDArray[np.float64]:
    seen = cellsets.seen(field, str(classifier.card.input.get("mask", "none"))) if boxes else field.balanced
    return classifier.log_odds(seen, boxes)
