"""Times of a detector: every stage is told, operations are counted, nothing exceeds the peak by much."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from allcad_core.detection.ultralytics import Yolo
from allcad_core.evaluation.latency import COMPILED, measure, measure_compiled, peak_gflops
from allcad_core.training.plans import draft_card


class OneConvolution(torch.nn.Module):
    """Its operations are known: 2 x 3 x 8 x 9 a pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Conv2d(3, 8, 3, padding=1, bias=False)

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        self.layer(batch)
        return torch.zeros(len(batch), 6, 4)


def test_stages_and_operations() -> None:
    network = OneConvolution().eval()
    card = replace(draft_card("yolo11n"), classes=("blast", "healthy"))
    detector = Yolo(card, network, torch.device("cpu"))
    found = measure(detector, network, np.full((200, 320, 3), 240, np.uint8), 28.0, batches=(1, 2), repeats=4)
    assert found.size == (320, 224)
    assert found.parameters == 8 * 27
    assert found.gflops == pytest.approx(2 * 3 * 8 * 9 * 320 * 224 / 1e9)
    for times in (found.preprocess, found.inference, found.suppression):
        assert 0 < times.p50 <= times.p95
    assert found.best_batch in (1, 2)
    assert found.best_ms > 0
    assert found.peak_share == pytest.approx(found.gflops / found.best_ms * 1000 / found.peak_gflops)


def test_a_compiled_network_is_timed_on_the_same_picture() -> None:
    network = OneConvolution().eval()
    field = np.full((200, 320, 3), 240, np.uint8)
    detector = Yolo(replace(draft_card("yolo11n"), classes=("blast", "healthy")), network, torch.device("cpu"))
    by_torch = measure(detector, network, field, 28.0, batches=(1,), repeats=2)
    seen: list[tuple[int, ...]] = []

    def runner(pictures: np.ndarray) -> np.ndarray:
        seen.append(pictures.shape)
        return np.zeros((1, 6, 4), np.float32)

    found = measure_compiled(runner, by_torch, field, 28.0, repeats=2)
    assert set(seen) == {(1, found.size[1], found.size[0], 3)}
    assert (found.device, found.gflops, found.best_batch) == (COMPILED, by_torch.gflops, 1)
    assert found.best_ms == found.inference.p50 <= found.inference.p95
    assert found.peak_share == pytest.approx(found.gflops / found.best_ms * 1000 / found.peak_gflops)


def test_the_peak_is_measured() -> None:
    assert 0.1 < peak_gflops(torch.device("cpu"), 2) < 1e6
