"""Slices cover the field, their boxes become those of the whole, and memory stays that of a slice."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from allcad_core.detection import Detections
from allcad_core.detection.base import iou
from allcad_core.detection.sliced import Window, detect_sliced, windows
from allcad_core.detection.ultralytics import LONGEST, RED_CELL_PX, Yolo, yolo
from allcad_core.training.plans import draft_card


@given(st.integers(1, 3000), st.integers(1, 3000), st.integers(50, 700), st.floats(0, 0.49))
def test_slices_cover_everything_and_overlap_enough(width: int, height: int, side: int, share: float) -> None:
    overlap = int(share * side)
    found = list(windows(width, height, side, overlap))
    spans = sorted({(x0, x1) for x0, _, x1, _ in found})
    assert (spans[0][0], spans[-1][1]) == (0, width)
    assert all(0 < x1 - x0 <= side and 0 < y1 - y0 <= side for x0, y0, x1, y1 in found)
    assert all(first[1] - second[0] >= overlap for first, second in pairwise(spans))


def scene(count: int, side: int, seed: int = 0) -> np.ndarray:
    """Round cells of 40 px, none touching."""
    rng = np.random.default_rng(seed)
    places = np.stack(np.meshgrid(np.arange(30, side - 60, 60), np.arange(30, side - 60, 60)), -1).reshape(-1, 2)
    corner = rng.permutation(places)[:count] + rng.integers(0, 15, (count, 2))
    return np.concatenate([corner, corner + 40], axis=1).astype(np.float64)


def looking(cells: np.ndarray, scores: np.ndarray, labels: list[str] | None = None):  # type: ignore[no-untyped-def]
    """A perfect detector: what a slice shows of each cell, cut at its edges."""

    def find(window: Window) -> Detections:
        x0, y0, x1, y1 = window
        cut = np.clip(cells, [x0, y0, x0, y0], [x1, y1, x1, y1]) - [x0, y0, x0, y0]
        seen = ((cut[:, 2:] - cut[:, :2]) > 1).all(axis=1)
        told = None if labels is None else tuple(labels[index] for index in np.flatnonzero(seen))
        return Detections(cut[seen], scores[seen], told)  # type: ignore[arg-type]

    return find


@pytest.mark.parametrize("side", [150, 237, 400, 2000])
def test_the_boxes_of_slices_are_those_of_the_whole(side: int) -> None:
    cells = scene(150, 1200)
    scores = np.random.default_rng(1).permutation(150) / 150
    labels = ["blast" if score > 0.5 else "healthy" for score in scores]
    found = detect_sliced(looking(cells, scores, labels), 1200, 1200, side=side, overlap=60)
    order = np.argsort(-scores)
    assert np.array_equal(found.boxes, cells[order])
    assert np.array_equal(found.scores, scores[order])
    assert found.labels == tuple(labels[index] for index in order)


def test_cells_at_the_border_of_the_field_stay() -> None:
    cells = np.array([[0.0, 0, 40, 40], [960, 960, 1000, 1000]])
    found = detect_sliced(looking(cells, np.array([0.9, 0.8])), 1000, 1000, side=300, overlap=60)
    assert found.boxes.tolist() == cells.tolist()
    assert found.labels is None


def test_nothing_found_is_no_error() -> None:
    found = detect_sliced(lambda _: Detections(np.zeros((0, 4)), np.zeros(0), ()), 500, 500, side=200, overlap=50)
    assert (found.boxes.shape, found.labels) == ((0, 4), ())


def test_slices_that_do_not_move_on_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot overlap"):
        detect_sliced(lambda _: Detections(np.zeros((0, 4)), np.zeros(0)), 500, 500, side=100, overlap=60)


@pytest.mark.slow
def test_the_shipped_detector_sees_the_same_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    from allcad_core.detection import ultralytics
    from allcad_core.ground import balance
    from allcad_core.segmentation import segment
    from allcad_core.synthesis import generate

    pixels = generate(7, (1280, 960)).pixels
    diameter = segment(pixels, "stain", "cpu").red_cell_diameter
    detector, field = yolo("yolo11n", torch.device("cpu")), balance(pixels)
    whole = detector.detect(field, diameter)
    monkeypatch.setattr(ultralytics, "LONGEST", 384)
    sliced = detector.detect(field, diameter)
    for first, second in ((whole, sliced), (sliced, whole)):
        sure = first.scores >= 0.5
        assert sure.any()
        assert (iou(first.boxes[sure], second.boxes).max(axis=1) > 0.7).mean() >= 0.9


class Still(torch.nn.Module):
    """Finds nothing, and remembers the largest picture that it was shown."""

    largest = 0

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        self.largest = max(self.largest, *batch.shape[2:])
        return torch.zeros(1, 6, 1)


@pytest.mark.slow
def test_memory_is_that_of_a_slice_on_a_slide_of_20000_px() -> None:
    side = 20_000
    slide = np.broadcast_to(np.uint8(240), (side, side, 3))  # takes no memory itself
    network = Still()
    detector = Yolo(replace(draft_card("yolo11n"), classes=("blast", "healthy")), network, torch.device("cpu"))
    tracemalloc.start()
    found = detector.detect(slide, RED_CELL_PX * 2)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found.boxes) == 0
    assert network.largest <= LONGEST
    assert peak < 100e6  # the whole slide has 1.2 GB
