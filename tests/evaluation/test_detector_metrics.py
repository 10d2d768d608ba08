"""Average precision agrees with pycocotools; crowd is neither right nor wrong; intervals hold the value."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from allcad_core.datasets.boxes import CellBox
from allcad_core.evaluation.detector_metrics import CLASSES, THRESHOLDS, average_precision, class_figures, match
from allcad_core.evaluation.points import Labelled

Truth = dict[str, tuple[CellBox, ...]]
Found = dict[str, list[Labelled]]


def drawn(seed: int, fields: int = 12) -> tuple[Truth, Found]:
    """Fields with cells of all kinds, and boxes that hit, miss, overlap, repeat and lie on what is ignored."""
    rng = np.random.default_rng(seed)
    truth: Truth = {}
    found: Found = {}
    for number in range(fields):
        cells, boxes = [], []
        for _ in range(rng.integers(0, 9)):
            x, y = rng.uniform(0, 900, 2)
            width, height = rng.uniform(40, 120, 2)
            kind = str(rng.choice(["blast", "healthy", "ignore"], p=[0.5, 0.3, 0.2]))
            cells.append(CellBox(kind, (x, y, x + width, y + height), "hand"))  # type: ignore[arg-type]
            for _ in range(rng.integers(0, 3)):
                shift = rng.normal(0, 0.12, 4) * (width, height, width, height)
                label = kind if kind in CLASSES and rng.random() < 0.8 else str(rng.choice(CLASSES))
                box = np.array([x, y, x + width, y + height]) + shift
                boxes.append(Labelled((box[0], box[1], box[2], box[3]), label, float(rng.random())))
        for _ in range(rng.integers(0, 3)):
            x, y = rng.uniform(0, 900, 2)
            boxes.append(Labelled((x, y, x + 80, y + 80), str(rng.choice(CLASSES)), float(rng.random())))
        truth[f"f{number}"], found[f"f{number}"] = tuple(cells), boxes
    return truth, found


def by_pycocotools(truth: Truth, found: Found, kind: str) -> list[float]:
    """AP of one class at each threshold by the reference implementation."""
    images = {name: number for number, name in enumerate(truth, start=1)}
    annotations, results = [], []
    for name, cells in truth.items():
        for cell in cells:
            if cell.kind in {kind, "ignore"}:
                x0, y0, x1, y1 = cell.box
                annotations.append(
                    {
                        "id": len(annotations) + 1, "image_id": images[name], "category_id": 1,
                        "bbox": [x0, y0, x1 - x0, y1 - y0], "area": (x1 - x0) * (y1 - y0),
                        "iscrowd": int(cell.kind == "ignore"),
                    }
                )  # fmt: skip
        for one in found[name]:
            x0, y0, x1, y1 = one.box
            if one.label == kind:
                results.append(
                    {"image_id": images[name], "category_id": 1, "bbox": [x0, y0, x1 - x0, y1 - y0], "score": one.score}
                )
    with contextlib.redirect_stdout(io.StringIO()):
        reference = COCO()
        reference.dataset = {
            "images": [{"id": number} for number in images.values()], "annotations": annotations,
            "categories": [{"id": 1, "name": kind}], "info": {},
        }  # fmt: skip
        reference.createIndex()
        judge = COCOeval(reference, reference.loadRes(results), "bbox")
        judge.evaluate()
        judge.accumulate()
    return [float(judge.eval["precision"][index, :, 0, 0, 2].mean()) for index in range(len(THRESHOLDS))]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", CLASSES)
def test_average_precision_is_that_of_pycocotools(seed: int, kind: str) -> None:
    truth, found = drawn(seed)
    ours = average_precision(match(found, truth, kind))
    assert ours == pytest.approx(by_pycocotools(truth, found, kind), abs=1e-9)


def cell(kind: str, x: float) -> CellBox:
    return CellBox(kind, (x, 0.0, x + 10, 10.0), "hand")  # type: ignore[arg-type]


def box(label: str, x: float, score: float) -> Labelled:
    return Labelled((x, 0.0, x + 10, 10.0), label, score)


def test_a_box_on_what_is_ignored_is_neither_right_nor_wrong() -> None:
    matches = match(
        {"a": [box("blast", 0, 0.9), box("blast", 20, 0.8)]}, {"a": (cell("ignore", 0), cell("blast", 20))}, "blast"
    )
    assert matches.counted[0].tolist() == [False, True]
    assert average_precision(matches)[0] == 1


def test_a_second_box_on_one_cell_is_wrong() -> None:
    matches = match({"a": [box("blast", 0, 0.9), box("blast", 1, 0.8)]}, {"a": (cell("blast", 0),)}, "blast")
    assert matches.found[0].tolist() == [True, False]
    assert matches.counted[0].tolist() == [True, True]


def test_a_wrong_label_is_a_white_cell_all_the_same() -> None:
    found, truth = {"a": [box("blast", 0, 0.9)]}, {"a": (cell("healthy", 0),)}
    assert not match(found, truth, "blast").found.any()
    assert match(found, truth, None).found[0].all()


def test_nothing_to_find_has_no_precision() -> None:
    assert np.isnan(average_precision(match({"a": []}, {"a": ()}, "blast"))).all()
    assert class_figures(match({"a": []}, {"a": ()}, "blast"), 0.5).ap50.value is None


def test_figures_stand_within_their_intervals_and_follow_the_confidence() -> None:
    truth, found = drawn(3, 30)
    matches = match(found, truth, "blast")
    loose, strict = class_figures(matches, 0.0), class_figures(matches, 0.8)
    assert loose.recall.value > strict.recall.value
    for estimate in (loose.precision, loose.recall, loose.ap50, loose.ap):
        assert estimate.low <= estimate.value <= estimate.high
    assert loose.ap50.value > loose.ap.value
    assert loose.best_recall is not None


def test_a_field_drawn_twice_counts_twice() -> None:
    found = {"a": [box("blast", 0, 0.9)], "b": [box("blast", 50, 0.95)]}
    truth = {"a": (cell("blast", 0),), "b": (cell("blast", 0),)}
    matches = match(found, truth, "blast")
    assert average_precision(matches, np.array([2.0, 0.0]))[0] == 1
    assert average_precision(matches, np.array([0.0, 2.0]))[0] == 0
