"""What a fold's detector says of data sets, or parts of them, that no stage of its training has seen.

In the stored boxes ``image`` is the data set, a slash, and the name.
"""

from __future__ import annotations

from pathlib import Path

from allcad_core import predictions
from allcad_core.datasets import pbc
from allcad_core.detection.ultralytics import Yolo
from allcad_core.predictions import BoxPrediction
from allcad_core.training import answers, detectors
from allcad_core.training.bench import UNSEEN, Bench
from allcad_core.training.plans import draft_card
from allcad_core.training.truth import TrueField


def run(name: str, fold: int, bench: Bench) -> Path | None:
    """Store the boxes of one session fold's detector; trains it first where that has not been done.

    Args:
        name: a detector's plan.
        fold: of ``session``.
        bench: data and folders.

    Returns:
        The file, or ``None`` where it stood already.
    """
    path = predictions.path_of("detect", UNSEEN, name, fold, bench.results)
    if path.exists():
        return None
    network = detectors.fit_detector(name, bench, "session", fold, bench.folds("session"))
    detector = Yolo(draft_card(name), network, bench.device)
    fields = never_trained(bench)
    rows: list[BoxPrediction] = []
    for number, field in enumerate(fields, start=1):
        bench.tell(f"{name} {UNSEEN} {fold}", number, len(fields))
        rows += answers.with_dataset(field, answers.of_detector(field, detector, fold))
    predictions.write(rows, BoxPrediction, path)
    return path


def never_trained(bench: Bench) -> list[TrueField]:
    """PBC, Aria's look-alikes, and the blocks of Aria and TXL-PBC that are kept from every fold."""
    unseen = detectors.unseen_fields(bench.further, bench.folds("field"))
    shared = {*detectors.FOLD_SETS}
    return [
        field
        for field in bench.further
        if field.dataset == pbc.NAME
        or (field.dataset in shared and (field.name in unseen or field.name.startswith(detectors.LOOK_ALIKE)))
    ]
