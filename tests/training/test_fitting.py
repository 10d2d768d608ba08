"""The loop that fits classifiers: it learns, the seed decides, and a killed run ends where an unbroken one does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from allcad_core.classification import lightweight
from allcad_core.classification.cells import to_input
from allcad_core.errors import DataError
from allcad_core.training.cellsets import gather
from allcad_core.training.fitting import Epoch, Material, Settings, fit
from allcad_core.training.truth import TrueField

Fields = Callable[..., list[TrueField]]
CPU = torch.device("cpu")
INPUT = {"size": 16, "context": 1.25}
QUICK = Settings(epochs=4, lr=2e-3)


@pytest.fixture(scope="module")
def material(true_fields: Fields) -> Material:
    cells = gather(true_fields([f"f{number}" for number in range(24)]), INPUT, 1.5)
    return Material(cells.crops, cells.labels, None, 16)


def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return lightweight.build(size=16, channels=(4, 8), hidden=16)


def weights(trained: torch.nn.Module) -> torch.Tensor:
    return torch.cat([value.flatten().float() for value in trained.state_dict().values()])


def test_two_kinds_of_cells_are_learnt(material: Material, true_fields: Fields) -> None:
    told: list[Epoch] = []
    trained = fit(network(), material, CPU, Settings(epochs=25, lr=3e-3), after_epoch=told.append)
    assert [(epoch.number, epoch.count) for epoch in told] == [(number, 25) for number in range(1, 26)]
    assert told[-1].loss < told[0].loss
    assert told[-1].accuracy > 0.9
    assert not trained.training
    unseen = gather(true_fields([f"new{number}" for number in range(10)]), INPUT)
    with torch.inference_mode():
        said = trained(to_input(unseen.crops, CPU)).argmax(dim=1).numpy()
    assert np.array_equal(said, unseen.labels)


@pytest.mark.parametrize("settings", [QUICK, replace(QUICK, cycle=True, average=True, smoothing=0.1, decay=0.01)])
def test_the_seed_decides(material: Material, settings: Settings) -> None:
    states = [weights(fit(network(), material, CPU, replace(settings, seed=seed))) for seed in (4, 4, 5)]
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


@pytest.mark.parametrize("settings", [QUICK, replace(QUICK, cycle=True, average=True)])
def test_a_killed_run_ends_where_an_unbroken_one_does(material: Material, settings: Settings, tmp_path: Path) -> None:
    unbroken = weights(fit(network(), material, CPU, settings))

    def kill(epoch: Epoch) -> None:
        if epoch.number == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(network(), material, CPU, settings, checkpoint=tmp_path / "run.ckpt", after_epoch=kill)
    told: list[Epoch] = []
    resumed = fit(network(), material, CPU, settings, checkpoint=tmp_path / "run.ckpt", after_epoch=told.append)
    assert [epoch.number for epoch in told] == [3, 4]
    assert torch.equal(weights(resumed), unbroken)


def test_a_damaged_checkpoint_is_named(material: Material, tmp_path: Path) -> None:
    path = tmp_path / "run.ckpt"
    path.write_bytes(b"PK\x03\x04 not a checkpoint")
    with pytest.raises(DataError, match=r"run\.ckpt' is damaged"):
        fit(network(), material, CPU, QUICK, checkpoint=path)


def test_the_running_mean_differs_from_the_last_step(material: Material) -> None:
    plain = weights(fit(network(), material, CPU, QUICK))
    mean = weights(fit(network(), material, CPU, replace(QUICK, average=True)))
    assert not torch.equal(plain, mean)
    assert torch.isfinite(mean).all()


class Counting(torch.nn.Module):
    """Remembers how many pictures of which grey it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(3, 2)
        self.seen: list[int] = []

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        self.seen.append(len(batch))
        return self.layer(batch.mean(dim=(2, 3)))


def test_every_picture_is_shown_once_an_epoch_or_as_many_as_the_steps_say(material: Material) -> None:
    once, steps = Counting(), Counting()
    fit(once, material, CPU, Settings(epochs=3, batch=10))
    assert sum(once.seen) == 3 * len(material.labels)
    drawn = replace(material, chances=np.full(len(material.labels), 1 / len(material.labels)))
    fit(steps, drawn, CPU, Settings(epochs=2, steps=7, batch=10))
    assert steps.seen == [10] * 14


def test_one_class_alone_teaches_nothing(material: Material) -> None:
    healthy = material.labels == 0
    with pytest.raises(DataError, match="one class only"):
        fit(network(), Material(material.pictures[healthy], material.labels[healthy], None, 16), CPU, QUICK)


def normalised() -> torch.nn.Sequential:
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(), torch.nn.Linear(4, 2),
    )  # fmt: skip


def test_the_last_layer_learns_alone(material: Material) -> None:
    before = normalised().state_dict()
    after = fit(normalised(), material, CPU, replace(QUICK, last=True))
    changed = {name for name, value in after.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"5.weight", "5.bias"}
    assert all(value.requires_grad for value in after.parameters())


def test_still_normalisation_keeps_its_statistics_while_everything_else_learns(material: Material) -> None:
    before = normalised().state_dict()
    after = fit(normalised(), material, CPU, replace(QUICK, still=True)).state_dict()
    kept = {name for name, value in after.items() if torch.equal(value, before[name])}
    assert kept == {"1.running_mean", "1.running_var", "1.num_batches_tracked"}
