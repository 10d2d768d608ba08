"""YOLOv7 is built as its authors published it, up to the head."""

from __future__ import annotations

import pytest
import torch

from allcad_core.detection import ultralytics
from allcad_core.detection.architectures import CONFIGURATIONS
from allcad_core.errors import ModelError

COCO = 80
PYRAMID, DOWN, REORGANISE = 11, 4, -1
"""Layers that a block of the authors' files has here beyond its one line there: the pyramid, ``DownC``; ReOrg joins Conv."""


def published_head(classes: int, channels: tuple[int, ...]) -> int:
    """Parameters of the authors' head with three anchors: one 1x1 convolution a level."""
    outputs = 3 * (5 + classes)
    return sum(outputs * (width + 1) for width in channels)


@pytest.mark.parametrize(
    ("name", "channels", "millions"),
    [
        ("yolov7-tiny.yaml", (128, 256, 512), 6.2),
        ("yolov7.yaml", (256, 512, 1024), 36.9),
        ("yolov7-e6.yaml", (320, 640, 960, 1280), 97.2),
    ],
)
@pytest.mark.slow
def test_backbone_and_neck_have_the_published_parameters(name: str, channels: tuple[int, ...], millions: float) -> None:
    body = sum(p.numel() for layer in ultralytics.build(name).model[:-1] for p in layer.parameters())
    assert (body + published_head(COCO, channels)) / 1e6 == pytest.approx(millions, abs=0.06)


def test_the_full_network_has_exactly_the_parameters_that_its_authors_program_prints() -> None:
    printed, head = 37_620_125, 457_725
    pointwise = sum(c * 2 * c + 2 * 2 * c for c in (128, 256, 512))  # the 1x1 branches of RepConv, gone when deployed
    network = ultralytics.build("yolov7.yaml")
    body = sum(p.numel() for layer in network.model[:-1] for p in layer.parameters())
    assert body == printed - head - pointwise


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("yolov7-tiny.yaml", 78),
        ("yolov7.yaml", 106 + PYRAMID),
        ("yolov7-e6.yaml", 141 + PYRAMID + 8 * DOWN + REORGANISE),
    ],
)
def test_there_are_as_many_layers_as_in_the_authors_files(name: str, lines: int) -> None:
    assert len(CONFIGURATIONS[name](2)["backbone"]) == lines


def test_the_tiny_network_looks_at_three_levels() -> None:
    network = ultralytics.build("yolov7-tiny.yaml").eval()
    assert network.stride.tolist() == [8, 16, 32]
    with torch.inference_mode():
        boxes = network(torch.zeros(1, 3, 64, 96))[0]
    assert boxes.shape == (1, 4 + 2, 8 * 12 + 4 * 6 + 2 * 3)


def test_an_unknown_architecture_is_named() -> None:
    with pytest.raises(ModelError, match=r"yolov99\.yaml"):
        ultralytics.build("yolov99.yaml")
