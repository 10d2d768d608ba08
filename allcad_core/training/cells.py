"""Fit cell classifiers on crops cut from fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F  # noqa: N812  the name that everyone uses

from allcad_core.classification.cells import CONTEXT, cut_cells, to_input
from allcad_core.errors import DataError
from allcad_core.results import Box
from allcad_core.training.augment import augment
from allcad_core.training.truth import TrueField

BATCH = 32
PEAK = 3.0
"""The one-cycle schedule rises to this multiple of the learning rate (Smith & Topin 2018)."""
SMOOTHING = 0.05
"""Label smoothing: some labels are wrong, those of whole fields above all."""


@dataclass(frozen=True, eq=False)
class CellSet:
    """Crops of cells with their labels.

    Attributes:
        crops: uint8 (n, size, size, 3), RGB, balanced.
        labels: int64 (n,), 1 blast, 0 healthy.
        fields: name of the field of each cell.
        datasets: name of its data set.
        boxes: its box in that field, px.
    """

    crops: NDArray[np.uint8]
    labels: NDArray[np.int64]
    fields: tuple[str, ...]
    datasets: tuple[str, ...]
    boxes: tuple[Box, ...]

    def __len__(self) -> int:
        return len(self.labels)


def gather(fields: Sequence[TrueField], size: int, context: float = CONTEXT) -> CellSet:
    """All counted cells of the fields. Raises DataError where there is none."""
    crops, labels, names, datasets, boxes = [], [], [], [], []
    for field in fields:
        counted = [(kind, box) for kind, box in field.cells if kind != "ignore"]
        crops.append(cut_cells(field.balanced, [box for _, box in counted], size, context))
        labels += [int(kind == "blast") for kind, _ in counted]
        boxes += [box for _, box in counted]
        names += [field.name] * len(counted)
        datasets += [field.dataset] * len(counted)
    if not labels:
        raise DataError("No white cell was found in the training data.")
    return CellSet(np.concatenate(crops), np.array(labels, np.int64), tuple(names), tuple(datasets), tuple(boxes))


@dataclass(frozen=True, slots=True)
class Settings:
    """How a classifier is fitted; the defaults are those of this project, not the paper's (Adam, 1e-4, 25 epochs)."""

    epochs: int = 30
    lr: float = 1e-3
    seed: int = 0
    per_source: int = 600
    """Cells that a further data set gives to an epoch at most, half of either class where it has both."""


def fit(
    network: torch.nn.Module,
    cells: CellSet,
    device: torch.device,
    settings: Settings,
    *,
    main_set: str,
    after_epoch: Callable[[int, int, float], None] | None = None,
) -> None:
    """Fit a network in place: cross-entropy, Adam, one cycle.

    Args:
        network: from ``to_input`` crops to two logits.
        cells: training side only.
        device: where to train.
        settings: see ``Settings``.
        main_set: the data set of which every cell is shown in every epoch.
        after_epoch: told the epoch done, how many there are, and the mean loss.
    """
    chance, rng = torch.Generator().manual_seed(settings.seed), np.random.default_rng(settings.seed)
    torch.manual_seed(settings.seed)  # dropout draws from torch's own generator
    network.to(device).train()
    steps = settings.epochs * -(-_epoch_length(cells, main_set, settings.per_source) // BATCH)
    optimiser = torch.optim.Adam(network.parameters(), settings.lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK * settings.lr, total_steps=steps)
    labels = torch.from_numpy(cells.labels)
    for epoch in range(settings.epochs):
        losses = []
        order = rng.permutation(_draw(cells, main_set, settings.per_source, rng))
        for start in range(0, len(order), BATCH):
            part = order[start : start + BATCH]
            batch = augment(to_input(cells.crops[part], device).float(), chance)
            loss = F.cross_entropy(network(batch), labels[part].to(device), label_smoothing=SMOOTHING)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        if after_epoch is not None:
            after_epoch(epoch + 1, settings.epochs, float(np.mean(losses)))
    network.eval()


def _pools(cells: CellSet, main_set: str) -> dict[str, list[NDArray[np.int64]]]:
    """Of each further data set the indices of its cells, a class at a time."""
    datasets = np.array(cells.datasets)
    return {
        name: [
            found for label in (0, 1) if (found := np.flatnonzero((datasets == name) & (cells.labels == label))).size
        ]
        for name in sorted(set(cells.datasets) - {main_set})
    }


def _draw(cells: CellSet, main_set: str, per_source: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Cells of one epoch: all of the main set, a fresh sample of every other."""
    drawn = [np.flatnonzero(np.array(cells.datasets) == main_set)]
    for pools in _pools(cells, main_set).values():
        drawn += [rng.choice(pool, min(len(pool), per_source // len(pools)), replace=False) for pool in pools]
    return np.concatenate(drawn)


def _epoch_length(cells: CellSet, main_set: str, per_source: int) -> int:
    return len(_draw(cells, main_set, per_source, np.random.default_rng(0)))
