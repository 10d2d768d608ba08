"""The learned segmentation's network: a U-Net (segmentation_models_pytorch) over the first stages of EfficientNet-Lite0.

Ronneberger, Fischer & Brox 2015, "U-Net"; Tan & Le 2019, "EfficientNet", in Google's Lite form. Only the stages up to a
sixteenth of the size are kept: they hold a third of the network's numbers, and see farther than one cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

ENCODER = "tf_efficientnet_lite0"
DEPTH = 4
STAGES = 5
"""Blocks of the encoder that are kept; the later ones only serve the depth that is left out."""
GROUND, NUCLEUS, CYTOPLASM = range(3)
CLASSES = ("ground", "nucleus", "cytoplasm")
MEAN, SPREAD = 127.0, 128.0
"""The grey level that the encoder's ImageNet weights expect to be taken off, and what to divide by."""
MULTIPLE = 2**DEPTH
"""Sides of the input are multiples of this."""


class Network(nn.Module):
    """Balanced pictures as grey levels in, logits of ground, nucleus and cytoplasm out."""

    def __init__(self, decoder: Sequence[int]) -> None:
        import segmentation_models_pytorch as smp

        super().__init__()
        self.body: Any = smp.Unet(
            f"tu-{ENCODER}",
            encoder_weights=None,
            encoder_depth=DEPTH,
            decoder_channels=tuple(decoder),
            classes=len(CLASSES),
        )
        encoder = self.body.encoder.model
        encoder.blocks = encoder.blocks[:STAGES]

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Float (n, 3, height, width), 0..255, to logits (n, 3, height, width); sides are multiples of ``MULTIPLE``."""
        logits: torch.Tensor = self.body((pictures - MEAN) / SPREAD)
        return logits


def build(decoder: Sequence[int] = (96, 64, 32, 16)) -> Network:
    """The untrained network; ``decoder`` are the channels of its upward stages."""
    return Network(decoder).to(memory_format=torch.channels_last)
