"""The RegNet that Zaiter & Zwiggelaar compare with (Radosavovic et al. 2020, "Designing Network Design Spaces").

The paper does not say which RegNet. Here it is RegNetY-400MF: the smallest of the Y family (those with
squeeze-and-excitation, which the authors of RegNet recommend) has 3.9 M parameters, as many as a few hundred pictures can
bear, and runs on a CPU.
"""

from __future__ import annotations

from torch import nn

from allcad_core.classification.pretraining import Pretrained, two_class


def build(pretrained: Pretrained = "none") -> nn.Sequential:
    """RegNetY-400MF with two outputs, from float (batch, 3, height, width) to logits (batch, 2). Raises ModelError."""
    return two_class("regnet_y_400mf", pretrained)
