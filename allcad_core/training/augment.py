"""Augmentation made for smears: any rotation, mirror, size, and the stain as an optical density."""

from __future__ import annotations

import torch
from torch.nn import functional as F  # noqa: N812  the name that everyone uses

SIZE_JITTER, SHIFT = 0.15, 0.05
STAIN_JITTER, CHANNEL_JITTER, LAMP_JITTER = 0.25, 0.12, 0.03
"""Standard deviations of the log of all densities, of each channel's, and of the ground."""
BLUR_SHARE = 0.3


def augment(batch: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Turned, mirrored, resized, restained copies.

    Args:
        batch: float (n, 3, size, size), network input: ground 0, black -1.
        generator: source of chance, on the CPU.
    """
    n = len(batch)

    def uniform() -> torch.Tensor:
        return torch.rand(n, generator=generator)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(n, *shape, generator=generator)

    angle, size = 2 * torch.pi * uniform(), 1 + SIZE_JITTER * (2 * uniform() - 1)
    mirror = torch.where(uniform() < 0.5, -1.0, 1.0)
    cos, sin = angle.cos() / size, angle.sin() / size
    across = torch.stack([mirror * cos, -sin, SHIFT * normal()], dim=1)
    down = torch.stack([mirror * sin, cos, SHIFT * normal()], dim=1)
    grid = F.affine_grid(torch.stack([across, down], dim=1).to(batch), list(batch.shape), align_corners=False)
    turned = F.grid_sample(batch, grid, padding_mode="border", align_corners=False)
    density = -torch.log(turned.clamp_min(-0.99) + 1)
    gain = torch.exp(STAIN_JITTER * normal(1, 1, 1) + CHANNEL_JITTER * normal(3, 1, 1)).to(batch)
    stained = torch.exp(-density * gain) - 1 + LAMP_JITTER * normal(3, 1, 1).to(batch)
    blurred = F.avg_pool2d(stained, 3, 1, 1)
    return torch.where((uniform() < BLUR_SHARE).view(-1, 1, 1, 1).to(batch.device), blurred, stained)
