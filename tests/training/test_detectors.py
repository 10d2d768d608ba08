"""Detectors are trained on whole tiles only, resume, and stop when they are done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from allcad_core.detection import ultralytics
from allcad_core.training import detectors
from allcad_core.training.detectors import Settings, fit
from allcad_core.training.truth import TrueField

Fields = Callable[..., list[TrueField]]
SMALL = Settings(epochs=3, tiles=4, size=64, batch=2, seed=7)


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
        fit("yolo11n.yaml", true_fields(["a"]), tmp_path, SMALL)
        image = tmp_path / "tiles" / "images" / "00000.png"
        before = image.stat().st_mtime_ns
        fit("yolo11n.yaml", true_fields(["a"]), tmp_path, SMALL)
        assert image.stat().st_mtime_ns == before
        assert len(asked) == 2

    def test_half_cut_tiles_are_cut_again(
        self, asked: list[Mapping[str, Any]], true_fields: Fields, tmp_path: Path
    ) -> None:
        left_over = tmp_path / "tiles" / "images" / "99999.png"
        left_over.parent.mkdir(parents=True)
        left_over.write_bytes(b"")
        fit("yolo11n.yaml", true_fields(["a"]), tmp_path, SMALL)
        assert sorted(path.name for path in left_over.parent.iterdir()) == [f"{number:05d}.png" for number in range(4)]

    def test_settings_reach_the_trainer(
        self, asked: list[Mapping[str, Any]], true_fields: Fields, tmp_path: Path
    ) -> None:
        fit("yolo11n.yaml", true_fields(["a"]), tmp_path, SMALL, device="cpu")
        (settings,) = asked
        assert {key: settings[key] for key in ("epochs", "imgsz", "batch", "seed", "device")} == {
            "epochs": 3, "imgsz": 64, "batch": 2, "seed": 7, "device": "cpu",
        }  # fmt: skip
        assert not settings["val"]  # nothing is chosen by looking at held-out fields


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # the trainer's own
def test_a_killed_training_goes_on_and_a_finished_one_stands(true_fields: Fields, tmp_path: Path) -> None:
    threads = torch.get_num_threads()
    done: list[int] = []

    def kill(epoch: int, _: int) -> None:
        done.append(epoch)
        if epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit("yolo11n.yaml", true_fields(["a"]), tmp_path, SMALL, after_epoch=kill)
    last = fit("yolo11n.yaml", true_fields(["a"]), tmp_path, SMALL, after_epoch=lambda epoch, _: done.append(epoch))
    assert done == [1, 2, 2, 3]  # the second was killed before it was stored
    content = last.read_bytes()
    assert fit("yolo11n.yaml", true_fields(["a"]), tmp_path, SMALL, after_epoch=lambda *_: done.append(0)) == last
    assert last.read_bytes() == content
    assert 0 not in done
    network = ultralytics.build("yolo11n.yaml")
    network.load_state_dict(ultralytics.trained_state(last))
    start = fit(
        "yolo11n.yaml",
        true_fields(["b"]),
        tmp_path / "next",
        detectors.Settings(epochs=1, tiles=2, size=64, batch=2),
        weights=last,
    )
    assert start.exists()
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.get_num_threads() == threads
