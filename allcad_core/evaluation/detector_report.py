"""Figures of a detector from stored out-of-fold boxes and the drawn boxes of ALL-IDB1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np

from allcad_core.datasets import FieldRecord, allidb1, splits
from allcad_core.datasets.boxes import CellBox, read_boxes
from allcad_core.errors import DataError
from allcad_core.evaluation import calibration
from allcad_core.evaluation.counts import Counts, counts
from allcad_core.evaluation.detector_metrics import CLASSES, ClassFigures, class_figures, match
from allcad_core.evaluation.froc import FreeResponse, free_response
from allcad_core.evaluation.points import Labelled, require_all
from allcad_core.predictions import RESULTS, BoxPrediction, CellPrediction, read
from allcad_core.recipes import kept_of, recipes
from allcad_core.temperature import calibrated

BOXES = Path(__file__).resolve().parents[2] / "annotations" / "allidb1_boxes.csv"
PROTOCOLS = ("chen17", "field", "session", "source")
CONFIDENCE = 0.25
"""Of detectors that are no recipe of ``analyse``."""
WHITE_CELL = "white cell"
"""A box of either class, right when it lies on a cell of either class."""


@dataclass(frozen=True)
class BoxFigures:
    """Figures over some fields.

    Attributes:
        fields: how many.
        classes: by ``blast``, ``healthy`` and ``white cell``.
        free_response: blast recall at some numbers of false blasts a field.
        counts: of counting at the default confidence.
    """

    fields: int
    classes: dict[str, ClassFigures]
    free_response: tuple[FreeResponse, ...]
    counts: Counts

    @property
    def both(self) -> tuple[float | None, float | None]:
        """mAP@0.5 and mAP@0.5:0.95, the means of blast and healthy; ``None`` where a class is missing."""
        values = [(self.classes[kind].ap50.value, self.classes[kind].ap.value) for kind in CLASSES]
        at_half, all_over = zip(*values, strict=True)
        return _mean(at_half), _mean(all_over)


@dataclass(frozen=True)
class BoxReport:
    """Figures of one detector under a protocol.

    Attributes:
        model, protocol, confidence: what was measured, how, and the default threshold.
        truth: true boxes by class, ``ignore`` among them.
        parts: by name of the part; ``all`` first, under ``chen17`` also the fields without overlap, under other
            protocols folds and sittings.
        mean_over_folds: headline of ``session`` and ``field``: mean of each fold's figure, ``None`` where one lacks it.
    """

    model: str
    protocol: str
    confidence: float
    truth: dict[str, int]
    parts: dict[str, BoxFigures]
    mean_over_folds: dict[str, float | None]


def box_report(name: str, protocol: str, data: Path, results: Path = RESULTS, boxes: Path = BOXES) -> BoxReport:
    """Figures of a stored detector.

    Args:
        name: a recipe of ``analyse``, or what is stored under ``results/detect``.
        protocol: one of ``PROTOCOLS``.
        data: folder of the data sets, for fields and sittings.
        results: folder of predictions.
        boxes: drawn boxes.

    Raises:
        DataError: predictions, data or boxes are missing.
    """
    shown, scored, confidence = stored(name, protocol, results)
    drawn = read_boxes(boxes)
    tested = set(tested_fields(protocol, allidb1.fields(data)))
    fields = [field for field in allidb1.fields(data) if field.name in tested]
    require_all(shown, fields)
    require_all(drawn, fields)
    parts = {
        part: figures_of(shown, scored, {field.name: drawn[field.name] for field in chosen}, confidence)
        for part, chosen in parts_of(protocol, fields).items()
    }
    truth = {
        kind: sum(cell.kind == kind for field in fields for cell in drawn[field.name]) for kind in (*CLASSES, "ignore")
    }
    folds = [figures for part, figures in parts.items() if part.startswith("fold ")]
    return BoxReport(name, protocol, confidence, truth, parts, _over_folds(folds) if folds else {})


def box_reports(protocol: str, data: Path, results: Path = RESULTS) -> tuple[list[BoxReport], list[str]]:
    """Figures of every stored detector, and the names of those of which folds are still missing."""
    reports, incomplete = [], []
    tested = set(tested_fields(protocol, allidb1.fields(data)))
    for name in stored_models(protocol, results):
        if tested <= stored(name, protocol, results)[0].keys():
            reports.append(box_report(name, protocol, data, results))
        else:
            incomplete.append(name)
    return reports, incomplete


def tested_fields(protocol: str, fields: Sequence[FieldRecord]) -> Iterable[str]:
    """Names of the fields that a protocol tests."""
    return (name for name, fold in splits.folds(protocol, fields).items() if fold != splits.TRAIN_ONLY)


def parts_of(protocol: str, fields: Sequence[FieldRecord]) -> dict[str, list[FieldRecord]]:
    """The fields in the parts that are told: all, and folds and sittings or the clean part of ``chen17``."""
    found = {"all": list(fields)}
    if protocol == "chen17":
        found["13 without a large overlap"] = [field for field in fields if field.name in splits.CHEN13]
        return found
    if protocol == "field":
        found["the 17 test fields of Chen et al."] = [field for field in fields if field.name in splits.CHEN17]
    folds = splits.folds(protocol, fields)
    for fold in sorted(set(folds.values())):
        found[f"fold {fold}"] = [field for field in fields if folds[field.name] == fold]
    for session in sorted({str(field.session) for field in fields}):
        found[f"session {session}"] = [field for field in fields if str(field.session) == session]
    return found


def stored(
    name: str, protocol: str, results: Path = RESULTS
) -> tuple[dict[str, list[Labelled]], dict[str, list[Labelled]], float]:
    """Boxes as a user sees them (one label each), as average precision wants them, and the default confidence.

    Where a classifier has spoken, the second lists every box under both labels, each with its probability.

    Raises:
        DataError: nothing is stored.
    """
    kept = kept_of(name)
    rows = read(BoxPrediction, "detect", protocol, kept, results)
    judged = any(row.log_odds for row in rows)
    temperatures = _temperatures(_classifier(kept, protocol, results), protocol, results) if judged else {}
    shown: dict[str, list[Labelled]] = {}
    scored: dict[str, list[Labelled]] = {}
    for row in rows:
        one, both = shown.setdefault(row.image, []), scored.setdefault(row.image, [])
        if row.x1 <= row.x0:
            continue
        labels = _labels(row, temperatures.get(row.fold, 1.0)) if judged else [(row.label, row.score)]
        entries = [Labelled((row.x0, row.y0, row.x1, row.y1), label, score) for label, score in labels]
        one.append(max(entries, key=lambda entry: entry.score))
        both += entries
    return shown, scored, confidence_of(name)


def confidence_of(name: str) -> float:
    """The default confidence of a recipe, or of detectors that are none."""
    return next((entry.default_confidence for entry in recipes() if entry.name == name), CONFIDENCE)


def _labels(row: BoxPrediction, temperature: float) -> list[tuple[str, float]]:
    """A judged box under both labels, each with the score that ``analyse`` gives it: of the box times of the label."""
    chance = float(calibrated(np.array(row.log_odds), temperature))
    return [("blast", row.score * chance), ("healthy", row.score * (1 - chance))]


def _classifier(kept: str, protocol: str, results: Path) -> str:
    """Name of the classifier in ``detector-classifier``; both may hold hyphens, so the stored ones decide."""
    endings = [kept[place + 1 :] for place, sign in enumerate(kept) if sign == "-"]
    return next(
        (name for name in endings if (results / "cell" / protocol / name).is_dir()), endings[-1] if endings else ""
    )


def _temperatures(classifier: str, protocol: str, results: Path) -> Mapping[int, float]:
    """Temperatures from the other folds; none where there is no other fold, and 1 is used."""
    try:
        return calibration.cross_fitted(read(CellPrediction, "cell", protocol, classifier, results))
    except DataError:
        return {}


def figures_of(
    shown: Mapping[str, Sequence[Labelled]],
    scored: Mapping[str, Sequence[Labelled]],
    truth: Mapping[str, Sequence[CellBox]],
    confidence: float,
) -> BoxFigures:
    """Figures over some fields.

    Args:
        shown: boxes by field as a user sees them, one label each.
        scored: as average precision wants them, see ``stored``.
        truth: drawn boxes by field; ``ignore`` counts neither way.
        confidence: from which score on a box counts as said.
    """
    of_class = {kind: match(scored, truth, kind) for kind in CLASSES}
    figures = {kind: class_figures(matches, confidence) for kind, matches in of_class.items()}
    figures[WHITE_CELL] = class_figures(match(shown, truth, None), confidence)
    return BoxFigures(len(truth), figures, free_response(of_class["blast"]), counts(shown, truth, confidence))


def _over_folds(folds: Sequence[BoxFigures]) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for kind in CLASSES:
        found[f"{kind} ap50"] = _mean([fold.classes[kind].ap50.value for fold in folds])
        found[f"{kind} ap"] = _mean([fold.classes[kind].ap.value for fold in folds])
        found[f"{kind} recall"] = _mean([fold.classes[kind].recall.value for fold in folds])
    for place, entry in enumerate(folds[0].free_response):
        found[f"blast recall at {entry.false_per_field:g}"] = _mean(
            [fold.free_response[place].recall.value for fold in folds]
        )
    found["blast count error"] = _mean([fold.counts.blasts.mean_absolute.value for fold in folds])
    found["false blasts"] = _mean([fold.counts.false_blasts.value for fold in folds])
    return found


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known and len(known) == len(values) else None


def stored_models(protocol: str, results: Path = RESULTS) -> list[str]:
    """Names under which boxes of a protocol are stored; that of a recipe stands for the predictions it reads."""
    folder = results / "detect" / protocol
    found = sorted(path.name for path in folder.iterdir() if any(path.glob("fold*.csv"))) if folder.is_dir() else []
    recipe_of = {entry.kept: entry.name for entry in recipes()}
    return [recipe_of.get(name, name) for name in found]
