"""What whole numbers (INT8) cost a detector out of fold: ``python -m benchmarks.whole_numbers --runs DIR --data DIR``.

A network whose weights and maps are eight-bit whole numbers may be offered where its figures on fields that it was not
trained on move by no more than 0.005. ``--runs`` names the folder of a training that kept the networks of its session
folds, ``session0`` to ``session2``, each with ``fit/weights/last.pt``, as ``allcad train yolo11n --protocol session``
leaves them. Ranges are set by generated fields, as a shipped network's would have to be, so no real picture takes part in
them. Needs ``pip install nncf==3.4.0``; nothing else here does.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from allcad_core import devices, models
from allcad_core.compiled import graphs
from allcad_core.compiled.runtime import Network
from allcad_core.datasets import allidb1, splits
from allcad_core.datasets.boxes import CellBox, read_boxes
from allcad_core.detection import Detections
from allcad_core.detection.plain import letterboxed
from allcad_core.detection.ultralytics import CLASSES, STRIDE, Yolo, target_size, trained_state
from allcad_core.evaluation.detector_metrics import average_precision, match
from allcad_core.evaluation.points import Labelled
from allcad_core.ground import balance
from allcad_core.segmentation.stain import scale_of

if TYPE_CHECKING:
    import openvino

    from allcad_core.datasets.base import FieldRecord

ALLOWED = 0.005
"""By how much a figure may move."""
FOLDS = (0, 1, 2)
FIELDS, SIZE = 12, (1296, 972)
"""Generated fields by which the ranges are set, and their width and height in px."""
SURE = 0.25
"""Confidence at which recall and precision are told."""
WAYS = ("whole numbers off", "whole numbers on")


@dataclass(frozen=True, eq=False)
class Look:
    """A field as detectors are given it."""

    name: str
    balanced: NDArray[np.uint8]
    red_cell: float


def generated() -> list[NDArray[np.uint8]]:
    """Generated fields as a network sees them."""
    from allcad_core.synthesis import generate

    seen = []
    for seed in range(FIELDS):
        pixels = generate(900_000 + seed, SIZE).pixels
        wide, high = target_size(*SIZE, scale_of(pixels)[1])
        seen.append(letterboxed(balance(pixels), wide, high, STRIDE))
    return seen


def in_whole_numbers(graph: openvino.Model, shown: list[NDArray[np.uint8]]) -> openvino.Model:
    """The graph with weights and maps in whole numbers, their ranges set by what it is shown."""
    import nncf

    quantised: openvino.Model = nncf.quantize(
        graph, nncf.Dataset(shown), subset_size=len(shown), preset=nncf.QuantizationPreset.MIXED
    )
    return quantised


def looks(records: Iterable[FieldRecord]) -> list[Look]:
    """Fields of ALL-IDB1, balanced, with the size of their red cells."""
    found = []
    for record in records:
        pixels = record.read().pixels
        found.append(Look(record.name, balance(pixels), scale_of(pixels)[1]))
    return found


def labelled(found: Detections) -> list[Labelled]:
    """Boxes as the metrics take them."""
    boxes, labels = found.box_list(), found.labels or ()
    return [Labelled(box, label, float(score)) for box, label, score in zip(boxes, labels, found.scores, strict=True)]


def figures(found: dict[str, list[Labelled]], truth: dict[str, list[CellBox]]) -> dict[str, float]:
    """Average precision of each class at IoU 0.5 and over 0.5 to 0.95, recall and precision at ``SURE``."""
    told: dict[str, float] = {}
    for kind in CLASSES:
        matches = match(found, truth, kind)
        precision = average_precision(matches)
        sure = (matches.scores >= SURE) & matches.counted[0]
        right = float((matches.found[0] & sure).sum())
        told |= {
            f"{kind} AP50": float(precision[0]),
            f"{kind} AP": float(precision.mean()),
            f"{kind} recall": right / max(float(matches.truths.sum()), 1.0),
            f"{kind} precision": right / max(float(sure.sum()), 1.0),
        }
    return told


def main() -> int:
    """Print the figures of both, and 1 where one moves by more than ``ALLOWED``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, required=True, help="folder of a training with the networks of its folds")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--network", default="yolo11n", help="the card that says how they are built (default: yolo11n)")
    arguments = parser.parse_args()
    card = models.card(arguments.network)
    records = allidb1.fields(arguments.data)
    folds, drawn, shown = splits.folds("session", records), read_boxes(), generated()
    found: dict[str, dict[str, list[Labelled]]] = {way: {} for way in WAYS}
    spent = dict.fromkeys(WAYS, 0.0)
    for fold in FOLDS:
        network = models.build(card.builder, card.arguments)
        network.load_state_dict(trained_state(arguments.runs / f"session{fold}" / "fit" / "weights" / "last.pt"))
        graph = graphs.graph_of(card, network.eval())
        small = in_whole_numbers(graph.clone(), shown)
        for way, one in zip(WAYS, (graph, small), strict=True):
            detector = Yolo(card, None, devices.COMPILED_CPU, Network(one))
            for look in looks(record for record in records if folds[record.name] == fold):
                start = time.process_time()
                answer = detector.detect(look.balanced, look.red_cell)
                spent[way] += time.process_time() - start
                found[way][look.name] = labelled(answer)
        print(f"fold {fold}: done", file=sys.stderr, flush=True)
    truth = {name: list(drawn[name]) for name in found[WAYS[0]]}
    off, on = (figures(found[way], truth) for way in WAYS)
    print(
        f"{arguments.network}, {len(truth)} fields of ALL-IDB1, each by the network of a fold that had not seen its sittings"
    )
    print(f"{'':<20}{'as is':>10}{'INT8':>10}{'moved by':>10}")
    for name in off:
        print(f"{name:<20}{off[name]:>10.4f}{on[name]:>10.4f}{on[name] - off[name]:>+10.4f}")
    print(f"{'ms of processor':<20}" + "".join(f"{1000 * spent[way] / len(truth):>10.0f}" for way in WAYS))
    worst = max(abs(on[name] - off[name]) for name in off)
    print(f"moved by {worst:.4f} at most, allowed {ALLOWED}: {'can' if worst <= ALLOWED else 'cannot'} be offered")
    return int(worst > ALLOWED)


if __name__ == "__main__":
    sys.exit(main())
