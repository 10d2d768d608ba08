"""The queue: what stands is skipped, what is held out is never seen, what ships has seen everything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from allcad_core import models, predictions
from allcad_core.errors import DataError, UnknownNameError
from allcad_core.predictions import BoxPrediction, CellPrediction
from allcad_core.training import cells as cell_training
from allcad_core.training import detectors, jobs, plans, shipping, sources
from allcad_core.training.cells import CellSet
from allcad_core.training.truth import TrueField

Fields = Callable[..., list[TrueField]]
FOLDS = {"Im001_1": 0, "Im002_0": 0, "Im003_1": 1, "Im004_0": 1, "WBC-1": 0, "WBC-2": 1, "BA_1": -1}


class DrawnBench(jobs.Bench):
    """Drawn fields in place of a data folder."""

    def folds(self, protocol: str) -> dict[str, int]:
        return {name: fold for name, fold in FOLDS.items() if protocol == "field" or name.startswith("Im")}


@pytest.fixture
def bench(true_fields: Fields, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DrawnBench:
    small = replace(
        plans.PLANS["lightweight"], arguments={"size": 16, "channels": [4, 4], "hidden": 8},
        input={"size": 16, "context": 1.25},
    )  # fmt: skip
    monkeypatch.setattr(plans, "PLANS", {**plans.PLANS, "lightweight": small})
    monkeypatch.setattr(cell_training, "Settings", lambda seed: _SETTINGS(epochs=2, seed=seed))
    bench = DrawnBench(tmp_path, tmp_path / "runs", tmp_path / "results", torch.device("cpu"), lambda *_: None)
    main = true_fields(["Im001_1", "Im002_0", "Im003_1", "Im004_0"])
    main[1] = replace(main[1], cells=(), regions=())
    bench.__dict__["main"] = main
    bench.__dict__["further"] = true_fields(["WBC-1", "WBC-2"], "Aria") + true_fields(["BA_1"], "PBC", ("healthy",))
    return bench


_SETTINGS = cell_training.Settings


@pytest.fixture
def gathered(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Names of the fields of each training."""
    seen: list[list[str]] = []
    plain = cell_training.gather

    def spy(fields: Sequence[TrueField], *rest: float) -> CellSet:
        seen.append([field.name for field in fields])
        return plain(fields, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(cell_training, "gather", spy)
    return seen


def read_cells(bench: jobs.Bench, protocol: str = "field") -> list[CellPrediction]:
    return predictions.read(CellPrediction, "cell", protocol, "lightweight", bench.results)


def read_boxes(bench: jobs.Bench, model: str, protocol: str = "field") -> list[BoxPrediction]:
    return predictions.read(BoxPrediction, "detect", protocol, model, bench.results)


@pytest.mark.parametrize("fold", [0, 1])
def test_a_fold_never_sees_its_held_out_fields(bench: DrawnBench, gathered: list[list[str]], fold: int) -> None:
    jobs.run("lightweight", "field", fold, bench)
    assert gathered == [[name for name in FOLDS if FOLDS[name] != fold]]


def test_further_sets_have_no_session_and_are_trained_on(bench: DrawnBench, gathered: list[list[str]]) -> None:
    jobs.run("lightweight", "session", 1, bench)
    assert gathered == [["Im001_1", "Im002_0", "WBC-1", "WBC-2", "BA_1"]]


def test_a_fold_leaves_what_it_says_of_the_held_out_fields(bench: DrawnBench) -> None:
    path = jobs.run("lightweight", "field", 0, bench)
    assert path == bench.results / "cell" / "field" / "lightweight" / "fold0.csv"
    cells = read_cells(bench)
    assert [(row.image, row.truth, row.fold) for row in cells] == [("Im001_1", 1, 0), ("Im001_1", 0, 0)]
    boxes = read_boxes(bench, "regions-lightweight")
    assert {row.image for row in boxes} == {"Im001_1", "Im002_0"}
    (empty,) = (row for row in boxes if row.image == "Im002_0")  # looked at, nothing found
    assert empty.x1 == empty.x0
    assert not list(bench.results.rglob("*.part"))


def test_what_stands_is_skipped(bench: DrawnBench, gathered: list[list[str]]) -> None:
    assert jobs.run("lightweight", "field", 0, bench) is not None
    before = read_cells(bench)
    assert jobs.run("lightweight", "field", 0, bench) is None
    assert len(gathered) == 1
    assert read_cells(bench) == before


def test_the_same_fold_trains_to_the_same_numbers(bench: DrawnBench) -> None:
    first = jobs.run("lightweight", "field", 0, bench)
    assert first is not None
    content = first.read_text()
    first.unlink()
    jobs.run("lightweight", "field", 0, bench)
    assert first.read_text() == content


def test_a_killed_fold_leaves_no_result(bench: DrawnBench, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cell_training, "fit", killed)
    with pytest.raises(KeyboardInterrupt):
        jobs.run("lightweight", "field", 0, bench)
    assert not list(bench.results.rglob("*.csv"))


@pytest.mark.parametrize("fold", [2, -1, 99])
def test_a_fold_that_is_not_there_is_refused(bench: DrawnBench, gathered: list[list[str]], fold: int) -> None:
    with pytest.raises(DataError, match=rf"no fold {fold} in the protocol 'field'. Known: 0, 1"):
        jobs.run("lightweight", "field", fold, bench)
    assert gathered == []


def test_an_unknown_model_lists_those_that_can_be_trained(bench: DrawnBench) -> None:
    with pytest.raises(UnknownNameError, match="lightweight, lightweight-generated, yolo11n"):
        jobs.run("resnet", "field", 0, bench)


class TestDetector:
    """The same for detectors; Ultralytics' trainer stands aside."""

    @pytest.fixture
    def trainings(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], str, Path | None]]:
        """Fields, folder and starting point of each training."""
        seen: list[tuple[list[str], str, Path | None]] = []

        def fit(
            _: str, fields: Sequence[TrueField], run: Path, __: object, *, weights: Path | None = None, **___: object
        ) -> Path:
            seen.append(([field.name for field in fields], run.name, weights))
            return run / "last.pt"

        plan = plans.PLANS["yolo11n"]
        torch.manual_seed(0)
        state = models.build(plan.builder, plan.arguments).state_dict()
        monkeypatch.setattr(detectors, "fit", fit)
        monkeypatch.setattr(jobs, "trained_state", lambda _: state)
        return seen

    @pytest.mark.slow
    def test_a_fold_never_sees_its_held_out_fields(
        self, bench: DrawnBench, trainings: list[tuple[list[str], str, Path | None]]
    ) -> None:
        jobs.run("yolo11n", "session", 1, bench)
        assert [(names, folder) for names, folder, _ in trainings] == [
            (["WBC-1", "WBC-2", "BA_1"], "indomain"),
            (["Im001_1", "Im002_0"], "session1"),
        ]
        assert trainings[1][2] == bench.runs / "detect" / "yolo11n" / "indomain" / "last.pt"
        assert {row.image for row in read_boxes(bench, "yolo11n", "session")} == {"Im003_1", "Im004_0"}

    @pytest.mark.slow
    def test_what_ships_has_seen_every_field(
        self, bench: DrawnBench, trainings: list[tuple[list[str], str, Path | None]], tmp_path: Path
    ) -> None:
        card = shipping.ship("yolo11n", bench, tmp_path / "weights")
        assert trainings[1][0] == ["Im001_1", "Im002_0", "Im003_1", "Im004_0"]
        assert trainings[1][1] == "session-all"
        assert card.storage == "fp16"


