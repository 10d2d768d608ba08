"""Training of the learned segmentation: windows, loss, network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from allcad_core.segmentation.network import CYTOPLASM, GROUND, NUCLEUS, build
from allcad_core.training.masks import CELL, UNKNOWN, WINDOW, Example, batches, restain, window
from allcad_core.training.unet import loss_of


@pytest.fixture
def example() -> Example:
    """A cell of 60 px with its nucleus, in a corner that nobody spoke of."""
    target = np.full((200, 200), GROUND, np.uint8)
    target[70:130, 70:130] = CYTOPLASM
    target[85:115, 85:115] = NUCLEUS
    target[:30, :30] = UNKNOWN
    pixels = np.full((200, 200, 3), 240, np.uint8)
    pixels[70:130, 70:130] = (150, 145, 200)
    pixels[85:115, 85:115] = (90, 50, 140)
    return Example("crops", "one", 0, pixels, target, 0.8)


def test_a_window_and_its_classes_turn_together(example: Example) -> None:
    rng = np.random.default_rng(0)
    agree, nuclei = 0, 0
    for _ in range(20):
        seen, said = window(example, rng)
        assert seen.shape == (WINDOW, WINDOW, 3)
        inside = said == NUCLEUS
        agree += int((seen[inside][:, 1] < 110).sum())
        nuclei += int(inside.sum())
    assert nuclei > 1000
    assert agree / nuclei > 0.9


def test_what_lies_beyond_a_picture_is_unknown(example: Example) -> None:
    small = Example("crops", "two", 0, example.pixels[60:140, 60:140], example.target[60:140, 60:140], 0.8)
    seen, said = window(small, np.random.default_rng(1))
    assert (said == UNKNOWN).any()
    assert (seen[said == UNKNOWN].astype(int) > 60).mean() > 0.9


def test_another_stain_keeps_the_ground_bright_and_the_nucleus_dark() -> None:
    batch = torch.full((8, 3, 32, 32), 240.0)
    batch[:, :, 8:24, 8:24] = torch.tensor([90.0, 50.0, 140.0]).view(1, 3, 1, 1)
    seen = restain(batch, np.random.default_rng(0))
    assert seen.shape == batch.shape
    assert seen.min() >= 0
    assert seen.max() <= 255
    assert (seen[:, :, 0, 0].mean(1) > seen[:, :, 16, 16].mean(1) + 40).all()


def test_batches_are_as_large_as_asked(example: Example) -> None:
    made = list(batches([example], {"crops": 1.0, "fields": 1.0}, 9, 4, np.random.default_rng(0)))
    assert [tuple(seen.shape) for seen, _ in made] == [(4, 3, WINDOW, WINDOW)] * 2
    assert made[0][1].dtype == torch.int64


def logits_of(said: torch.Tensor, sure: float = 20.0) -> torch.Tensor:
    return sure * torch.nn.functional.one_hot(said, 3).permute(0, 3, 1, 2).float()


def test_the_loss_is_nothing_for_the_truth_and_ignores_what_nobody_said() -> None:
    said = torch.zeros((1, 16, 16), dtype=torch.int64)
    said[:, 4:12, 4:12] = CYTOPLASM
    said[:, 6:10, 6:10] = NUCLEUS
    right = logits_of(said)
    assert loss_of(right, said).item() == pytest.approx(0, abs=1e-3)
    unknown = said.clone()
    unknown[:, 0] = UNKNOWN
    wrong_there = right.clone()
    wrong_there[:, :, 0] = logits_of(torch.full((1, 1, 16), NUCLEUS))[:, :, 0]
    assert loss_of(wrong_there, unknown).item() == pytest.approx(0, abs=1e-3)
    assert loss_of(wrong_there, said).item() > 0.5


def test_where_only_the_cell_is_known_nucleus_and_cytoplasm_are_as_good() -> None:
    said = torch.zeros((1, 16, 16), dtype=torch.int64)
    said[:, 4:12, 4:12] = CELL
    for part in (NUCLEUS, CYTOPLASM):
        assert loss_of(logits_of(torch.where(said == CELL, part, GROUND)), said).item() == pytest.approx(0, abs=1e-3)


def test_the_network_gives_three_logits_a_pixel_and_stays_small() -> None:
    network = build().eval()
    with torch.inference_mode():
        assert network(torch.zeros(2, 3, 64, 48)).shape == (2, 3, 64, 48)
    assert sum(value.numel() for value in network.parameters()) * 2 < 10_000_000
