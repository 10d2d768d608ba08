"""Augmentation made for smears: any rotation, mirror, size, focus, and the stain as an optical density.

Colours and sharpness tell a microscope, not a cell. So a share of the pictures takes its stain from another picture of the
batch, and a share is seen as if fewer pixels had been at hand: what is left to learn is the cell.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F  # noqa: N812  the name that everyone uses

BLUR_SHARE = 0.3
STAINED = 0.12
"""Optical density from which a pixel counts as stained."""
EXCHANGE = (0.5, 2.0)
"""Least and greatest factor on a density when a stain is taken over."""


@dataclass(frozen=True, slots=True)
class Strength:
    """How much is left to chance.

    Attributes:
        turn: any angle; else mirrors alone, for whole fields, which have corners.
        size, shift: scale jitter each way; standard deviation of the shift, in sides of the picture over two.
        stain, channel, lamp: standard deviations of the log of all densities, of each channel's, and of the ground.
        exchange: share of pictures that take the stain of another one of the batch.
        coarse: share of batches that are seen through fewer pixels.
        coarsest: least share of the side's pixels then.
        noise: standard deviation of the sensor's noise, over the ground.
    """

    turn: bool = True
    size: float = 0.15
    shift: float = 0.05
    stain: float = 0.25
    channel: float = 0.12
    lamp: float = 0.03
    exchange: float = 0.0
    coarse: float = 0.0
    coarsest: float = 0.25
    noise: float = 0.0


def augment(
    batch: torch.Tensor, generator: torch.Generator, strength: Strength | None = None, size: int | None = None
) -> torch.Tensor:
    """Turned, mirrored, resized, restained copies.

    Args:
        batch: float (n, 3, height, width), network input: ground 0, black -1.
        generator: source of chance, on the CPU.
        strength: how much.
        size: side of the copies in px, cut from the middle at the batch's own scale; as large as the batch without it.

    Returns:
        float (n, 3, size, size), or the shape of the batch.
    """
    how, n = strength or Strength(), len(batch)

    def uniform() -> torch.Tensor:
        return torch.rand(n, generator=generator)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(n, *shape, generator=generator)

    height, width = batch.shape[2:] if size is None else (size, size)
    down_share, across_share = height / batch.shape[2], width / batch.shape[3]
    angle = 2 * torch.pi * uniform() if how.turn else torch.pi * (uniform() < 0.5)
    scale = 1 + how.size * (2 * uniform() - 1)
    mirror = torch.where(uniform() < 0.5, -1.0, 1.0)
    cos, sin = angle.cos() / scale, angle.sin() / scale
    aspect = batch.shape[2] / batch.shape[3]
    across = torch.stack([across_share * mirror * cos, -sin * down_share * aspect, how.shift * normal()], dim=1)
    down = torch.stack([mirror * sin * across_share / aspect, cos * down_share, how.shift * normal()], dim=1)
    grid = F.affine_grid(
        torch.stack([across, down], dim=1).to(batch), [n, batch.shape[1], height, width], align_corners=False
    )
    turned = F.grid_sample(batch, grid, padding_mode="border", align_corners=False)
    density = -torch.log(turned.clamp_min(-0.99) + 1)
    if how.exchange:
        density = density * _exchanged(density, torch.rand(n, generator=generator) < how.exchange, generator)
    gain = torch.exp(how.stain * normal(1, 1, 1) + how.channel * normal(3, 1, 1)).to(batch)
    stained = torch.exp(-density * gain) - 1 + how.lamp * normal(3, 1, 1).to(batch)
    if how.coarse and float(torch.rand((), generator=generator)) < how.coarse:
        share = how.coarsest + (1 - how.coarsest) * float(torch.rand((), generator=generator))
        stained = _coarse(stained, share)
    blurred = F.avg_pool2d(stained, 3, 1, 1)
    found = torch.where((uniform() < BLUR_SHARE).view(-1, 1, 1, 1).to(batch.device), blurred, stained)
    return found + how.noise * normal(*found.shape[1:]).to(batch) if how.noise else found


def _exchanged(density: torch.Tensor, chosen: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Factors (n, 3, 1, 1) on the densities that give the chosen pictures the mean stain of another one, in part."""
    stained = (density.mean(1, keepdim=True) > STAINED).to(density)
    means = (density * stained).sum((2, 3), keepdim=True) / stained.sum((2, 3), keepdim=True).clamp_min(1)
    others = means[torch.randperm(len(density), generator=generator).to(density.device)]
    share = (torch.rand(len(density), generator=generator) * chosen).view(-1, 1, 1, 1).to(density)
    return ((others + 0.02) / (means + 0.02)).clamp(*EXCHANGE) ** share


def _coarse(batch: torch.Tensor, share: float) -> torch.Tensor:
    height, width = batch.shape[2:]
    small = (max(8, round(height * share)), max(8, round(width * share)))
    fewer = F.interpolate(batch, small, mode="bilinear", antialias=True, align_corners=False)
    return F.interpolate(fewer, (height, width), mode="bilinear", align_corners=False)
