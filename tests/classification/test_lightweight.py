"""The lightweight CNN as the paper draws it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from allcad_core.classification.lightweight import build


def test_it_is_made_of_what_the_paper_names() -> None:
    kinds = [type(layer) for layer in build()]
    counts = {kind: kinds.count(kind) for kind in (nn.Conv2d, nn.MaxPool2d, nn.Linear, nn.ELU, nn.Dropout)}
    assert counts == {nn.Conv2d: 2, nn.MaxPool2d: 2, nn.Linear: 2, nn.ELU: 1, nn.Dropout: 1}


def test_its_parameters_are_those_of_the_formula() -> None:
    first, second, hidden, size = 16, 32, 64, 96
    convolutions = (3 * 9 + 1) * first + (first * 9 + 1) * second
    dense = (second * (size // 4) ** 2 + 1) * hidden + (hidden + 1) * 2
    assert sum(value.numel() for value in build().parameters()) == convolutions + dense


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("size", [8, 32, 96])
def test_crops_give_two_logits(size: int, first: bool) -> None:
    network = build(size=size, channels=(2, 3), hidden=4, convolution_first=first).eval()
    answer = network(torch.zeros(5, 3, size, size))
    assert answer.shape == (5, 2)
    assert torch.isfinite(answer).all()


def test_pooling_may_come_before_the_convolution() -> None:
    kinds = [type(layer) for layer in build(convolution_first=False)][:3]
    assert kinds == [nn.MaxPool2d, nn.Conv2d, nn.ReLU]
