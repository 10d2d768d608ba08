"""The queue: jobs of (model, protocol, fold), each skipped when its result file stands, each leaving one when done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import torch

from allcad_core import models, predictions
from allcad_core.classification import CellClassifier
from allcad_core.datasets import allidb1, splits
from allcad_core.detection import propose
from allcad_core.detection.ultralytics import Yolo, trained_state
from allcad_core.errors import DataError
from allcad_core.predictions import BoxPrediction, CellPrediction
from allcad_core.training import cells as cell_training
from allcad_core.training import detectors, sources
from allcad_core.training.plans import draft_card, plan
from allcad_core.training.truth import TrueField

FULL = -1
"""The fold that leaves nothing out: what ships."""
REGIONS = "regions"

Tell = Callable[[str, int, int], None]
"""Told what is being done, the part done and how many there are."""


class Bench:
    """The data of a training session, read when first needed, and where runs and results stand."""

    def __init__(self, data: Path, runs: Path, results: Path, device: torch.device, tell: Tell) -> None:
        self.data, self.runs, self.results, self.device, self.tell = data, runs, results, device, tell
        self._generated: list[TrueField] = []

    @cached_property
    def main(self) -> list[TrueField]:
        """Fields of ALL-IDB1."""
        return sources.main_fields(self.data, lambda name, done, count: self.tell(f"Reading {name}", done, count))

    @cached_property
    def further(self) -> list[TrueField]:
        """Fields of the other sets."""
        return sources.further_fields(self.data, lambda name, done, count: self.tell(f"Reading {name}", done, count))

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
            records = {name: sources.records(self.data, name) for name in {field.dataset for field in self.further}}
            for listed in records.values():
                found |= splits.blocks(listed)
        return found


def run(name: str, protocol: str, fold: int, bench: Bench) -> Path | None:
    """Train one fold and store what it says of the fold that it has not seen.

    Args:
        name: see ``PLANS``.
        protocol: ``field`` or ``session``.
        fold: which one to leave out.
        bench: data and folders.

    Returns:
        The result file, or ``None`` where it stood already.

    Raises:
        UnknownNameError: no such model or protocol.
        DataError: no such fold, or data are missing.
    """
    made = plan(name)
    path = predictions.path_of(made.task, protocol, name, fold, bench.results)
    if path.exists():
        return None
    folds = bench.folds(protocol)
    if fold not in fold_numbers(folds):
        known = ", ".join(map(str, fold_numbers(folds)))
        raise DataError(f"There is no fold {fold} in the protocol '{protocol}'. Known: {known}.")
    held_out = [field for field in bench.main if folds[field.name] == fold]
    if made.task == "cell":
        network = fit_cells(name, bench, protocol, fold, folds)
        classifier = CellClassifier(draft_card(name), network, bench.device)
        proposed = [row for field in held_out for row in _regions(field, classifier, fold)]
        predictions.write(
            proposed, BoxPrediction, predictions.path_of("detect", protocol, f"{REGIONS}-{name}", fold, bench.results)
        )
        predictions.write([row for field in held_out for row in _cells(field, classifier, fold)], CellPrediction, path)
    else:
        network = fit_detector(name, bench, protocol, fold, folds)
        detector = Yolo(draft_card(name), network, bench.device)
        predictions.write([row for field in held_out for row in _boxes(field, detector, fold)], BoxPrediction, path)
    return path


def fit_cells(name: str, bench: Bench, protocol: str, fold: int, folds: Mapping[str, int]) -> torch.nn.Module:
    """Train a cell classifier on everything outside the fold; on everything for ``FULL``."""
    made = plan(name)
    known = [*bench.main, *bench.further, *bench.generated(made.generated)]
    fields = [field for field in known if fold == FULL or folds.get(field.name, FULL) != fold]
    torch.manual_seed(max(fold, 0))
    network = models.build(made.builder, made.arguments)
    cells = cell_training.gather(fields, int(made.input["size"]), float(made.input["context"]))
    settings = cell_training.Settings(seed=max(fold, 0))
    title = f"{name} {protocol} {'all' if fold == FULL else fold}"
    cell_training.fit(
        network, cells, bench.device, settings, main_set=sources.MAIN,
        after_epoch=lambda done, count, loss: bench.tell(f"{title}, loss {loss:.3f}", done, count),
    )  # fmt: skip
    return network


def fit_detector(name: str, bench: Bench, protocol: str, fold: int, folds: Mapping[str, int]) -> torch.nn.Module:
    """Pre-train a detector on the other sets once, then train it on ALL-IDB1 outside the fold."""
    made = plan(name)
    architecture = str(made.arguments["architecture"])
    home = bench.runs / "detect" / name
    outside = [field for field in bench.main if fold == FULL or folds[field.name] != fold]
    title = f"{name} {protocol} {'all' if fold == FULL else fold}"
    start = detectors.fit(
        architecture, bench.further, home / "indomain", detectors.PRETRAINING, device=str(bench.device),
        after_epoch=lambda done, count: bench.tell(f"{name} pre-training", done, count),
    )  # fmt: skip
    last = detectors.fit(
        architecture, outside, home / f"{protocol}{'-all' if fold == FULL else fold}", detectors.Settings(seed=max(fold, 0)),
        weights=start, device=str(bench.device), after_epoch=lambda done, count: bench.tell(title, done, count),
    )  # fmt: skip
    network = models.build(made.builder, made.arguments)
    network.load_state_dict(trained_state(last))
    return network.eval().to(bench.device)


def _cells(field: TrueField, classifier: CellClassifier, fold: int) -> list[CellPrediction]:
    counted = [(kind, box) for kind, box in field.cells if kind != "ignore"]
    odds = classifier.log_odds(field.balanced, [box for _, box in counted])
    return [
        CellPrediction(field.dataset, field.name, *box, int(kind == "blast"), float(value), fold)
        for (kind, box), value in zip(counted, odds, strict=True)
    ]


def _regions(field: TrueField, classifier: CellClassifier, fold: int) -> list[BoxPrediction]:
    found = propose(field.regions)
    boxes = found.box_list()
    odds = classifier.log_odds(field.balanced, boxes)
    rows = [
        BoxPrediction(field.name, *box, "", float(score), float(value), fold)
        for box, score, value in zip(boxes, found.scores, odds, strict=True)
    ]
    return rows or [nothing(field.name, fold)]


def _boxes(field: TrueField, detector: Yolo, fold: int) -> list[BoxPrediction]:
    found = detector.detect(field.balanced, field.red_cell_diameter)
    rows = [
        BoxPrediction(field.name, *box, label, float(score), 0.0, fold)
        for box, score, label in zip(found.box_list(), found.scores, found.labels or (), strict=True)
    ]
    return rows or [nothing(field.name, fold)]


def nothing(image: str, fold: int) -> BoxPrediction:
    """The row of a field in which nothing was found, so that it still counts as looked at."""
    return BoxPrediction(image, 0.0, 0.0, 0.0, 0.0, "", 0.0, 0.0, fold)


def fold_numbers(folds: Mapping[str, int]) -> Sequence[int]:
    """The folds of a protocol, in order."""
    return sorted(set(folds.values()) - {splits.TRAIN_ONLY})
