"""From allcad's network input (ground 0, black -1) to the one that a published network was made for."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from allcad_core.ground import BALANCED

IMAGENET_MEAN = (0.485 * 255, 0.456 * 255, 0.406 * 255)
IMAGENET_SPREAD = (0.229 * 255, 0.224 * 255, 0.225 * 255)
"""Grey levels that torchvision's ImageNet weights expect to be taken off and divided by, RGB."""


class Standardise(nn.Module):
    """First layer of a network: (grey level - mean) / spread, from the input that ``to_input`` makes.

    Args:
        mean: grey levels 0..255, one a channel.
        spread: likewise.
    """

    scale: torch.Tensor
    shift: torch.Tensor

    def __init__(self, mean: Sequence[float], spread: Sequence[float]) -> None:
        super().__init__()
        levels, widths = torch.tensor(mean).view(-1, 1, 1), torch.tensor(spread).view(-1, 1, 1)
        # Constants of the architecture, not weights: they stand in no weight file.
        self.register_buffer("scale", BALANCED / widths, persistent=False)
        self.register_buffer("shift", (BALANCED - levels) / widths, persistent=False)

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """Float (n, 3, height, width) in, the same shape out."""
        return batch * self.scale + self.shift
