"""The queue: jobs of (model, protocol, fold), each skipped when its result file stands, each leaving one when done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from allcad_core import predictions
from allcad_core.classification import CellClassifier
from allcad_core.classification.fields import FieldClassifier
from allcad_core.datasets import allidb1, allidb2, aria, pbc, splits
from allcad_core.detection import propose, scale
from allcad_core.detection.ultralytics import Yolo
from allcad_core.errors import DataError
from allcad_core.predictions import BoxPrediction, CellPrediction, FieldPrediction
from allcad_core.results import Box
from allcad_core.segmentation import segment
from allcad_core.synthesis import trial
from allcad_core.training import aggregates, cellsets, classifiers, detectors, fieldsets, sources
from allcad_core.training.detector_plans import PLANS as DETECTORS
from allcad_core.training.plan_types import Plan
from allcad_core.training.plans import draft_card, plan
from allcad_core.training.truth import TrueField

FULL = detectors.FULL
"""The fold that leaves nothing out: what ships."""
REGIONS = "regions"
UNSEEN = "unseen"
"""What the session folds' detectors say of pictures that no stage of their training has seen."""
LEFT_OUT = {"ALL-IDB1": 0, "ALL-IDB2": 0, "Aria": 1, "PBC": 2}
"""The fold of ``source`` that leaves a data set out."""

Tell = Callable[[str, int, int], None]
"""Told what is being done, the part done and how many there are."""
Picture = tuple[str, str]
"""Data set and name."""


class Bench:
    """The data of a training session, read when first needed, and where runs and results stand."""

    def __init__(
        self,
        data: Path,
        runs: Path,
        results: Path,
        device: torch.device,
        tell: Tell,
        varied: Mapping[str, Plan] | None = None,
    ) -> None:
        self.data, self.runs, self.results, self.device, self.tell = data, runs, results, device, tell
        self._varied = varied or {}
        self._generated: list[TrueField] = []

    def plan(self, name: str) -> Plan:
        """The plan of a model, as varied for this session. Raises UnknownNameError."""
        return self._varied.get(name) or plan(name)

    @cached_property
    def main(self) -> list[TrueField]:
        """Fields of ALL-IDB1."""
        return sources.main_fields(self.data, self._reading, self.runs / "shelf")

    @cached_property
    def crops(self) -> list[TrueField]:
        """Crops of ALL-IDB2."""
        return sources.crop_pictures(self.data, self._reading, self.runs / "shelf")

    @cached_property
    def further(self) -> list[TrueField]:
        """Pictures of the other sets."""
        return sources.further_fields(self.data, self._reading, self.runs / "shelf")

    def pictures(self, names: Collection[str]) -> list[TrueField]:
        """Pictures of the named data sets; no other set is read."""
        found = [*self.crops] if sources.CROPS in names else []
        found += self.main if sources.MAIN in names else []
        if not set(names).isdisjoint(sources.FURTHER):
            found += [field for field in self.further if field.dataset in names]
        return found

    def _reading(self, name: str, done: int, count: int) -> None:
        self.tell(f"Reading {name}", done, count)

    def generated(self, count: int) -> list[TrueField]:
        """So many generated fields, made once."""
        if len(self._generated) != count:
            self._generated = sources.generated_fields(
                count, lambda name, done, of: self.tell(f"Making {name}", done, of)
            )
        return self._generated

    def folds(self, protocol: str) -> dict[str, int]:
        """Fold of each field by name: ALL-IDB1 by the protocol; in ``field``, blocks of the other sets too."""
        found = splits.folds(protocol, allidb1.fields(self.data))
        if protocol == "field":
            for _, blocks in self._blocks():
                found |= blocks
        return found

    def _blocks(self) -> list[tuple[str, dict[str, int]]]:
        """The further sets that are at hand, with the block of each of their pictures."""
        listed = [(name, sources.records(self.data, name)) for name in sources.FURTHER]
        return [(name, splits.blocks(records)) for name, records in listed if records]

    def cell_folds(self, protocol: str) -> dict[Picture, int]:
        """Fold of each picture that shows cells to judge; what is not named is trained on in every fold.

        The papers' random splits draw the crops themselves. There, the fields that the crops were cut from take no part,
        or the very cells of a fold would be in its training.
        """
        fields = allidb1.fields(self.data)
        try:
            crops = allidb2.crops(self.data)
        except DataError:
            crops = ()
        if protocol == "source":
            known = [*fields, *crops, *(one for name in sources.FURTHER for one in sources.records(self.data, name))]
            return {(one.dataset, one.name): LEFT_OUT[one.dataset] for one in known if one.dataset in LEFT_OUT}
        found = {(sources.CROPS, name): fold for name, fold in splits.crop_folds(protocol, crops, fields).items()}
        if protocol.startswith("random"):
            return found
        found |= {(sources.MAIN, name): fold for name, fold in splits.folds(protocol, fields).items()}
        if protocol == "field":
            found |= {(name, picture): fold for name, blocks in self._blocks() for picture, fold in blocks.items()}
        return found

    def numbers(self, name: str, protocol: str) -> Sequence[int]:
        """The folds that a model has under a protocol."""
        if protocol == trial.PROTOCOL:
            return (0,)
        made = self.plan(name)
        if aggregates.listens(made) and protocol == "source":
            return (LEFT_OUT[sources.MAIN], LEFT_OUT[aria.NAME])
        if made.task == "detect" and protocol == UNSEEN:
            protocol = "session"
        folds = self.cell_folds(protocol) if made.task == "cell" else self.folds(protocol)
        return sorted(set(folds.values()) - {splits.TRAIN_ONLY})


