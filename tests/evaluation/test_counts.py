"""Counting and free response: what is hidden does not count, what is ignored counts nowhere."""

from __future__ import annotations

import pytest

from allcad_core.datasets.boxes import CellBox
from allcad_core.evaluation.counts import counts
from allcad_core.evaluation.detector_metrics import match
from allcad_core.evaluation.froc import free_response
from allcad_core.evaluation.points import Labelled


def cell(kind: str, x: float) -> CellBox:
    return CellBox(kind, (x, 0.0, x + 10, 10.0), "hand")  # type: ignore[arg-type]


def box(label: str, x: float, score: float) -> Labelled:
    return Labelled((x, 0.0, x + 10, 10.0), label, score)


TRUTH = {
    "ill": (cell("blast", 0), cell("blast", 20), cell("healthy", 40), cell("ignore", 60)),
    "well": (cell("healthy", 0),),
    "bare": (),
}
FOUND = {
    "ill": [box("blast", 0, 0.9), box("healthy", 20, 0.8), box("blast", 60, 0.95), box("blast", 40, 0.2)],
    "well": [box("healthy", 0, 0.7)],
    "bare": [box("blast", 0, 0.6)],
}


def test_errors_of_counting() -> None:
    told = counts(FOUND, TRUTH, 0.5)
    assert told.blasts.mean_absolute.value == pytest.approx((1 + 0 + 1) / 3)
    assert told.blasts.bias == pytest.approx(0)
    assert told.white_cells.mean_absolute.value == pytest.approx((1 + 0 + 1) / 3)
    assert told.share.value == pytest.approx((abs(1 / 2 - 2 / 3) + 0) / 2)
    assert told.false_blasts.value == pytest.approx(0.5)
    assert (told.sensitivity.value, told.specificity.value) == (1.0, 0.5)


def test_a_higher_confidence_hides() -> None:
    told = counts(FOUND, TRUTH, 0.65)
    assert told.specificity.value == 1.0
    assert told.blasts.correlation == pytest.approx(1)


def test_perfect_counts_have_no_error() -> None:
    found = {name: [box(c.kind, c.box[0], 0.9) for c in cells if c.kind != "ignore"] for name, cells in TRUTH.items()}
    told = counts(found, TRUTH, 0.5)
    assert told.blasts.mean_absolute.value == told.white_cells.mean_absolute.value == told.share.value == 0
    assert told.blasts.limits == (0, 0)


def test_recall_at_false_blasts_a_field() -> None:
    found = {
        "a": [box("blast", 0, 0.9), box("blast", 20, 0.5)],
        "b": [box("blast", 80, 0.7), box("blast", 0, 0.6), box("blast", 90, 0.55)],
    }
    truth = {"a": (cell("blast", 0), cell("blast", 20)), "b": (cell("blast", 0), cell("blast", 40))}
    told = {entry.false_per_field: entry for entry in free_response(match(found, truth, "blast"), (0.1, 0.5, 1.0))}
    assert told[0.1].recall.value == 0.25
    assert told[0.5].recall.value == 0.5
    assert told[1.0].recall.value == 0.75
    assert told[0.5].confidence == 0.6


def test_boxes_of_one_score_come_in_together() -> None:
    found = {"a": [box("blast", 0, 0.5), box("blast", 80, 0.5)]}
    (told,) = free_response(match(found, {"a": (cell("blast", 0),)}, "blast"), (0.5,))
    assert (told.recall.value, told.confidence) == (0.0, None)


def test_without_blasts_there_is_no_recall() -> None:
    (told,) = free_response(match({}, {"a": (cell("healthy", 0),)}, "blast"), (1.0,))
    assert told.recall.value is None
