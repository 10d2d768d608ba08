"""The ResNet50 that Zaiter & Zwiggelaar compare with (He et al. 2016, "Deep Residual Learning for Image Recognition")."""

from __future__ import annotations

from torch import nn

from allcad_core.classification.pretraining import Pretrained, two_class


def build(pretrained: Pretrained = "none") -> nn.Sequential:
    """ResNet50 with two outputs, from float (batch, 3, height, width) to logits (batch, 2). Raises ModelError."""
    return two_class("resnet50", pretrained)
