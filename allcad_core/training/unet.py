"""Fit the learned segmentation on expert masks and generated smears, a fold of sittings left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812  the name that everyone uses

from allcad_core.classification.efficientnet import imagenet
from allcad_core.segmentation.network import CYTOPLASM, NUCLEUS, Network, build
from allcad_core.training.masks import CELL, UNKNOWN, Example, batches

SHARES = {"crops": 0.7, "fields": 0.15, "generated": 0.15}
"""How often each source of windows is drawn."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the network is fitted: windows and epochs, Adam's greatest step, seed."""

    epochs: int = 14
    windows: int = 600
    batch: int = 12
    lr: float = 2e-3
    seed: int = 0


def start() -> Network:
    """The network with its encoder from ImageNet. Raises ModelError where the packaged weights are not installed."""
    network = build()
    encoder = network.body.encoder.model
    wanted = encoder.state_dict()
    known = imagenet()
    encoder.load_state_dict({name: known[name] for name in wanted})
    return network


def loss_of(logits: torch.Tensor, said: torch.Tensor) -> torch.Tensor:
    """Cross-entropy and soft Dice. Where only the cell is known, nucleus and cytoplasm count together.

    Args:
        logits: float (n, 3, height, width).
        said: int64 (n, height, width); see ``masks``.
    """
    chance = F.log_softmax(logits, 1)
    either = torch.logsumexp(chance[:, [NUCLEUS, CYTOPLASM]], 1, keepdim=True)
    known = torch.cat([chance, either], 1)
    valid = said != UNKNOWN
    entropy = -known.gather(1, said.where(valid, torch.zeros_like(said))[:, None])[:, 0][valid].mean()
    cell = either.exp()[:, 0]
    nucleus = chance[:, NUCLEUS].exp()
    parted = valid & (said != CELL)
    dice = _soft_dice(cell, said > 0, valid) + _soft_dice(nucleus, said == NUCLEUS, parted)
    return entropy + 0.5 * dice


def _soft_dice(chance: torch.Tensor, truth: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """1 - soft Dice over the batch (Milletari, Navab & Ahmadi 2016, section 3)."""
    chance, wanted = chance * valid, (truth & valid).to(chance)
    return 1 - (2 * (chance * wanted).sum() + 1) / (chance.sum() + wanted.sum() + 1)


def fit(
    examples: Sequence[Example],
    device: torch.device,
    settings: Settings | None = None,
    after_epoch: Callable[[int, int, float], None] | None = None,
) -> Network:
    """A trained network: cross-entropy and Dice, AdamW, one cycle.

    Args:
        examples: of the training side.
        device: where to train.
        settings: see ``Settings``.
        after_epoch: told the epoch done, how many there are, and the mean loss.
    """
    settings = settings or Settings()
    rng = np.random.default_rng(settings.seed)
    torch.manual_seed(settings.seed)
    network = start().to(device).train()
    steps = settings.epochs * (settings.windows // settings.batch)
    optimiser = torch.optim.AdamW(network.parameters(), settings.lr, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, settings.lr, total_steps=steps)
    for epoch in range(settings.epochs):
        losses = []
        for seen, said in batches(examples, SHARES, settings.windows, settings.batch, rng):
            loss = loss_of(network(seen.to(device, memory_format=torch.channels_last)).float(), said.to(device))
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        if after_epoch is not None:
            after_epoch(epoch + 1, settings.epochs, float(np.mean(losses)))
    return network.eval()
