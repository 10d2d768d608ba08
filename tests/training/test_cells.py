"""Fitting cell classifiers on drawn cells."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from allcad_core.classification import lightweight
from allcad_core.classification.cells import to_input
from allcad_core.errors import DataError
from allcad_core.training.cells import CellSet, Settings, fit, gather
from allcad_core.training.truth import TrueField

Fields = Callable[..., list[TrueField]]
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def cells(true_fields: Fields) -> CellSet:
    return gather(true_fields([f"f{number}" for number in range(24)]), size=16)


def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return lightweight.build(size=16, channels=(4, 8), hidden=16)


def test_counted_cells_are_gathered_with_their_labels(true_fields: Fields) -> None:
    fields = true_fields(["a", "b"], kinds=("blast", "ignore")) + true_fields(["c"], "Aria", ("healthy",))
    found = gather(fields, size=16)
    assert found.crops.shape == (3, 16, 16, 3)
    assert found.labels.tolist() == [1, 1, 0]
    assert found.fields == ("a", "b", "c")
    assert found.datasets == ("ALL-IDB1", "ALL-IDB1", "Aria")
    assert found.boxes[0] == fields[0].cells[0][1]
    assert len(found) == 3


def test_without_cells_there_is_nothing_to_learn(true_fields: Fields) -> None:
    for fields in ([], true_fields(["a"], kinds=("ignore",))):
        with pytest.raises(DataError, match="No white cell"):
            gather(fields, size=16)


def test_two_kinds_of_cells_are_learnt(cells: CellSet, true_fields: Fields) -> None:
    trained, losses = network(), []
    fit(
        trained, cells, CPU, Settings(epochs=12, lr=3e-3), main_set="ALL-IDB1",
        after_epoch=lambda done, count, loss: losses.append((done, count, loss)),
    )  # fmt: skip
    assert [(done, count) for done, count, _ in losses] == [(number, 12) for number in range(1, 13)]
    assert losses[-1][2] < losses[0][2]
    assert not trained.training
    unseen = gather(true_fields([f"new{number}" for number in range(10)]), size=16)
    with torch.inference_mode():
        said = trained(to_input(unseen.crops, CPU)).argmax(dim=1).numpy()
    assert np.array_equal(said, unseen.labels)


def test_the_seed_decides(cells: CellSet) -> None:
    states = []
    for seed in (4, 4, 5):
        trained = network()
        fit(trained, cells, CPU, Settings(epochs=1, seed=seed), main_set="ALL-IDB1")
        states.append(torch.cat([value.flatten() for value in trained.state_dict().values()]))
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


class Counting(torch.nn.Module):
    """Remembers the mean of the crops that it is shown, which tells the data set here."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(3, 2)
        self.seen: list[int] = []

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        self.seen.append(len(batch))
        return self.layer(batch.mean(dim=(2, 3)))


def of_sets(**counts: tuple[int, int]) -> CellSet:
    """Cells by data set: so many healthy ones and blasts."""
    datasets = [name for name, pair in counts.items() for _ in range(sum(pair))]
    labels = np.concatenate([np.repeat([0, 1], pair) for pair in counts.values()])
    total = len(labels)
    return CellSet(
        np.full((total, 8, 8, 3), 200, np.uint8), labels, ("f",) * total, tuple(datasets), ((0, 0, 1, 1),) * total
    )


@pytest.mark.parametrize(
    ("counts", "an_epoch"),
    [
        ({"main": (70, 30)}, 100),
        ({"main": (70, 30), "large": (500, 500)}, 100 + 40),
        ({"main": (70, 30), "uneven": (500, 5)}, 100 + 20 + 5),
        ({"main": (70, 30), "healthy": (500, 0)}, 100 + 40),
        ({"main": (70, 30), "small": (7, 0), "large": (500, 500)}, 100 + 7 + 40),
        ({"other": (60, 60)}, 40),
    ],
)
def test_a_further_set_gives_no_more_than_its_share(counts: dict[str, tuple[int, int]], an_epoch: int) -> None:
    trained = Counting()
    fit(trained, of_sets(**counts), CPU, Settings(epochs=3, per_source=40), main_set="main")
    assert sum(trained.seen) == 3 * an_epoch