def test_a_shipped_classifier_has_seen_every_field_and_can_be_loaded(
    bench: DrawnBench, gathered: list[list[str]], tmp_path: Path
) -> None:
    card = shipping.ship("lightweight", bench, tmp_path / "weights")
    assert gathered == [list(FOLDS)]
    assert models.card("lightweight", tmp_path / "weights") == card
    network = models.load("lightweight", "cpu", tmp_path / "weights")
    assert sum(value.numel() for value in network.parameters()) == card.parameters
    assert (card.storage, card.figures) == ("fp16", ())


def test_generated_fields_join_the_training_of_their_plan_but_never_what_ships(
    bench: DrawnBench, gathered: list[list[str]], true_fields: Fields, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = replace(plans.PLANS["lightweight"], generated=2)
    monkeypatch.setattr(plans, "PLANS", {**plans.PLANS, "lightweight-generated": made})
    monkeypatch.setattr(sources, "generated_fields", lambda *_: true_fields(["made-1", "made-2"], "generated"))
    jobs.run("lightweight-generated", "session", 1, bench)
    assert gathered == [["Im001_1", "Im002_0", "WBC-1", "WBC-2", "BA_1", "made-1", "made-2"]]
    with pytest.raises(DataError, match="only networks of real fields ship"):
        shipping.ship("lightweight-generated", bench, tmp_path / "weights")


def test_large_networks_ship_as_eight_bits(bench: DrawnBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipping, "LARGE", 10)
    card = shipping.ship("lightweight", bench, tmp_path / "weights")
    assert card.storage == "int8"
    assert models.load("lightweight", "cpu", tmp_path / "weights") is not None


def test_the_folds_of_a_protocol_are_those_that_are_tested() -> None:
    assert jobs.fold_numbers({"a": 2, "b": 0, "c": -1, "d": 2}) == [0, 2]
