"""Fit the classifier of a plan for one fold: pre-training once, then the fold's own data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from allcad_core import files, models
from allcad_core.errors import DataError
from allcad_core.training import cellsets, fieldsets, starts
from allcad_core.training.cellsets import CellSet
from allcad_core.training.fieldsets import FieldSet
from allcad_core.training.fitting import Epoch, Material, Settings, fit, last_layer
from allcad_core.training.plan_types import Course, Plan
from allcad_core.training.truth import TrueField

MARGIN = 1.6
"""Crops to train on show so much more than the network sees, so that a turned one has no empty corners."""

START = "indomain.safetensors"
"""What pre-training gave, below the folder of the plan's runs."""

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
        start = home / START
        if not start.exists():
            _store_start(plan, plan.pretraining, others, start, device, tell)
        network.load_state_dict(load_file(start, device=str(device)))
    name, material = title.replace(" ", "-"), _material(plan, plan.course, pictures)
    if plan.beside is not None:
        return _fit_pair(plan.course, plan.beside, material, network, home / name, title, device, seed, tell)
    before = home / f"{name}-before.safetensors"
    if plan.probe is not None and not before.exists():
        alone, told = replace(plan.course, settings=plan.probe), f"{title}, last layer"
        store(_run(alone, material, network, home / f"{name}-probe.ckpt", told, device, seed, tell), before)
    if plan.probe is not None:
        network.load_state_dict(load_file(before, device=str(device)))
    anchor = {key: value.detach().clone() for key, value in network.state_dict().items()} if plan.blend < 1 else {}
    trained = _run(plan.course, material, network, home / f"{name}.ckpt", title, device, seed, tell)
    before.unlink(missing_ok=True)
    return blended(trained, anchor, plan.blend) if anchor else trained


def _fit_pair(
    course: Course, beside: Settings, material: Material, pair: torch.nn.Module, home: Path, title: str,
    device: torch.device, seed: int, tell: Tell,
) -> torch.nn.Module:  # fmt: skip
    """Both networks of a pair, one after the other; the first is kept aside until the second is done."""
    first, done = pair.get_submodule("first"), home.with_name(f"{home.name}-first.safetensors")
    if not done.exists():
        store(_run(course, material, first, home.with_name(f"{home.name}.ckpt"), title, device, seed, tell), done)
    first.load_state_dict(load_file(done, device=str(device)))
    second, course = pair.get_submodule("second"), replace(course, settings=beside)
    checkpoint = home.with_name(f"{home.name}-second.ckpt")
    pair.second = _run(course, material, second, checkpoint, f"{title}, second", device, seed, tell)
    done.unlink()
    return pair.to(device).eval()


def blended(network: torch.nn.Module, before: Mapping[str, torch.Tensor], share: float) -> torch.nn.Module:
    """The network with weights on the straight line between two.

    Args:
        network: the far end; changed in place.
        before: state of the near end, of the same network.
        share: how far to go, 0..1.
    """
    far = network.state_dict()
    mixed = {
        key: torch.lerp(before[key].to(value), value, share) if value.is_floating_point() else value
        for key, value in far.items()
    }
    network.load_state_dict(mixed)
    return network


def started(plan: Plan, seed: int) -> torch.nn.Module:
    """The plan's untrained network, its chance decided by the seed. Raises ModelError."""
    torch.manual_seed(seed)
    return models.build(plan.builder, {**plan.arguments, **(plan.start or {})})


def store(network: torch.nn.Module, path: Path) -> None:
    """Write weights in full precision; the file appears whole or not at all."""
    with files.whole(path) as half:
        save_file({name: value.contiguous().cpu() for name, value in network.state_dict().items()}, half)


def _store_start(
    plan: Plan, course: Course, others: Sequence[TrueField], start: Path, device: torch.device, tell: Tell
) -> None:
    """Pre-train where other sets are at hand, else take the start that ships with allcad."""
    if any(field.dataset in course.weights for field in others):
        checkpoint, title = start.with_suffix(".ckpt"), f"{plan.title}, first on other sets"
        store(_pretrained(plan, course, others, checkpoint, title, device, tell), start)
        return
    state = starts.packaged(start.parent.name)
    if state is None:
        raise DataError(
            f"Pre-training needs one of {', '.join(course.weights)}, and no start of '{start.parent.name}' ships. Put a set "
            "into the data folder, or train with --pretrained none."
        )
    network = started(plan, 0)
    network.load_state_dict(state)
    store(network, start)


def _pretrained(
    plan: Plan, course: Course, others: Sequence[TrueField], checkpoint: Path, title: str, device: torch.device, tell: Tell
) -> torch.nn.Module:  # fmt: skip
    """The plan's network with the body that a round on other sets gave it, and a fresh last layer."""
    network = started(plan, 0)
    material = _material(plan, course, others)
    if material.allowed is None:
        return _run(course, material, network, checkpoint, title, device, 0, tell)
    fresh = _swap_last(network, material.allowed.shape[1])
    trained = _run(course, material, network, checkpoint, title, device, 0, tell)
    _swap_last(trained, fresh.out_features, fresh)
    return trained


def _swap_last(network: torch.nn.Module, outputs: int, layer: torch.nn.Linear | None = None) -> torch.nn.Linear:
    """Put another last linear layer in; returns the one that was there."""
    name, last = last_layer(network)
    parent = network.get_submodule(name.rpartition(".")[0])
    torch.manual_seed(0)
    setattr(parent, name.rpartition(".")[2], layer or torch.nn.Linear(last.in_features, outputs))
    return last


def _run(
    course: Course, material: Material, network: torch.nn.Module, checkpoint: Path, title: str, device: torch.device,
    seed: int, tell: Tell,
) -> torch.nn.Module:  # fmt: skip
    def after(epoch: Epoch) -> None:
        tell(f"{title}, loss {epoch.loss:.3f}, right {epoch.accuracy:.0%}", epoch.number, epoch.count)

    settings = replace(course.settings, seed=course.settings.seed + seed)
    trained = fit(network, material, device, settings, checkpoint=checkpoint, after_epoch=after)
    checkpoint.unlink(missing_ok=True)
    return trained


def _material(plan: Plan, course: Course, pictures: Sequence[TrueField]) -> Material:
    """What a course shows of these pictures: crops of their cells with a margin, or the pictures themselves."""
    named = [field for field in pictures if field.dataset in course.weights]
    if plan.task == "cell":
        cells = cellsets.gather(named, plan.input, MARGIN)
        return _drawn(course, cells, cells.crops, int(plan.input["size"]))
    fields = fieldsets.gather(named, plan.input)
    return _drawn(course, fields, fields.pictures, None)


def _drawn(course: Course, found: CellSet | FieldSet, pictures: NDArray[np.uint8], size: int | None) -> Material:
    if course.kinds:
        kinds = cellsets.kinds_of(found)
        return Material(
            pictures, kinds.classes, cellsets.chances(found, course.weights, kinds.classes), size, kinds.allowed
        )
    chances = cellsets.chances(found, course.weights) if len(course.weights) > 1 else None
    if chances is not None and course.halved:
        chances = cellsets.halved(chances, found.labels)
    return Material(pictures, found.labels, chances, size)
