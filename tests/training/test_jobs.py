"""The queue: what stands is skipped, what is held out is never seen, what ships has seen everything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from allcad_core import models, predictions
from allcad_core.datasets import allidb2
from allcad_core.detection.base import Detections
from allcad_core.errors import DataError, UnknownNameError
from allcad_core.predictions import BoxPrediction, CellPrediction, FieldPrediction
from allcad_core.training import (
    cellsets,
    checkpoints,
    classifiers,
    detectors,
    jobs,
    plans,
    shipping,
    sources,
    starts,
    unseen,
)
from allcad_core.training.bench import LEFT_OUT, UNSEEN, Bench, Picture
from allcad_core.training.cellsets import CellSet
from allcad_core.training.fitting import Settings
from allcad_core.training.plan_types import FULL, Course
from allcad_core.training.truth import TrueField

Fields = Callable[..., list[TrueField]]
FOLDS = {"Im001_1": 0, "Im002_0": 0, "Im003_1": 1, "Im004_0": 1, "WBC-1": 0, "WBC-2": 1, "BA_1": -1}


class DrawnBench(Bench):
    """Drawn fields in place of a data folder."""

    def folds(self, protocol: str) -> dict[str, int]:
        return {name: fold for name, fold in FOLDS.items() if protocol == "field" or name.startswith("Im")}

    def cell_folds(self, protocol: str) -> dict[Picture, int]:
        sets = {"I": "ALL-IDB1", "W": "Aria", "B": "PBC"}
        if protocol == "source":
            return {(sets[name[0]], name): LEFT_OUT[sets[name[0]]] for name in FOLDS}
        found = {(sets[name[0]], name): fold for name, fold in self.folds(protocol).items()}
        if protocol.startswith("random"):
            return {("ALL-IDB2", "Im001_1"): 0, ("ALL-IDB2", "Im002_0"): 1}
        return found


COURSE = Course(Settings(epochs=2), {"ALL-IDB1": 0.5, "ALL-IDB2": 0.2, "Aria": 0.3, "generated": 0.1})


@pytest.fixture
def bench(true_fields: Fields, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DrawnBench:
    small = replace(
        plans.PLANS["lightweight"], arguments={"size": 16, "channels": [4, 4], "hidden": 8},
        input={"size": 16, "context": 1.25}, course=COURSE, pretraining=None, proposals=True,
    )  # fmt: skip
    field = replace(
        plans.PLANS["lightweight_field"], arguments={"size": 48, "width": 64, "channels": [4, 4], "hidden": 8},
        input={"height": 48, "width": 64, "mask": "stain"}, course=Course(Settings(epochs=2), {"ALL-IDB1": 1.0}),
        pretraining=None,
    )  # fmt: skip
    monkeypatch.setattr(plans, "PLANS", {**plans.PLANS, "lightweight": small, "lightweight_field": field})
    bench = DrawnBench(tmp_path, tmp_path / "runs", tmp_path / "results", torch.device("cpu"), lambda *_: None)
    main = [replace(made, read=lambda made=made: made.balanced) for made in true_fields(NAMES)]  # type: ignore[misc]
    main[1] = replace(main[1], cells=(), regions=())
    bench.__dict__["main"] = main
    bench.__dict__["crops"] = true_fields(["Im001_1", "Im002_0"], "ALL-IDB2", ("blast",))
    bench.__dict__["further"] = true_fields(["WBC-1", "WBC-2"], "Aria") + true_fields(["BA_1"], "PBC", ("healthy",))
    return bench


NAMES = ["Im001_1", "Im002_0", "Im003_1", "Im004_0"]


@pytest.fixture
def gathered(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Data set and name of the pictures of each training."""
    seen: list[list[str]] = []
    plain = cellsets.gather

    def spy(fields: Sequence[TrueField], *rest: float) -> CellSet:
        seen.append([f"{field.dataset} {field.name}" for field in fields])
        return plain(fields, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(cellsets, "gather", spy)
    return seen


def read_cells(bench: Bench, protocol: str = "field") -> list[CellPrediction]:
    return predictions.read(CellPrediction, "cell", protocol, "lightweight", bench.results)


def read_boxes(bench: Bench, model: str, protocol: str = "field") -> list[BoxPrediction]:
    return predictions.read(BoxPrediction, "detect", protocol, model, bench.results)


@pytest.mark.parametrize("fold", [0, 1])
def test_a_fold_never_sees_its_held_out_fields(bench: DrawnBench, gathered: list[list[str]], fold: int) -> None:
    jobs.run("lightweight", "field", fold, bench)
    ((*seen,),) = gathered
    held_out = [name for name in FOLDS if FOLDS[name] == fold]
    assert not [entry for entry in seen if entry.split()[1] in held_out and "ALL-IDB2" not in entry]
    assert len([entry for entry in seen if "ALL-IDB1" in entry]) == 2


def test_further_sets_have_no_session_and_are_trained_on(bench: DrawnBench, gathered: list[list[str]]) -> None:
    jobs.run("lightweight", "session", 1, bench)
    assert [entry for entry in gathered[0] if "ALL-IDB2" not in entry] == [
        "ALL-IDB1 Im001_1", "ALL-IDB1 Im002_0", "Aria WBC-1", "Aria WBC-2",
    ]  # fmt: skip


def test_where_crops_are_drawn_at_random_their_fields_take_no_part(
    bench: DrawnBench, gathered: list[list[str]]
) -> None:
    jobs.run("lightweight", "random4", 0, bench)
    assert gathered == [["ALL-IDB2 Im002_0", "Aria WBC-1", "Aria WBC-2"]]
    assert [(row.dataset, row.image) for row in read_cells(bench, "random4")] == [("ALL-IDB2", "Im001_1")]


def test_a_fold_leaves_what_it_says_of_the_held_out_pictures(bench: DrawnBench) -> None:
    path = jobs.run("lightweight", "field", 0, bench)
    assert path == bench.results / "cell" / "field" / "lightweight" / "fold0.csv"
    cells = read_cells(bench)
    assert [(row.dataset, row.image, row.truth, row.fold) for row in cells] == [
        ("ALL-IDB1", "Im001_1", 1, 0), ("ALL-IDB1", "Im001_1", 0, 0), ("Aria", "WBC-1", 1, 0), ("Aria", "WBC-1", 0, 0),
    ]  # fmt: skip
    boxes = read_boxes(bench, "regions-lightweight")
    assert {row.image for row in boxes} == {"Im001_1", "Im002_0"}
    (empty,) = (row for row in boxes if row.image == "Im002_0")  # looked at, nothing found
    assert empty.x1 == empty.x0
    assert not list(bench.results.rglob("*.part"))


def test_what_pre_training_has_seen_is_never_judged(bench: DrawnBench, monkeypatch: pytest.MonkeyPatch) -> None:
    with_start = replace(
        plans.PLANS["lightweight"],
        course=Course(Settings(epochs=1), {"ALL-IDB1": 1.0}),
        pretraining=Course(Settings(epochs=1), {"Aria": 1.0}),
    )
    monkeypatch.setattr(plans, "PLANS", {**plans.PLANS, "lightweight": with_start})
    jobs.run("lightweight", "field", 0, bench)
    assert {row.dataset for row in read_cells(bench)} == {"ALL-IDB1"}
    assert (bench.runs / "cell" / "lightweight" / "indomain.safetensors").is_file()


def test_pre_training_is_done_once_for_all_folds(
    bench: DrawnBench, gathered: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_start = replace(plans.PLANS["lightweight"], pretraining=Course(Settings(epochs=1), {"Aria": 1.0}))
    monkeypatch.setattr(plans, "PLANS", {**plans.PLANS, "lightweight": with_start})
    for fold in (0, 1):
        jobs.run("lightweight", "session", fold, bench)
    assert gathered.count(["Aria WBC-1", "Aria WBC-2"]) == 1


def test_a_field_classifier_judges_fields_as_they_are_and_blank(bench: DrawnBench) -> None:
    jobs.run("lightweight_field", "session", 0, bench)
    rows = predictions.read(FieldPrediction, "field", "session", "lightweight_field", bench.results)
    assert [(row.dataset, row.image, row.truth) for row in rows] == [
        ("ALL-IDB1", "Im001_1", 1),
        ("ALL-IDB1", "Im002_0", 0),
    ]
    assert rows[0].log_odds != rows[0].blank_log_odds


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

    monkeypatch.setattr(classifiers, "fit", killed)
    with pytest.raises(KeyboardInterrupt):
        jobs.run("lightweight", "field", 0, bench)
    assert not list(bench.results.rglob("*.csv"))


@pytest.mark.parametrize("fold", [2, -1, 99])
def test_a_fold_that_is_not_there_is_refused(bench: DrawnBench, gathered: list[list[str]], fold: int) -> None:
    with pytest.raises(DataError, match=rf"no fold {fold} in the protocol 'field'. Known: 0, 1"):
        jobs.run("lightweight", "field", fold, bench)
    assert gathered == []


def test_an_unknown_model_lists_those_that_can_be_trained(bench: DrawnBench) -> None:
    with pytest.raises(UnknownNameError, match=r"best_cell, .*lightweight, .*yolo11n"):
        jobs.run("resnet", "field", 0, bench)


def test_a_shipped_classifier_has_seen_every_field_and_can_be_loaded(
    bench: DrawnBench, gathered: list[list[str]], tmp_path: Path
) -> None:
    card = shipping.ship("lightweight", bench, tmp_path / "weights")
    assert {entry.split()[1] for entry in gathered[0]} == set(FOLDS) - {"BA_1"}  # its set has no weight here
    assert models.card("lightweight", tmp_path / "weights") == card
    network = models.load("lightweight", "cpu", tmp_path / "weights")
    assert sum(value.numel() for value in network.parameters()) == card.parameters
    assert (card.storage, card.figures) == ("fp16", ())


def test_generated_fields_join_the_training_of_their_plan(
    bench: DrawnBench, gathered: list[list[str]], true_fields: Fields, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = replace(plans.PLANS["lightweight"], generated=2, ships=False)
    monkeypatch.setattr(plans, "PLANS", {**plans.PLANS, "with-generated": made})
    monkeypatch.setattr(sources, "generated_fields", lambda *_: true_fields(["made-1", "made-2"], "generated"))
    jobs.run("with-generated", "session", 1, bench)
    assert gathered[0][-2:] == ["generated made-1", "generated made-2"]
    with pytest.raises(DataError, match="is an experiment and does not ship"):
        shipping.ship("with-generated", bench, tmp_path / "weights")


@pytest.mark.parametrize("fold", [FULL, 0])
def test_a_detector_ships_as_it_was_fitted_for_the_papers_images_where_its_plan_says_so(
    bench: DrawnBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fold: int
) -> None:
    asked: list[tuple[object, ...]] = []
    monkeypatch.setattr(bench, "folds", lambda protocol: {"protocol": protocol})
    monkeypatch.setattr(
        detectors, "fit_detector", lambda name, _, *rest: asked.append((name, *rest)) or torch.nn.Linear(2, 2)
    )
    monkeypatch.setattr(plans, "PLANS", {**plans.PLANS, "yolov6n": replace(plans.PLANS["yolov6n"], fold=fold)})
    card = shipping.ship("yolov6n", bench, tmp_path / "weights")
    assert asked == [("yolov6n", "chen17", fold, {"protocol": "chen17"})]
    assert ("outside the 17 test images" in card.trained_on) == (fold == 0)


def test_large_networks_ship_as_eight_bits(bench: DrawnBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipping, "LARGE", 10)
    card = shipping.ship("lightweight", bench, tmp_path / "weights")
    assert card.storage == "int8"
    assert models.load("lightweight", "cpu", tmp_path / "weights") is not None


@pytest.mark.parametrize("heaviest", [10, 10_000_000])
def test_what_pretraining_gave_ships_beside_light_networks_alone(
    bench: DrawnBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heaviest: int
) -> None:
    monkeypatch.setattr(shipping, "HEAVIEST_START", heaviest)
    made = replace(plans.PLANS["lightweight"], pretraining=COURSE)
    monkeypatch.setattr(plans, "PLANS", {**plans.PLANS, "lightweight": made})
    monkeypatch.setattr(jobs, "fit_cells", lambda *_: classifiers.started(made, 0))
    classifiers.store(classifiers.started(made, 1), bench.runs / "cell" / "lightweight" / classifiers.START)
    card = shipping.ship("lightweight", bench, tmp_path / "weights")
    assert (starts.packaged("lightweight", tmp_path / "weights") is not None) == (card.parameters <= heaviest)


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["random4", "field", "session", "source"])
def test_no_picture_stands_on_both_sides_and_crops_follow_their_fields(
    data_root: Path, tmp_path: Path, protocol: str
) -> None:
    bench = Bench(data_root, tmp_path, tmp_path, torch.device("cpu"), lambda *_: None)
    folds = bench.cell_folds(protocol)
    of_crops = {name: fold for (dataset, name), fold in folds.items() if dataset == "ALL-IDB2"}
    assert len(of_crops) >= 216
    if protocol == "random4":
        assert {dataset for dataset, _ in folds} == {"ALL-IDB2"}
        return
    for crop in allidb2.crops(data_root):
        assert {folds["ALL-IDB1", field] for field in crop.fields} == {of_crops[crop.name]}
    assert bench.numbers("best_cell", protocol) == sorted(set(folds.values()) - {-1})


def test_a_fold_of_the_sessions_also_looks_at_what_it_never_met(bench: DrawnBench, monkeypatch: pytest.MonkeyPatch):
    class Everywhere:
        """Finds one blast in every picture."""

        def __init__(self, *_: object) -> None: ...

        def detect(self, *_: object) -> Detections:
            return Detections(np.array([[1.0, 2.0, 30.0, 40.0]]), np.array([0.7]), ("blast",))

    monkeypatch.setattr(unseen, "Yolo", Everywhere)
    monkeypatch.setattr(detectors, "fit_detector", lambda *_: torch.nn.Identity())
    monkeypatch.setattr(detectors, "UNSEEN_BLOCK", 1)
    path = jobs.run("yolo11n", UNSEEN, 0, bench)
    assert path is not None
    assert {row.image for row in predictions.read_file(BoxPrediction, path)} == {"Aria/WBC-2", "PBC/BA_1"}
    assert jobs.run("yolo11n", UNSEEN, 0, bench) is None


def test_boxes_of_a_detector_that_never_met_a_set_are_labelled_by_the_fold_that_left_it_out(bench: DrawnBench) -> None:
    def told(fold: int, image: str, x1: float) -> BoxPrediction:
        return BoxPrediction(image, 1.0, 2.0, x1, 40.0, "healthy" if x1 > 1 else "", 0.7, 0.0, fold)

    for fold, x1 in ((0, 30.0), (1, 1.0)):  # the second network finds nothing in any picture
        rows = [told(fold, image, x1) for image in ("Aria/WBC-2", "PBC/BA_1", "TXL-PBC/1")]
        predictions.write(rows, BoxPrediction, predictions.path_of("detect", UNSEEN, "yolo11n", fold, bench.results))
    jobs.run("lightweight", "source", 1, bench)
    found = read_boxes(bench, "yolo11n-lightweight", UNSEEN)
    assert [(row.image, row.x1, row.fold) for row in found] == [("Aria/WBC-2", 30.0, 0), ("Aria/WBC-2", 1.0, 1)]
    assert found[0].log_odds != 0


SHORT = Settings(epochs=2)


def probed(bench: DrawnBench, monkeypatch: pytest.MonkeyPatch, blend: float) -> torch.nn.Module:
    made = replace(plans.PLANS["lightweight"], probe=replace(SHORT, last=True, lr=1e-2), blend=blend)
    monkeypatch.setattr(plans, "PLANS", {**plans.PLANS, "lightweight": made})
    return jobs.fit_cells("lightweight", bench, "session", 1)


def flat(network: torch.nn.Module) -> torch.Tensor:
    return torch.cat([value.flatten() for value in network.state_dict().values()])


def kill_at(part: str, monkeypatch: pytest.MonkeyPatch, train: Callable[[pytest.MonkeyPatch], object]) -> None:
    """Train until the checkpoint of this name is written for the first time."""
    keep = checkpoints.keep

    def killed(path: Path, state: dict[str, object]) -> None:
        keep(path, state)
        if path.name == part:
            raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(checkpoints, "keep", killed)
        with pytest.raises(KeyboardInterrupt):
            train(broken)


def test_weights_are_taken_from_the_way_between_probe_and_course(
    bench: DrawnBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe, half, course = (flat(probed(bench, monkeypatch, blend)) for blend in (0.0, 0.5, 1.0))
    assert not torch.equal(probe, course)
    assert torch.allclose(half, (probe + course) / 2, atol=1e-6)
    assert not list(bench.runs.rglob("*.*")), "what was kept for going on is gone"


@pytest.mark.parametrize("part", ["lightweight-session-1-probe.ckpt", "lightweight-session-1.ckpt"])
def test_a_probe_killed_at_any_round_ends_as_an_unbroken_one(
    bench: DrawnBench, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    unbroken = flat(probed(bench, monkeypatch, 0.5))
    kill_at(part, monkeypatch, lambda broken: probed(bench, broken, 0.5))
    assert [path.name for path in bench.runs.rglob("*.ckpt")] == [part]
    assert torch.equal(flat(probed(bench, monkeypatch, 0.5)), unbroken)


def paired(bench: DrawnBench, monkeypatch: pytest.MonkeyPatch) -> torch.nn.Module:
    made = plans.PLANS["best_cell"]
    assert made.course is not None
    short = Settings(epochs=2, steps=1, batch=4, lr=1e-2)
    small = replace(
        made, course=Course(short, {"ALL-IDB1": 1.0}), beside=replace(short, last=True), start=None, generated=0,
        input={"size": 32, "context": 1.0},
    )  # fmt: skip
    monkeypatch.setattr(plans, "PLANS", {**plans.PLANS, "best_cell": small})
    return jobs.fit_cells("best_cell", bench, "session", 1)


def test_one_of_a_pair_learns_throughout_and_counts_twice_and_one_in_its_last_layer(
    bench: DrawnBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(1)
    before = dict(models.build(plans.PLANS["best_cell"].builder, {}).state_dict())
    monkeypatch.setattr(
        classifiers, "started", lambda plan, _: _with(models.build(plan.builder, plan.arguments), before)
    )
    trained = paired(bench, monkeypatch)
    moved = {key for key, value in trained.state_dict().items() if not torch.equal(value, before[key])}
    assert {key for key in moved if key.startswith("second")} == {
        "second.body.classifier.weight", "second.body.classifier.bias",
    }  # fmt: skip
    assert {"first.body.conv_stem.weight", "first.body.classifier.weight"} <= moved
    pictures = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        apart = [trained.get_submodule(name)(pictures) for name in ("first", "second")]
        assert torch.allclose(trained(pictures), (2 * apart[0] + apart[1]) / 3, atol=1e-6)


def _with(network: torch.nn.Module, state: dict[str, torch.Tensor]) -> torch.nn.Module:
    network.load_state_dict(state)
    return network


@pytest.mark.parametrize("part", ["best_cell-session-1.ckpt", "best_cell-session-1-second.ckpt"])
def test_a_pair_killed_at_any_round_ends_as_an_unbroken_one(
    bench: DrawnBench, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    unbroken = flat(paired(bench, monkeypatch))
    kill_at(part, monkeypatch, lambda broken: paired(bench, broken))
    assert torch.equal(flat(paired(bench, monkeypatch)), unbroken)
    assert not list(bench.runs.rglob("*.*"))
