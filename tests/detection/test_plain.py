"""Resizing and suppression without torch do what torch's do."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchvision.ops import nms

from allcad_core.detection.plain import letterboxed, suppressed
from allcad_core.detection.ultralytics import STRIDE, prepare, target_size
from allcad_core.synthesis import GeneratedField


@pytest.mark.parametrize("diameter", [None, 20.0, 33.0, 61.0])
def test_the_network_sees_the_same_picture_within_a_grey_level(
    generated: GeneratedField, diameter: float | None
) -> None:
    pixels = generated.pixels
    batch, _ = prepare(pixels, diameter, torch.device("cpu"))
    wide, high = target_size(pixels.shape[1], pixels.shape[0], diameter)
    plain = letterboxed(pixels, wide, high, STRIDE)[0].astype(float)
    by_torch = 255 * batch[0].permute(1, 2, 0).numpy()
    assert plain.shape == by_torch.shape
    assert np.abs(plain - by_torch).max() <= 1.01


def answer_of(boxes: np.ndarray, scores: np.ndarray) -> np.ndarray:
    middles, sizes = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    return np.vstack([middles.T, sizes.T, scores.T]).astype(np.float32)


def test_boxes_stay_as_torchvision_has_it() -> None:
    generator = np.random.default_rng(3)
    corners = generator.uniform(0, 300, (400, 2))
    boxes = np.hstack([corners, corners + generator.uniform(20, 90, (400, 2))])
    scores = generator.uniform(0, 1, (400, 2))
    found = suppressed(answer_of(boxes, scores), 0.05, 0.5, 1000)
    best = torch.from_numpy(scores.max(axis=1))
    expected = nms(torch.from_numpy(boxes), best, 0.5).numpy()
    np.testing.assert_allclose(found[:, :4], boxes[expected], atol=1e-3)
    np.testing.assert_allclose(found[:, 4], scores.max(axis=1)[expected], atol=1e-6)
    np.testing.assert_array_equal(found[:, 5], scores.argmax(axis=1)[expected])


def test_noise_goes_and_the_best_come_first() -> None:
    boxes = np.array([[0, 0, 10, 10], [50, 50, 60, 60], [100, 100, 110, 110]], float)
    scores = np.array([[0.2, 0.1], [0.01, 0.04], [0.1, 0.9]])
    found = suppressed(answer_of(boxes, scores), 0.05, 0.5, 1000)
    np.testing.assert_allclose(found, [[100, 100, 110, 110, 0.9, 1], [0, 0, 10, 10, 0.2, 0]], atol=1e-5)
    assert len(suppressed(answer_of(boxes, scores), 0.05, 0.5, 1)) == 1


def test_no_box_is_no_error() -> None:
    assert suppressed(np.zeros((6, 20), np.float32), 0.05, 0.5, 10).shape == (0, 6)
    assert suppressed(np.zeros((6, 0), np.float32), 0.05, 0.5, 10).shape == (0, 6)