def run(name: str, protocol: str, fold: int, bench: Bench) -> Path | None:
    """Train one fold and store what it says of the fold that it has not seen.

    Args:
        name: see ``PLANS``.
        protocol: see ``datasets.splits``.
        fold: which one to leave out.
        bench: data and folders.

    Returns:
        The result file, or ``None`` where it stood already.

    Raises:
        UnknownNameError: no such model or protocol.
        DataError: no such fold, or data are missing.
    """
    made = bench.plan(name)
    path = predictions.path_of(made.task, protocol, name, fold, bench.results)
    if path.exists():
        return None
    if fold not in bench.numbers(name, protocol):
        known = ", ".join(map(str, bench.numbers(name, protocol)))
        raise DataError(f"There is no fold {fold} in the protocol '{protocol}'. Known: {known}.")
    if protocol == trial.PROTOCOL:
        return _run_trial(name, bench)
    if protocol == UNSEEN:
        from allcad_core.training import unseen

        return unseen.run(name, fold, bench)
    if aggregates.listens(made):
        return aggregates.run(name, made, protocol, fold, bench.results)
    if made.task == "cell":
        _run_cells(name, protocol, fold, bench, path)
    elif made.task == "field":
        _run_fields(name, protocol, fold, bench, path)
    else:
        folds = bench.folds(protocol)
        network = detectors.fit_detector(name, bench, protocol, fold, folds)
        detector = Yolo(draft_card(name, made), network, bench.device)
        held_out = [field for field in bench.main if folds[field.name] == fold]
        predictions.write([row for field in held_out for row in _boxes(field, detector, fold)], BoxPrediction, path)
    return path


def _run_cells(name: str, protocol: str, fold: int, bench: Bench, path: Path) -> None:
    made = bench.plan(name)
    folds = bench.cell_folds(protocol)
    classifier = CellClassifier(draft_card(name, made), fit_cells(name, bench, protocol, fold), bench.device)
    unseen = set(made.course.weights if made.course else ()) | {sources.MAIN, sources.CROPS}
    unseen -= set(made.pretraining.weights if made.pretraining else ())
    unseen &= {dataset for (dataset, _), number in folds.items() if number == fold}
    held_out = [
        field for field in bench.pictures(unseen) if folds.get((field.dataset, field.name)) == fold
    ]  # fmt: skip
    if made.proposals:
        _run_proposals(name, protocol, fold, bench, held_out, classifier)
    predictions.write([row for field in held_out for row in _cells(field, classifier, fold)], CellPrediction, path)


