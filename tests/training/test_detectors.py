"""Detectors are trained on whole tiles only, resume, and stop when they are done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
import torch

from allcad_core import models
from allcad_core.detection import ultralytics
from allcad_core.training import detectors, sources
from allcad_core.training.detectors import Diet, Settings, fit, fit_detector
from allcad_core.training.plans import plan
from allcad_core.training.truth import TrueField

Fields = Callable[..., list[TrueField]]
SMALL = Settings(epochs=3, tiles=4, size=64, batch=2, seed=7)


def diet(fields: list[TrueField]) -> Diet:
    """One set, one share."""
    return Diet({"ALL-IDB1": fields}, {"ALL-IDB1": 1.0})


class TestTiles:
    """What is cut before the trainer starts."""

    @pytest.fixture
    def asked(self, monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Any]]:
        """The settings that the trainer got."""
        seen: list[Mapping[str, Any]] = []

        def stand_in(_: str, data: Path, run: Path, *, settings: Mapping[str, Any], **__: object) -> Path:
            assert data.exists()
            seen.append(settings)
            return run / "last.pt"

        monkeypatch.setattr(ultralytics, "fit", stand_in)
        return seen

    def test_whole_tiles_are_used_again(
        self, asked: list[Mapping[str, Any]], true_fields: Fields, tmp_path: Path
    ) -> None:
        fit("yolo11n.yaml", diet(true_fields(["a"])), tmp_path, SMALL)
        image = tmp_path / "tiles" / "images" / "00000.png"
        before = image.stat().st_mtime_ns
        fit("yolo11n.yaml", diet(true_fields(["a"])), tmp_path, SMALL)
        assert image.stat().st_mtime_ns == before
        assert len(asked) == 2

    def test_half_cut_tiles_are_cut_again(
        self, asked: list[Mapping[str, Any]], true_fields: Fields, tmp_path: Path
    ) -> None:
        left_over = tmp_path / "tiles" / "images" / "99999.png"
        left_over.parent.mkdir(parents=True)
        left_over.write_bytes(b"")
        fit("yolo11n.yaml", diet(true_fields(["a"])), tmp_path, SMALL)
        assert sorted(path.name for path in left_over.parent.iterdir()) == [f"{number:05d}.png" for number in range(4)]

    def test_settings_reach_the_trainer(
        self, asked: list[Mapping[str, Any]], true_fields: Fields, tmp_path: Path
    ) -> None:
        fit("yolo11n.yaml", diet(true_fields(["a"])), tmp_path, SMALL, device="cpu")
        (settings,) = asked
        assert {key: settings[key] for key in ("epochs", "imgsz", "batch", "seed", "device")} == {
            "epochs": 3, "imgsz": 64, "batch": 2, "seed": 7, "device": "cpu",
        }  # fmt: skip
        assert not settings["val"]  # nothing is chosen by looking at held-out fields
        assert settings["nbs"] == settings["batch"]  # every batch is a step

    def test_only_sets_with_a_share_are_cut(
        self, asked: list[Mapping[str, Any]], true_fields: Fields, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        used: list[str] = []
        plain = detectors.stock

        def spy(fields: Any, **how: bool) -> Any:
            used.extend(field.dataset for field in fields)
            return plain(fields, **how)

        monkeypatch.setattr(detectors, "stock", spy)
        fields = {name: true_fields(["a"], name) for name in ("ALL-IDB1", "Aria", "PBC")}
        fit("yolo11n.yaml", Diet(fields, {"ALL-IDB1": 0.5, "Aria": 0.5}), tmp_path, SMALL)
        assert used == ["ALL-IDB1", "Aria"]

    def test_the_paper_trains_on_whole_fields(
        self, asked: list[Mapping[str, Any]], true_fields: Fields, tmp_path: Path
    ) -> None:
        others = Diet({"ALL-IDB1": true_fields(["a", "b"]), "Aria": true_fields(["c"])}, {"ALL-IDB1": 0.5, "Aria": 0.5})
        fit("yolo11n.yaml", others, tmp_path, replace(detectors.PAPER, size=100))
        (settings,) = asked
        assert {key: settings[key] for key in ("epochs", "batch", "lr0", "optimizer")} == {
            "epochs": 150, "batch": 16, "lr0": 0.01, "optimizer": "SGD",
        }  # fmt: skip
        assert "mosaic" not in settings  # Ultralytics' own augmentation
        assert len(list((tmp_path / "tiles" / "images").iterdir())) == 2
        first = (tmp_path / "tiles" / "labels" / "00000.txt").read_text().splitlines()
        assert [line.split()[0] for line in first] == ["0", "1"]
        x, y, width, height = map(float, first[0].split()[1:])
        (field, *_) = true_fields(["a", "b"])
        x0, y0, x1, y1 = field.cells[0][1]
        assert [x - width / 2, y - height / 2] == pytest.approx([x0 / 200, y0 / 200], abs=0.005)
        assert [width, height] == pytest.approx([(x1 - x0) / 200, (y1 - y0) / 200], abs=0.005)


def test_a_training_on_other_sets_is_as_wide_and_as_long_as_the_one_after_it() -> None:
    short, paper = detectors.pretraining(detectors.SHORT), detectors.pretraining(detectors.PAPER)
    assert (short.tiles, short.mixed, short.epochs) == (detectors.SHORT.tiles, True, 1)
    assert (paper.whole, paper.tiles, paper.size) == (False, detectors.Settings().tiles, detectors.Settings().size)


class TestFolds:
    """What a fold's detector is fed on; Ultralytics' trainer stands aside."""

    @pytest.fixture
    def meals(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, list[str]], Path | None]]:
        """Folder, names of the fields that have a share, and starting point of each training."""
        seen: list[tuple[str, dict[str, list[str]], Path | None]] = []

        def stand_in(
            _: str, eaten: Diet, run: Path, __: Settings, *, weights: Path | None = None, **___: object
        ) -> Path:
            names = {name: [f.name for f in fields] for name, fields in eaten.fields.items() if eaten.shares.get(name)}
            seen.append((run.name, names, weights))
            return run / "last.pt"

        made = plan("yolo11n")
        state = models.build(made.builder, made.arguments).state_dict()
        monkeypatch.setattr(detectors, "fit", stand_in)
        monkeypatch.setattr(ultralytics, "trained_state", lambda _: state)
        return seen

    @pytest.fixture
    def bench(self, true_fields: Fields, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
        """Four fields of ALL-IDB1 in two folds and a few of each other set, one of Aria's in the unseen block."""
        monkeypatch.setattr(sources, "records", lambda *_: ())
        further = [
            *true_fields(["WBC-Malignant-1", "WBC-Malignant-2", "WBC-Benign-3"], "Aria"),
            *true_fields(["t1"], "TXL-PBC"),
            *true_fields(["BA_1"], "PBC"),
        ]
        blocks = {"WBC-Malignant-1": 0, "WBC-Malignant-2": 1, "WBC-Benign-3": 1, "t1": 2, "BA_1": 3}
        return SimpleNamespace(
            plan=plan, main=true_fields(["Im001_1", "Im002_0", "Im003_1", "Im004_0"]), further=further, runs=tmp_path,
            data=tmp_path, device=torch.device("cpu"), tell=lambda *_: None, folds=lambda _: blocks,
            generated=lambda _: true_fields(["g1"], "generated"),
        )  # fmt: skip

    FOLDS: ClassVar = {"Im001_1": 0, "Im002_0": 0, "Im003_1": 1, "Im004_0": 1}

    def test_neither_its_own_fields_nor_the_unseen_block_nor_pbc(self, meals: Any, bench: Any) -> None:
        network = fit_detector("yolo11n", bench, "session", 1, self.FOLDS)
        assert not network.training
        others = {"Aria": ["WBC-Malignant-2"], "TXL-PBC": ["t1"], "generated": ["g1"]}
        start = bench.runs / "detect" / "yolo11n" / "indomain"
        assert meals == [
            ("indomain", others, None),
            ("session1", {"ALL-IDB1": ["Im001_1", "Im002_0"], **others}, start / "last.pt"),
        ]

    def test_what_ships_has_seen_everything_but_look_alikes(self, meals: Any, bench: Any) -> None:
        fit_detector("yolo11n", bench, "session", detectors.FULL, self.FOLDS)
        folder, names, _ = meals[-1]
        assert folder == "session-all"
        assert names["ALL-IDB1"] == list(self.FOLDS)
        assert names["Aria"] == ["WBC-Malignant-1", "WBC-Malignant-2"]
        assert names["PBC"] == ["BA_1"]

    def test_from_scratch_nothing_comes_before(self, meals: Any, bench: Any) -> None:
        scratch = plan("yolov5s-scratch")
        bench.plan = lambda _: replace(plan("yolo11n"), scratch=scratch.scratch)
        fit_detector("yolov5s-scratch", bench, "chen17", 0, {**dict.fromkeys(self.FOLDS, -1), "Im001_1": 0})
        assert [(folder, start) for folder, _, start in meals] == [("chen170", None)]


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # the trainer's own
def test_a_killed_training_goes_on_and_a_finished_one_stands(true_fields: Fields, tmp_path: Path, mixed: bool) -> None:
    settings = replace(SMALL, mixed=mixed)
    threads = torch.get_num_threads()
    done: list[int] = []

    def kill(epoch: int, _: int) -> None:
        done.append(epoch)
        if epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit("yolo11n.yaml", diet(true_fields(["a"])), tmp_path, settings, after_epoch=kill)
    last = fit(
        "yolo11n.yaml", diet(true_fields(["a"])), tmp_path, settings, after_epoch=lambda epoch, _: done.append(epoch)
    )
    assert done == [1, 2, 2, 3]  # the second was killed before it was stored
    content = last.read_bytes()
    assert (
        fit("yolo11n.yaml", diet(true_fields(["a"])), tmp_path, settings, after_epoch=lambda *_: done.append(0)) == last
    )
    assert last.read_bytes() == content
    assert 0 not in done
    network = ultralytics.build("yolo11n.yaml")
    network.load_state_dict(ultralytics.trained_state(last))
    start = fit(
        "yolo11n.yaml",
        diet(true_fields(["b"])),
        tmp_path / "next",
        detectors.Settings(epochs=1, tiles=2, size=64, batch=2),
        weights=last,
    )
    assert start.exists()
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.get_num_threads() == threads
