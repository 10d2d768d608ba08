"""One rule finds the layer to explain in every architecture."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from allcad_core import models
from allcad_core.explanation.layers import SMALLEST, deepest_map

PACKAGE = "allcad_core.classification"


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def layer_of(name: str, side: int, **arguments: object) -> tuple[nn.Module, nn.Module | None]:
    network = models.build(f"{PACKAGE}.{name}:build", arguments).eval().requires_grad_(requires_grad=False)
    return network, deepest_map(network, torch.zeros(1, 3, side, side))


@pytest.mark.parametrize(
    ("name", "side", "path"),
    [
        ("resnet50", 96, "body.layer3.5"),  # 6 places a side; layer4 has 3
        ("resnet50", 192, "body.layer4.2"),  # 6 places a side
        ("regnet", 96, "body.trunk_output.block3.block3-5"),
        ("efficientnet", 96, "body.blocks.4.2"),
        ("efficientnet", 192, "body.bn2"),  # 6 places a side, after the last convolution
    ],
)
def test_the_deepest_map_that_is_fine_enough_is_taken(name: str, side: int, path: str) -> None:
    network, layer = layer_of(name, side)
    assert layer is network.get_submodule(path)


def test_every_way_to_the_answer_leads_through_the_layer() -> None:
    network, layer = layer_of("efficientnet", 96)
    assert layer is not None
    blind = layer.register_forward_hook(lambda _module, _taken, given: torch.zeros_like(given))
    with torch.inference_mode():
        answers = network(-torch.rand(2, 3, 96, 96))
    blind.remove()
    assert torch.equal(answers[0], answers[1])


def test_there_is_none_where_no_map_is_fine_enough() -> None:
    network = nn.Sequential(nn.Conv2d(3, 2, 3, stride=8), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    assert deepest_map(network, torch.zeros(1, 3, 8 * SMALLEST - 8, 48)) is None


def test_looking_leaves_nothing_behind() -> None:
    network, _ = layer_of("regnet", 96)
    assert not any(module._forward_hooks for module in network.modules())