def _run_proposals(
    name: str, protocol: str, fold: int, bench: Bench, held_out: Sequence[TrueField], classifier: CellClassifier
) -> None:
    """Judge the regions of the held-out fields, and the boxes that stored detectors gave to the same fold."""

    def store(rows: list[BoxPrediction], protocol: str, detector: str) -> None:
        if rows:
            path = predictions.path_of("detect", protocol, f"{detector}-{name}", fold, bench.results)
            predictions.write(rows, BoxPrediction, path)

    main = [field for field in held_out if field.dataset == sources.MAIN]
    if protocol in ("field", "session", "chen17", "source"):
        store([row for field in main for row in _regions(field, classifier, fold)], protocol, REGIONS)
        for detector, boxes in _stored_boxes(protocol, fold, bench.results).items():
            store([row for field in main for row in _judged(field, boxes, classifier)], protocol, detector)
    if protocol == "source":
        others = [field for field in held_out if field.dataset in (aria.NAME, pbc.NAME)]
        rows = [
            replace(row, image=f"{field.dataset}/{field.name}")
            for field in others for row in _regions(field, classifier, fold)
        ]  # fmt: skip
        store(rows, UNSEEN, REGIONS)


def _stored_boxes(protocol: str, fold: int, results: Path) -> dict[str, dict[str, list[BoxPrediction]]]:
    """What trained detectors found in a fold, by detector and field."""
    found: dict[str, dict[str, list[BoxPrediction]]] = {}
    for name in DETECTORS:
        path = predictions.path_of("detect", protocol, name, fold, results)
        if path.exists():
            for row in predictions.read_file(BoxPrediction, path):
                found.setdefault(name, {}).setdefault(row.image, []).append(row)
    return found


def _judged(
    field: TrueField, boxes: Mapping[str, Sequence[BoxPrediction]], classifier: CellClassifier
) -> list[BoxPrediction]:
    """A detector's boxes of one field with what the classifier says of each."""
    rows = boxes.get(field.name, ())
    real = [row for row in rows if row.x1 > row.x0]
    if not real:
        return list(rows)
    odds = _odds(field, classifier, [(row.x0, row.y0, row.x1, row.y1) for row in real])
    return [replace(row, log_odds=float(value)) for row, value in zip(real, odds, strict=True)]


def _run_trial(name: str, bench: Bench) -> Path | None:
    """Train on every real picture, and judge the regions of generated fields; ``None`` where that stands already."""
    path = predictions.path_of("detect", trial.PROTOCOL, f"{REGIONS}-{name}", 0, bench.results)
    made = bench.plan(name)
    if path.exists():
        return None
    if made.task != "cell" or made.generated:
        raise DataError(f"'{name}' judges no cells, or saw generated ones in training: the trial is not for it.")
    classifier = CellClassifier(draft_card(name, made), fit_cells(name, bench, trial.PROTOCOL, FULL), bench.device)
    looked = (sources.true_generated(field, trial.image_name(field.seed)) for field in trial.fields())
    predictions.write([row for field in looked for row in _regions(field, classifier, 0)], BoxPrediction, path)
    return path


def _run_fields(name: str, protocol: str, fold: int, bench: Bench, path: Path) -> None:
    """Judge the held-out fields as they are, and with every white cell painted over."""
    made = bench.plan(name)
    folds = bench.folds(protocol)
    classifier = FieldClassifier(draft_card(name, made), fit_fields(name, bench, protocol, fold), bench.device)
    held_out = [field for field in bench.main if folds[field.name] == fold]
    odds, blank = (_field_odds(fields, classifier) for fields in (held_out, map(fieldsets.blank, held_out)))
    rows = [
        FieldPrediction(field.dataset, field.name, fieldsets.label(field), said, shortcut, fold)
        for field, said, shortcut in zip(held_out, odds, blank, strict=True)
    ]
    predictions.write(rows, FieldPrediction, path)


