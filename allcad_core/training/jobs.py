"""The queue: jobs of (model, protocol, fold), each skipped when its result file stands, each leaving one when done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from allcad_core import predictions
from allcad_core.classification import CellClassifier
from allcad_core.classification.fields import FieldClassifier
from allcad_core.datasets import aria, pbc
from allcad_core.detection.ultralytics import Yolo
from allcad_core.errors import DataError
from allcad_core.predictions import BoxPrediction, CellPrediction, FieldPrediction
from allcad_core.recipes import REGIONS
from allcad_core.synthesis import trial
from allcad_core.training import aggregates, answers, classifiers, detectors, fieldsets, sources
from allcad_core.training.bench import UNSEEN, Bench
from allcad_core.training.detector_plans import PLANS as DETECTORS
from allcad_core.training.plan_types import FULL
from allcad_core.training.plans import draft_card
from allcad_core.training.truth import TrueField


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
        _run_boxes(name, protocol, fold, bench, path)
    return path


def _run_boxes(name: str, protocol: str, fold: int, bench: Bench, path: Path) -> None:
    """Let a detector find the cells of the held-out fields."""
    folds = bench.folds(protocol)
    network = detectors.fit_detector(name, bench, protocol, fold, folds)
    detector = Yolo(draft_card(name, bench.plan(name)), network, bench.device)
    held_out = [field for field in bench.main if folds[field.name] == fold]
    rows = [row for field in held_out for row in answers.of_detector(field, detector, fold)]
    predictions.write(rows, BoxPrediction, path)


def _run_cells(name: str, protocol: str, fold: int, bench: Bench, path: Path) -> None:
    """Judge the true cells of the held-out pictures, of those sets alone that no stage of the training took in whole."""
    made = bench.plan(name)
    folds = bench.cell_folds(protocol)
    classifier = CellClassifier(draft_card(name, made), fit_cells(name, bench, protocol, fold), bench.device)
    unseen = set(made.course.weights if made.course else ()) | {sources.MAIN, sources.CROPS}
    unseen -= set(made.pretraining.weights if made.pretraining else ())
    unseen &= {dataset for (dataset, _), number in folds.items() if number == fold}
    held_out = [field for field in bench.pictures(unseen) if folds.get((field.dataset, field.name)) == fold]
    if made.proposals:
        _run_proposals(name, protocol, fold, bench, held_out, classifier)
    rows = [row for field in held_out for row in answers.of_cells(field, classifier, fold)]
    predictions.write(rows, CellPrediction, path)


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
        store([row for field in main for row in answers.of_regions(field, classifier, fold)], protocol, REGIONS)
        for detector, boxes in _stored_boxes(protocol, f"fold{fold}", bench.results).items():
            rows = [row for field in main for row in answers.of_boxes(field, boxes.get(field.name, ()), classifier)]
            store(rows, protocol, detector)
    if protocol == "source":
        others = [field for field in held_out if field.dataset in (aria.NAME, pbc.NAME)]
        found = [answers.with_dataset(field, answers.of_regions(field, classifier, fold)) for field in others]
        store([row for rows in found for row in rows], UNSEEN, REGIONS)
        for detector, boxes in _stored_boxes(UNSEEN, "fold*", bench.results).items():
            given = [(field, boxes.get(answers.full_name(field), ())) for field in others]
            store([row for field, rows in given for row in answers.of_boxes(field, rows, classifier)], UNSEEN, detector)


def _stored_boxes(protocol: str, folds: str, results: Path) -> dict[str, dict[str, list[BoxPrediction]]]:
    """What trained detectors found, by detector and field, in the folds whose files match a pattern."""
    found: dict[str, dict[str, list[BoxPrediction]]] = {}
    for name in DETECTORS:
        for path in sorted((results / "detect" / protocol / name).glob(f"{folds}.csv")):
            for row in predictions.read_file(BoxPrediction, path):
                found.setdefault(name, {}).setdefault(row.image, []).append(row)
    return found


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
    rows = [row for field in looked for row in answers.of_regions(field, classifier, 0)]
    predictions.write(rows, BoxPrediction, path)
    return path


def _run_fields(name: str, protocol: str, fold: int, bench: Bench, path: Path) -> None:
    """Judge the held-out fields as they are, and with every white cell painted over."""
    made = bench.plan(name)
    folds = bench.folds(protocol)
    classifier = FieldClassifier(draft_card(name, made), fit_fields(name, bench, protocol, fold), bench.device)
    held_out = [field for field in bench.main if folds[field.name] == fold]
    odds, blank = (answers.of_fields(fields, classifier) for fields in (held_out, map(fieldsets.blank, held_out)))
    rows = [
        FieldPrediction(field.dataset, field.name, fieldsets.label(field), said, shortcut, fold)
        for field, said, shortcut in zip(held_out, odds, blank, strict=True)
    ]
    predictions.write(rows, FieldPrediction, path)


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
