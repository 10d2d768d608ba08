"""The CNN of Chen, Liao, Shalaginov & Zeng that judges a whole field at once.

"Real-time Detection of Acute Lymphoblastic Leukemia Cells Using Deep Learning", as their notebooks build it: rescaling,
three convolutions with pooling, dropout, three dense layers. There is no activation after the dense layer of 64, as there.
"""

from __future__ import annotations

import torch
from torch import nn

from allcad_core.classification.conventions import Standardise


def build(height: int = 900, width: int = 1200) -> nn.Sequential:
    """The untrained network; nearly all of its parameters lie in the first dense layer and grow with the input.

    Args:
        height: of the input in px; 900 x 1200 in the paper (137,657,698 parameters).
        width: likewise.

    Returns:
        A network from float (batch, 3, height, width) to logits (batch, 2).
    """
    layers: list[nn.Module] = [Standardise((0.0,) * 3, (255.0,) * 3)]
    for before, after in ((3, 16), (16, 32), (32, 64)):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, 2)]
    return nn.Sequential(
        *layers,
        nn.Dropout(0.2),
        nn.Flatten(),
        nn.Linear(64 * (height // 8) * (width // 8), 128),
        nn.ReLU(),
        nn.Dropout(0.1),
        nn.Linear(128, 64),
        nn.Linear(64, 2),
    ).to(memory_format=torch.channels_last)
