"""How a detector fares on other microscopes: healthy cells found, false blasts, and leukaemia seen, on sets it never met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import expit

from allcad_core.datasets import FieldRecord, aria, pbc, txl_pbc, yolo
from allcad_core.datasets.base import find_set
from allcad_core.detection.base import iou
from allcad_core.errors import DataError
from allcad_core.evaluation.metrics import ENDS, Estimate
from allcad_core.evaluation.points import Labelled
from allcad_core.intervals import Proportion, wilson
from allcad_core.predictions import RESULTS, BoxPrediction, read
from allcad_core.recipes import kept_of

PROTOCOL = "unseen"
FOUND_IOU = 0.5
WHITE_CELLS = {pbc.NAME: None, txl_pbc.NAME: txl_pbc.CLASSES[0]}
"""Class of the drawn boxes that are white cells; in PBC all are."""
DRAWS = 1000


@dataclass(frozen=True, slots=True)
class HealthySet:
    """Figures on healthy blood.

    Attributes:
        pictures: how many.
        false_blasts: mean number a picture, with its bootstrap interval.
        found: of the drawn white cells, those under a box of either label at IoU 0.5.
    """

    pictures: int
    false_blasts: Estimate
    found: Proportion


@dataclass(frozen=True, slots=True)
class AriaSet:
    """Fields of Aria called leukaemia, that is with at least one blast box: of the ill ones, and of the look-alikes."""

    ill: Proportion
    look_alikes: Proportion


@dataclass(frozen=True)
class UnseenReport:
    """Figures of one model; every fold's detector has looked at every picture, and means are over folds and pictures."""

    model: str
    confidence: float
    folds: int
    healthy: dict[str, HealthySet]
    aria: AriaSet | None


def unseen_report(name: str, confidence: float, data: Path, results: Path = RESULTS) -> UnseenReport:
    """Figures from stored boxes.

    Args:
        name: a recipe, or what is stored under ``results/detect/unseen``.
        confidence: boxes under this are hidden.
        data: folder of the data sets.
        results: folder of predictions.

    Raises:
        DataError: nothing is stored, or a data set is missing.
    """
    rows = read(BoxPrediction, "detect", PROTOCOL, kept_of(name), results)
    folds = sorted({row.fold for row in rows})
    found: dict[str, list[list[Labelled]]] = {}
    for fold in folds:
        for image, boxes in _by_image([row for row in rows if row.fold == fold], confidence).items():
            found.setdefault(image, []).append(boxes)
    healthy = {
        dataset: _healthy(found, dataset, data, kind)
        for dataset, kind in WHITE_CELLS.items()
        if any(image.startswith(f"{dataset}/") for image in found)
    }
    ill = [boxes for image, many in found.items() if _is(image, ill=True) for boxes in many]
    alike = [boxes for image, many in found.items() if _is(image, ill=False) for boxes in many]
    told = AriaSet(_called(ill), _called(alike)) if ill or alike else None
    return UnseenReport(name, confidence, len(folds), healthy, told)


def _by_image(rows: Sequence[BoxPrediction], confidence: float) -> dict[str, list[Labelled]]:
    found: dict[str, list[Labelled]] = {}
    for row in rows:
        boxes = found.setdefault(row.image, [])
        if row.x1 <= row.x0:
            continue
        label, score = row.label, row.score
        if row.log_odds or not label:  # a classifier has judged it, uncalibrated: its likelier label
            chance = float(expit(abs(row.log_odds)))
            label, score = ("blast" if row.log_odds >= 0 else "healthy"), row.score * chance
        if score >= confidence:
            boxes.append(Labelled((row.x0, row.y0, row.x1, row.y1), label, score))
    return found


def _healthy(
    found: Mapping[str, Sequence[Sequence[Labelled]]], dataset: str, data: Path, kind: str | None
) -> HealthySet:
    records = _records(dataset, data)
    false, hit, cells, pictures = [], 0, 0, 0
    for image, many in found.items():
        folder, _, name = image.partition("/")
        if folder != dataset:
            continue
        if name not in records:
            raise DataError(f"'{name}' of {dataset} is not in the data folder.")
        pictures += 1
        truth = [cell.box for cell in records[name].boxes if kind is None or cell.kind == kind]
        false.append(float(np.mean([sum(box.label == "blast" for box in boxes) for boxes in many])))
        for boxes in many:
            table = iou(truth, [box.box for box in boxes])
            hit += int((table.max(axis=1, initial=0.0) >= FOUND_IOU).sum())
            cells += len(truth)
    return HealthySet(pictures, _mean(np.array(false)), wilson(hit, cells))


def _records(dataset: str, data: Path) -> dict[str, FieldRecord]:
    if dataset == pbc.NAME:
        return {record.name: record for record in yolo.fields(find_set(data, *pbc.FOLDERS), dataset=pbc.NAME)}
    return {record.name: record for record in txl_pbc.fields(data)}


def _is(image: str, *, ill: bool) -> bool:
    folder, _, name = image.partition("/")
    return folder == aria.NAME and name.startswith("WBC-Benign") != ill


def _called(fields: Sequence[Sequence[Labelled]]) -> Proportion:
    return wilson(sum(any(box.label == "blast" for box in boxes) for boxes in fields), len(fields))


def _mean(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Estimate:
    """Mean with its bootstrap interval over pictures."""
    drawn = np.random.default_rng(0).choice(values, (DRAWS, values.size)).mean(axis=1)
    low, high = np.quantile(drawn, ENDS)
    return Estimate(float(values.mean()), float(low), float(high))
