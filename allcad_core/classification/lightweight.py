"""The lightweight CNN of Zaiter & Zwiggelaar: two convolutions, two poolings, a dense layer, ELU, dropout, two outputs.

"Acute Lymphocytic Leukemia Detection Using Deep Learning Methods" gives neither channels, kernels nor input size, and says
both that the poolings follow the convolutions (caption) and that they precede them (text). Chosen here: 3x3 kernels,
16 and 32 channels, 96 px input, convolution first; the other order is an option of the builder.
"""

from __future__ import annotations

import torch
from torch import nn


def build(
    size: int = 96,
    channels: tuple[int, int] = (16, 32),
    hidden: int = 64,
    *,
    convolution_first: bool = True,
    width: int | None = None,
) -> nn.Sequential:
    """The untrained network.

    Args:
        size: height of the input in px, a multiple of 4.
        channels: of the two convolutions.
        hidden: width of the dense layer.
        convolution_first: each pooling follows its convolution; else it precedes it.
        width: of the input, likewise; a square without it.

    Returns:
        A network from float (batch, 3, size, width) to logits (batch, 2): healthy, blast for cells.
    """
    first, second = channels
    blocks: list[nn.Module] = []
    for before, after in ((3, first), (first, second)):
        block = [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, 2)]
        blocks += block if convolution_first else [block[2], block[0], block[1]]
    return nn.Sequential(
        *blocks,
        nn.Flatten(),
        nn.Linear(second * (size // 4) * ((width or size) // 4), hidden),
        nn.ELU(),
        nn.Dropout(0.2),
        nn.Linear(hidden, 2),
    ).to(memory_format=torch.channels_last)
