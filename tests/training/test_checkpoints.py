"""Checkpoints come back as they were kept; anything else is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from allcad_core.errors import DataError
from allcad_core.training.checkpoints import keep, restore

CPU = torch.device("cpu")


def test_a_state_comes_back_with_its_types(tmp_path: Path) -> None:
    network = torch.nn.Linear(3, 2)
    optimiser = torch.optim.AdamW(network.parameters())
    network(torch.ones(4, 3)).sum().backward()
    optimiser.step()
    keep(tmp_path / "a.ckpt", {"done": 3, "optimiser": optimiser.state_dict(), "network": network.state_dict()})
    state = restore(tmp_path / "a.ckpt", CPU)
    assert state["done"] == 3
    assert list(state["optimiser"]["state"]) == [0, 1]  # numbers, not words
    assert torch.equal(state["optimiser"]["state"][0]["exp_avg"], optimiser.state_dict()["state"][0]["exp_avg"])
    assert torch.equal(state["network"]["weight"], network.weight)
    fresh = torch.optim.AdamW(network.parameters())
    fresh.load_state_dict(state["optimiser"])
    assert fresh.param_groups[0]["lr"] == optimiser.param_groups[0]["lr"]


def test_parts_that_share_memory_are_kept_apart(tmp_path: Path) -> None:
    tensor = torch.arange(6.0)
    keep(tmp_path / "a.ckpt", {"one": tensor, "part": tensor[:2]})
    state = restore(tmp_path / "a.ckpt", CPU)
    assert state["one"].tolist() == [0, 1, 2, 3, 4, 5]
    assert state["part"].tolist() == [0, 1]


@pytest.mark.parametrize("cut", [0, 5, 60, -10])
def test_a_cut_file_is_named(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "run.ckpt"
    keep(path, {"done": 1, "tensor": torch.ones(100)})
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DataError, match=r"run\.ckpt' is damaged"):
        restore(path, CPU)
