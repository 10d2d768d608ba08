"""Starts that ship: whoever has ALL-IDB alone trains from what others' cells taught."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from allcad_core import models
from allcad_core.errors import DataError, ModelError
from allcad_core.training import classifiers, starts
from allcad_core.training.fitting import Settings
from allcad_core.training.plan_types import Course, Plan
from allcad_core.training.plans import plan
from allcad_core.training.truth import TrueField

Fields = Callable[..., list[TrueField]]
CPU = torch.device("cpu")


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setattr(models, "WEIGHTS", tmp_path / "weights")
    return replace(
        plan("lightweight"), arguments={"size": 16, "channels": [4, 4], "hidden": 8},
        input={"size": 16, "context": 1.25}, course=Course(Settings(epochs=1, lr=0.0), {"ALL-IDB1": 1.0}),
        pretraining=Course(Settings(epochs=1, lr=1e-2), {"Aria": 1.0}),
    )  # fmt: skip


def trained(made: Plan, fields: list[TrueField], others: list[TrueField], home: Path) -> dict[str, torch.Tensor]:
    network = classifiers.fit_classifier(made, fields, others, home, "fold", CPU, tell=lambda *_: None)
    return dict(network.state_dict())


def test_without_other_sets_training_starts_from_what_ships(made: Plan, true_fields: Fields, tmp_path: Path) -> None:
    fields = true_fields([f"f{number}" for number in range(4)])
    start = classifiers.started(made, 7).state_dict()
    starts.pack("small", start, "fp16")
    state = trained(made, fields, [], tmp_path / "runs" / "small")
    assert all(torch.allclose(state[name], value, atol=1e-3) for name, value in start.items())


def test_where_other_sets_are_at_hand_they_are_learnt_from(made: Plan, true_fields: Fields, tmp_path: Path) -> None:
    fields = true_fields([f"f{number}" for number in range(4)])
    start = classifiers.started(made, 7).state_dict()
    starts.pack("small", start, "fp16")
    others = true_fields(["a", "b"], "Aria")
    state = trained(made, fields, others, tmp_path / "runs" / "small")
    assert not any(torch.allclose(state[name], value, atol=1e-3) for name, value in start.items() if "weight" in name)


def test_without_either_it_says_what_to_do(made: Plan, true_fields: Fields, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"needs one of Aria, and no start of 'small' ships.*--pretrained none"):
        trained(made, true_fields(["a", "b"]), [], tmp_path / "runs" / "small")


def test_a_damaged_start_is_refused(made: Plan, tmp_path: Path) -> None:
    path = starts.pack("small", classifiers.started(made, 7).state_dict(), "fp16")
    path.write_bytes(path.read_bytes()[:-4] + b"0000")
    with pytest.raises(ModelError, match="SHA-256 differs"):
        starts.packaged("small")
    (path.parent / starts.DIGESTS).write_text("[]")
    with pytest.raises(ModelError, match="is damaged"):
        starts.packaged("small")
    assert starts.packaged("small", tmp_path / "elsewhere") is None