def _field_odds(fields: Iterable[TrueField], classifier: FieldClassifier) -> list[float]:
    odds = []
    for field in fields:
        masks = None
        if classifier.mask != "none" and field.read is not None:
            masks = [segment(field.read(), classifier.mask).cell]
        odds.append(float(classifier.log_odds([field.balanced], masks)[0]))
    return odds


def fit_cells(name: str, bench: Bench, protocol: str, fold: int) -> torch.nn.Module:
    """Train a cell classifier on everything outside the fold; on everything for ``FULL``."""
    made = bench.plan(name)
    folds = {} if fold == FULL else bench.cell_folds(protocol)
    wanted = set(made.course.weights if made.course else ())
    if protocol.startswith("random") and fold != FULL:
        wanted.discard(sources.MAIN)
    pictures = [*bench.pictures(wanted), *bench.generated(made.generated)]
    outside = [field for field in pictures if fold == FULL or folds.get((field.dataset, field.name)) != fold]
    return _fit(name, bench, protocol, fold, outside)


def fit_fields(name: str, bench: Bench, protocol: str, fold: int) -> torch.nn.Module:
    """Train a field classifier likewise."""
    folds = bench.folds(protocol)
    outside = [field for field in bench.main if fold == FULL or folds[field.name] != fold]
    return _fit(name, bench, protocol, fold, outside)


def _fit(name: str, bench: Bench, protocol: str, fold: int, pictures: list[TrueField]) -> torch.nn.Module:
    title = f"{name} all" if fold == FULL else f"{name} {protocol} {fold}"
    others = bench.further if bench.plan(name).pretraining else []
    return classifiers.fit_classifier(
        bench.plan(name), pictures, others, bench.runs / bench.plan(name).task / name, title, bench.device,
        seed=max(fold, 0), tell=bench.tell,
    )  # fmt: skip


def _cells(field: TrueField, classifier: CellClassifier, fold: int) -> list[CellPrediction]:
    counted = [(kind, box) for kind, box in field.cells if kind != "ignore"]
    odds = _odds(field, classifier, [box for _, box in counted])
    return [
        CellPrediction(field.dataset, field.name, *box, int(kind == "blast"), float(value), fold)
        for (kind, box), value in zip(counted, odds, strict=True)
    ]


def _odds(field: TrueField, classifier: CellClassifier, boxes: list[Box]) -> NDArray[np.float64]:
    seen = cellsets.seen(field, str(classifier.card.input.get("mask", "none"))) if boxes else field.balanced
    return classifier.log_odds(seen, boxes)


def _regions(field: TrueField, classifier: CellClassifier, fold: int) -> list[BoxPrediction]:
    found = propose(field.regions)
    boxes = found.box_list()
    odds = _odds(field, classifier, boxes)
    rows = [
        BoxPrediction(field.name, *box, "", float(score), float(value), fold)
        for box, score, value in zip(boxes, found.scores, odds, strict=True)
    ]
    return rows or [nothing(field.name, fold)]


def _boxes(field: TrueField, detector: Yolo, fold: int) -> list[BoxPrediction]:
    found = detector.detect(field.balanced, scale(field.red_cell_diameter, field.regions))
    rows = [
        BoxPrediction(field.name, *box, label, float(score), 0.0, fold)
        for box, score, label in zip(found.box_list(), found.scores, found.labels or (), strict=True)
    ]
    return rows or [nothing(field.name, fold)]


def nothing(image: str, fold: int) -> BoxPrediction:
    """The row of a field in which nothing was found, so that it still counts as looked at."""
    return BoxPrediction(image, 0.0, 0.0, 0.0, 0.0, "", 0.0, 0.0, fold)
