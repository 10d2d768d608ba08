"""Fit the classifier of a plan for one fold: pre-training once, then the fold's own data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from allcad_core import models
from allcad_core.errors import DataError
from allcad_core.training import cellsets, fieldsets
from allcad_core.training.fitting import Epoch, Material, fit
from allcad_core.training.plan_types import Course, Plan
from allcad_core.training.truth import TrueField

MARGIN = 1.6
"""Crops to train on show so much more than the network sees, so that a turned one has no empty corners."""

Tell = Callable[[str, int, int], None]
"""Told what is being done, the part done and how many there are."""


def fit_classifier(
    plan: Plan,
    pictures: Sequence[TrueField],
    others: Sequence[TrueField],
    home: Path,
    title: str,
    device: torch.device,
    *,
    seed: int = 0,
    tell: Tell,
) -> torch.nn.Module:
    """Train a classifier of cells or of fields.

    Args:
        plan: of the model.
        pictures: training side of the fold, of all data sets.
        others: what pre-training may see, the same for every fold.
        home: ignored folder of checkpoints.
        title: of this fit, also the name of its checkpoint.
        device: where to train.
        seed: of chance.
        tell: told each epoch.

    Returns:
        The network in evaluation mode, on the device.

    Raises:
        DataError: there is nothing to learn from, or a checkpoint is damaged.
    """
    if plan.course is None:
        raise DataError(f"'{plan.title}' has no course of training.")
    network = started(plan, seed)
    if plan.pretraining is not None:
        start = home / "indomain.safetensors"
        if not start.exists():
            store(
                _run(
                    plan,
                    plan.pretraining,
                    network,
                    others,
                    home / "indomain.ckpt",
                    f"{title}, first on other sets",
                    device,
                    0,
                    tell,
                ),
                start,
            )
        network.load_state_dict(load_file(start, device=str(device)))
    checkpoint = home / f"{title.replace(' ', '-')}.ckpt"
    return _run(plan, plan.course, network, pictures, checkpoint, title, device, seed, tell)


def started(plan: Plan, seed: int) -> torch.nn.Module:
    """The plan's untrained network, its chance decided by the seed. Raises ModelError."""
    torch.manual_seed(seed)
    return models.build(plan.builder, {**plan.arguments, **(plan.start or {})})


def store(network: torch.nn.Module, path: Path) -> None:
    """Write weights in full precision; the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    save_file({name: value.contiguous().cpu() for name, value in network.state_dict().items()}, part)
    part.replace(path)


def _run(
    plan: Plan, course: Course, network: torch.nn.Module, pictures: Sequence[TrueField], checkpoint: Path, title: str,
    device: torch.device, seed: int, tell: Tell,
) -> torch.nn.Module:  # fmt: skip
    named = [field for field in pictures if field.dataset in course.weights]
    material = cell_material(plan, course, named) if plan.task == "cell" else field_material(plan, course, named)

    def after(epoch: Epoch) -> None:
        tell(f"{title}, loss {epoch.loss:.3f}, right {epoch.accuracy:.0%}", epoch.number, epoch.count)

    settings = replace(course.settings, seed=course.settings.seed + seed)
    trained = fit(network, material, device, settings, checkpoint=checkpoint, after_epoch=after)
    checkpoint.unlink(missing_ok=True)
    return trained


def cell_material(plan: Plan, course: Course, pictures: Sequence[TrueField]) -> Material:
    """Crops of the cells in these pictures, with a margin."""
    cells = cellsets.gather(pictures, plan.input, MARGIN)
    drawn = cellsets.chances(cells, course.weights) if len(course.weights) > 1 else None
    return Material(cells.crops, cells.labels, drawn, int(plan.input["size"]))


def field_material(plan: Plan, course: Course, pictures: Sequence[TrueField]) -> Material:
    """These pictures as the network sees them."""
    fields = fieldsets.gather(pictures, plan.input)
    drawn = fieldsets.chances(fields, course.weights) if len(course.weights) > 1 else None
    return Material(fields.pictures, fields.labels, drawn)
