"""Two EfficientNets whose answers are averaged: one may learn all its layers, the other keep what it started with.

A network that was fitted throughout knows the hospitals that it saw best; one whose last layer alone was fitted holds more of
what carries over to others. The mean of both loses little of either (Wortsman et al. 2022, "Robust fine-tuning of zero-shot
models", section 5, on averages of outputs beside averages of weights).
"""

from __future__ import annotations

import torch
from torch import nn

from allcad_core.classification import efficientnet


class Pair(nn.Module):
    """The mean of the logits of two networks that see the same picture, the first with a share of ``share``, 0..1."""

    def __init__(self, first: nn.Module, second: nn.Module, share: float = 0.5) -> None:
        super().__init__()
        self.first, self.second, self.share = first, second, share

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """From float (batch, 3, height, width) to logits (batch, 2)."""
        mean: torch.Tensor = self.share * self.first(pictures) + (1 - self.share) * self.second(pictures)
        return mean


def build(
    variant: str = efficientnet.PACKAGED, *, pretrained: bool = False, dropout: float = 0.2, share: float = 0.5
) -> Pair:
    """Two networks of ``efficientnet.build``; arguments and errors as there, ``share`` as of ``Pair``."""
    first, second = (efficientnet.build(variant, pretrained=pretrained, dropout=dropout) for _ in range(2))
    return Pair(first, second, share)
