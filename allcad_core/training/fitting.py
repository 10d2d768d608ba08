"""Fit a network of two outputs on pictures with labels: the one loop of all classifiers. A killed run goes on.

Every epoch draws from generators of its own seed, so a run that was killed and goes on from its last finished epoch ends in
the same weights as one that was not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F  # noqa: N812  the name that everyone uses
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from allcad_core.classification.cells import to_input
from allcad_core.errors import DataError
from allcad_core.training import checkpoints
from allcad_core.training.augment import Strength, augment

NEVER = -1e4
"""Logit of an output that a picture is not compared with."""
DECAY = 0.99
"""Of the running mean of the weights, a step."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a network is fitted; the defaults are those of Zaiter & Zwiggelaar where they give any.

    Attributes:
        epochs: rounds; ``steps`` batches each, or once through all pictures where ``steps`` is ``None``.
        lr: learning rate of Adam; with ``cycle`` the peak of one cycle (Smith & Topin 2018).
        batch: pictures a step.
        decay: weight decay, decoupled from the gradient.
        smoothing: of the labels; some are wrong, those of whole fields above all.
        average: keep a running mean of the weights, which generalises better than the last step's.
        mixed: compute in bfloat16 on a CPU too; on CUDA it always is.
        strength: of the augmentation.
        last: only the last linear layer learns; the layers before it stay as they are, normalisation included.
        still: batch normalisation keeps the mean and spread that the network came with.
    """

    epochs: int = 25
    steps: int | None = None
    lr: float = 1e-4
    batch: int = 16
    seed: int = 0
    decay: float = 0.0
    smoothing: float = 0.0
    cycle: bool = False
    average: bool = False
    mixed: bool = False
    strength: Strength = field(default_factory=Strength)
    last: bool = False
    still: bool = False


@dataclass(frozen=True, slots=True)
class Epoch:
    """What is told after an epoch: which, of how many, mean loss, and share of the pictures called right as they came."""

    number: int
    count: int
    loss: float
    accuracy: float


@dataclass(frozen=True, eq=False)
class Material:
    """What a network is fitted on.

    Attributes:
        pictures: uint8 (n, height, width, 3), RGB, balanced, with a margin for augmentation where ``size`` is given.
        labels: int64 (n,), number of the output that is right.
        chances: how likely each is drawn, float64 (n,), sum 1; ``None``: every picture once an epoch.
        size: side of the network's square input in px; the pictures' own size without it.
        allowed: bool (n, outputs), the outputs that a picture is compared with; ``None``: all.
    """

    pictures: NDArray[np.uint8]
    labels: NDArray[np.int64]
    chances: NDArray[np.float64] | None = None
    size: int | None = None
    allowed: NDArray[np.bool_] | None = None


def fit(
    network: torch.nn.Module,
    material: Material,
    device: torch.device,
    settings: Settings,
    *,
    checkpoint: Path | None = None,
    after_epoch: Callable[[Epoch], None] | None = None,
) -> torch.nn.Module:
    """Fit a network.

    Args:
        network: from network input to two logits; trained in place.
        material: training side only.
        device: where to train.
        settings: see ``Settings``.
        checkpoint: where to keep the state after each epoch, and to go on from; removed by whoever has stored the result.
        after_epoch: told each epoch.

    Returns:
        The network to use, in evaluation mode: the running mean where one was kept, else ``network`` itself.

    Raises:
        DataError: there is only one class to learn from.
    """
    if len(np.unique(material.labels)) < 2:
        raise DataError("The training data show one class only, so there is nothing to tell apart.")
    learning = _learning(network.to(device), settings)
    optimiser = torch.optim.AdamW(learning, settings.lr, weight_decay=settings.decay)
    count = len(material.labels)
    steps = settings.steps or -(-count // settings.batch)
    schedule = (
        torch.optim.lr_scheduler.OneCycleLR(optimiser, settings.lr, total_steps=settings.epochs * steps, pct_start=0.2)
        if settings.cycle
        else None
    )
    mean = _running_mean(network) if settings.average else None
    parts = {"network": network, "optimiser": optimiser, "schedule": schedule, "mean": mean}
    done = _restore(checkpoint, parts, device)
    for epoch in range(done, settings.epochs):
        losses, right, shown = [], 0, 0
        for batch, labels, allowed in _batches(material, settings, epoch, steps, device):
            with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda" or settings.mixed):
                logits = network(batch).float()
            if allowed is not None:
                logits = logits.masked_fill(~allowed, NEVER)
            loss = F.cross_entropy(logits, labels, label_smoothing=0.0 if allowed is not None else settings.smoothing)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            if schedule is not None:
                schedule.step()
            if mean is not None:
                mean.update_parameters(network)
            losses.append(loss.item())
            right += int((logits.argmax(1) == labels).sum())
            shown += len(labels)
        _keep(checkpoint, parts, epoch + 1)
        if after_epoch is not None:
            after_epoch(Epoch(epoch + 1, settings.epochs, float(np.mean(losses)), right / shown))
    found: torch.nn.Module = network if mean is None else mean.module
    return found.requires_grad_().eval()


def last_layer(network: torch.nn.Module) -> tuple[str, torch.nn.Linear]:
    """The last linear layer of a network and its name."""
    return [(name, part) for name, part in network.named_modules() if isinstance(part, torch.nn.Linear)][-1]


def _learning(network: torch.nn.Module, settings: Settings) -> list[torch.nn.Parameter]:
    """Put a network in the mode of its training; returns what will be changed."""
    network.train().requires_grad_()
    if settings.last:
        network.eval().requires_grad_(requires_grad=False)
        last_layer(network)[1].train().requires_grad_()
    if settings.still:
        for part in network.modules():
            if isinstance(part, torch.nn.modules.batchnorm._BatchNorm):  # noqa: SLF001  all its kinds in one
                part.eval()
    return [value for value in network.parameters() if value.requires_grad]


def _running_mean(network: torch.nn.Module) -> AveragedModel:
    blend = get_ema_multi_avg_fn(DECAY)  # type: ignore[no-untyped-call]
    return AveragedModel(network, multi_avg_fn=blend, use_buffers=True)


def _batches(
    material: Material, settings: Settings, epoch: int, steps: int, device: torch.device
) -> Any:  # an iterator of (float (n, 3, size, size), int64 (n,), bool (n, outputs) or None)
    """The batches of one epoch, in an order that its number decides."""
    seed = 100_003 * settings.seed + epoch
    chance, rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    torch.manual_seed(seed)  # dropout draws from torch's own generator
    labels, count = torch.from_numpy(material.labels), len(material.labels)
    drawn = steps * settings.batch
    if material.chances is None:
        order = np.concatenate([rng.permutation(count) for _ in range(-(-drawn // count))])[: max(drawn, 1)]
        order = order[:count] if settings.steps is None else order
    else:
        order = rng.choice(count, drawn, p=material.chances)
    for start in range(0, len(order), settings.batch):
        part = order[start : start + settings.batch]
        if len(part) == 1:
            continue  # batch normalisation needs two
        batch = augment(to_input(material.pictures[part], device).float(), chance, settings.strength, material.size)
        allowed = None if material.allowed is None else torch.from_numpy(material.allowed[part]).to(device)
        yield batch.contiguous(memory_format=torch.channels_last), labels[part].to(device), allowed


def _keep(path: Path | None, parts: dict[str, Any], done: int) -> None:
    if path is not None:
        states = {name: part.state_dict() for name, part in parts.items() if part is not None}
        checkpoints.keep(path, {"done": done, **states})


def _restore(path: Path | None, parts: dict[str, Any], device: torch.device) -> int:
    """Epochs already done; the parts are set to where they stood."""
    if path is None or not path.is_file():
        return 0
    state = checkpoints.restore(path, device)
    try:
        for name, part in parts.items():
            if part is not None:
                part.load_state_dict(state[name])
        return int(state["done"])
    except (RuntimeError, KeyError, ValueError) as error:
        raise DataError(f"The checkpoint '{path}' is of another run. Remove it to start anew.") from error
