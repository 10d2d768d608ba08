"""Compiled networks: they answer as torch does, are made once, and no broken folder or file keeps anyone from an answer."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from allcad_core import analysis, compiled, devices, models
from allcad_core.compiled import shelf
from allcad_core.detection.base import iou
from allcad_core.errors import CompileError, DeviceError, ModelError
from allcad_core.images import SmearImage, from_array
from allcad_core.recipes import recipes
from allcad_core.synthesis import GeneratedField

SCORES, BOXES = 0.01, 0.99
"""How far a score may lie from torch's, and how much of a box must be torch's."""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder that the tests of this module share."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(shelf.VARIABLE, str(folder))
        compiled.forget()
        yield folder
    compiled.forget()


@pytest.fixture(autouse=True)
def heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tools in this process may have silenced what is logged here."""
    monkeypatch.setattr(compiled._SAY, "disabled", False)


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache folder for one test."""
    monkeypatch.setenv(shelf.VARIABLE, str(tmp_path / "cache"))
    compiled.forget()
    yield tmp_path / "cache"
    compiled.forget()


@pytest.fixture
def image(generated: GeneratedField) -> SmearImage:
    return from_array(generated.pixels, "generated")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Networks are not really made; the list names those that would have been."""
    made: list[str] = []

    class Quick:
        def __call__(self, pictures: np.ndarray) -> np.ndarray:
            return np.zeros((len(pictures), 2), np.float32)

    def make(card: models.Card, path: Path) -> Quick:
        made.append(card.name)
        return Quick()

    monkeypatch.setattr(compiled, "_made", make)
    return made


@pytest.mark.slow
class TestAnswers:
    """Compiled and torch, side by side."""

    @pytest.mark.parametrize("recipe", [one.name for one in recipes()])
    def test_an_analysis_is_the_same_within_the_tolerance(self, cache: Path, image: SmearImage, recipe: str) -> None:
        fast = analysis.analyse(image, recipe, device="cpu", backend="compiled")
        slow = analysis.analyse(image, recipe, device="cpu", backend="torch")
        assert (fast.backend, slow.backend, fast.device) == ("compiled", "torch", "cpu")
        # Of boxes that hardly reach the least score, one side may see one more.
        seen = [[cell for cell in one.every_cell if cell.score >= 0.1] for one in (fast, slow)]
        assert len(seen[0]) == len(seen[1]) > 0
        shared = iou(*([cell.box for cell in cells] for cells in seen))
        partner = shared.argmax(axis=1)
        assert (shared.max(axis=1) >= BOXES).all()
        for cell, other in zip(seen[0], partner, strict=True):
            assert cell.score == pytest.approx(seen[1][other].score, abs=SCORES)
            assert cell.p_blast == pytest.approx(seen[1][other].p_blast, abs=SCORES)
            assert cell.label == seen[1][other].label

    def test_the_learned_segmentation_is_the_same_within_the_tolerance(
        self, cache: Path, generated: GeneratedField
    ) -> None:
        from allcad_core.segmentation import unet

        side = generated.pixels[:200, :230]
        compiled.load(unet.NAME)
        fast = unet.segmenter(devices.COMPILED_CPU).chances(side)
        slow = unet.segmenter(torch.device("cpu")).chances(side)
        assert fast.shape == slow.shape == (3, 200, 230)
        np.testing.assert_allclose(fast, slow, atol=SCORES)

    def test_a_made_network_is_read_without_torch(self, cache: Path) -> None:
        compiled.load("lightweight")
        program = "import sys; from allcad_core import compiled; compiled.load('lightweight'); sys.exit('torch' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

    def test_a_cold_analysis_needs_no_torch(self, cache: Path, generated_file: Path) -> None:
        compiled.load("best_cell")
        program = (
            "import sys; from allcad_core.cli import main; code = main(['analyse', sys.argv[1], '--device', 'cpu']);"
            "sys.exit(code or 10 * ('torch' in sys.modules))"
        )
        ran = subprocess.run(
            [sys.executable, "-c", program, str(generated_file)],
            check=False, capture_output=True, text=True, env={**os.environ, devices.BACKEND_VARIABLE: "auto"},
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr


@pytest.mark.slow
class TestFiles:
    """What happens to the files in the cache folder."""

    def test_a_network_is_made_once(self, own_cache: Path) -> None:
        assert not compiled.is_made("lightweight")
        compiled.load("lightweight")
        (file,) = own_cache.iterdir()
        written = file.stat().st_mtime_ns
        compiled.forget()
        assert compiled.is_made("lightweight")
        compiled.load("lightweight")
        assert [one.stat().st_mtime_ns for one in own_cache.iterdir()] == [written]

    def test_a_damaged_file_is_made_anew(self, own_cache: Path) -> None:
        compiled.load("lightweight")
        (file,) = own_cache.iterdir()
        whole = file.read_bytes()
        crops = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3), np.uint8)
        expected = compiled.load("lightweight")(crops)
        file.write_bytes(whole[: len(whole) // 2])
        compiled.forget()
        np.testing.assert_array_equal(compiled.load("lightweight")(crops), expected)
        assert len(file.read_bytes()) == len(whole)

    def test_a_folder_that_cannot_be_made_is_told_and_the_network_kept_in_memory(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        (tmp_path / "file").write_bytes(b"")
        monkeypatch.setenv(shelf.VARIABLE, str(tmp_path / "file" / "cache"))
        compiled.forget()
        with caplog.at_level(logging.WARNING):
            assert compiled.load("lightweight")(np.zeros((1, 96, 96, 3), np.uint8)).shape == (1, 2)
        assert "kept in memory only" in caplog.text
        assert compiled.is_made("lightweight")
        compiled.forget()


class TestShelf:
    """One file, whole or not at all."""

    def test_what_was_written_comes_back(self, tmp_path: Path) -> None:
        shelf.write(tmp_path / "deep" / "one.network", b"graph", b"weights")
        assert shelf.read(tmp_path / "deep" / "one.network") == (b"graph", b"weights")
        assert [file.name for file in (tmp_path / "deep").iterdir()] == ["one.network"]

    @pytest.mark.parametrize("cut", [0, 5, 30, 60, -1])
    def test_a_file_that_was_cut_is_none(self, tmp_path: Path, cut: int) -> None:
        path = tmp_path / "one.network"
        shelf.write(path, b"graph", b"weights")
        path.write_bytes(path.read_bytes()[:cut])
        assert shelf.read(path) is None

    def test_a_swapped_byte_is_seen(self, tmp_path: Path) -> None:
        path = tmp_path / "one.network"
        shelf.write(path, b"graph", b"weights")
        path.write_bytes(path.read_bytes().replace(b"weights", b"weightz"))
        assert shelf.read(path) is None

    def test_a_full_disk_leaves_nothing_behind(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "replace", full)
        with pytest.raises(OSError, match="No space"):
            shelf.write(tmp_path / "one.network", b"graph", b"weights")
        assert list(tmp_path.iterdir()) == []

    def test_other_weights_have_another_file(self) -> None:
        from dataclasses import replace

        card = models.card("lightweight")
        assert shelf.path_of(card) != shelf.path_of(replace(card, sha256="0" * 64))

    def test_without_the_library_there_is_no_file(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shelf, "LIBRARY", "no such library")
        assert shelf.path_of(models.card("lightweight")) is None
        assert not compiled.is_made("lightweight")
        with pytest.raises(CompileError, match="OpenVINO is not installed"):
            compiled.load("lightweight")

    def test_what_is_of_no_use_any_more_is_swept_away(self, own_cache: Path) -> None:
        old, current = own_cache / "best_cell-0123.network", shelf.path_of(models.card("lightweight"))
        assert current is not None
        shelf.write(old, b"graph", b"weights")
        shelf.write(current, b"graph", b"weights")
        assert compiled.sweep() == [old]
        assert list(own_cache.iterdir()) == [current]


class TestChoice:
    """Who answers."""

    def test_auto_takes_torch_until_the_networks_are_made(self, own_cache: Path, quick: list[str]) -> None:
        assert compiled.choose("cpu", "auto", ["lightweight"]) == torch.device("cpu")
        assert quick == []
        compiled.load("lightweight")
        assert compiled.choose("cpu", "auto", ["lightweight"]) == devices.COMPILED_CPU
        assert compiled.choose("cpu", "auto", ["lightweight", "unet"]) == torch.device("cpu")

    def test_compiled_makes_what_is_missing(self, own_cache: Path, quick: list[str]) -> None:
        assert compiled.choose("cpu", "compiled", ["lightweight"]) == devices.COMPILED_CPU
        assert quick == ["lightweight"]

    def test_a_first_use_makes_what_can_be_kept(self, own_cache: Path, quick: list[str]) -> None:
        assert compiled.choose_and_make("cpu", "auto", ["lightweight"]) == devices.COMPILED_CPU
        assert compiled.choose_and_make("cpu", "torch", ["lightweight"]) == torch.device("cpu")
        assert quick == ["lightweight"]

    def test_a_first_use_makes_nothing_that_cannot_be_kept(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: list[str]
    ) -> None:
        (tmp_path / "file").write_bytes(b"")
        monkeypatch.setenv(shelf.VARIABLE, str(tmp_path / "file" / "cache"))
        compiled.forget()
        assert compiled.choose_and_make("cpu", "auto", ["lightweight"]) == torch.device("cpu")
        assert quick == []

    def test_what_a_page_will_need_is_made_in_the_background(
        self, own_cache: Path, quick: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert compiled.make_ahead(["lightweight"]) is None, "torch was chosen"
        monkeypatch.setenv(devices.BACKEND_VARIABLE, "auto")
        monkeypatch.setenv(devices.VARIABLE, "cpu")
        thread = compiled.make_ahead(["lightweight"])
        assert thread is not None
        thread.join(60)
        assert quick == ["lightweight"]
        assert compiled.make_ahead(["lightweight"]) is None

    def test_the_variable_chooses_where_no_argument_does(
        self, own_cache: Path, quick: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(devices.BACKEND_VARIABLE, "compiled")
        assert compiled.choose("cpu", None, ["lightweight"]) == devices.COMPILED_CPU
        monkeypatch.setenv(devices.BACKEND_VARIABLE, "abacus")
        with pytest.raises(DeviceError, match="'abacus' is not a backend"):
            compiled.choose("cpu", None, ["lightweight"])

    def test_what_cannot_be_compiled_is_told_and_torch_answers(
        self, own_cache: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(card: models.Card, path: Path) -> None:
            raise CompileError("It does not fit.")

        monkeypatch.setattr(compiled, "_made", fail)
        with caplog.at_level(logging.WARNING):
            assert compiled.choose("cpu", "compiled", ["lightweight"]) == torch.device("cpu")
        assert "torch answers instead: It does not fit." in caplog.text

    def test_a_missing_weight_file_is_an_error(
        self, own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / models.CARDS).write_bytes((models.WEIGHTS / models.CARDS).read_bytes())
        monkeypatch.setattr(models, "WEIGHTS", tmp_path)
        with pytest.raises(ModelError, match=r"lightweight\.safetensors cannot be read"):
            compiled.choose("cpu", "compiled", ["lightweight"])

    def test_a_gpu_keeps_torch(self, monkeypatch: pytest.MonkeyPatch, quick: list[str], own_cache: Path) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
        assert compiled.choose("cuda", None, ["lightweight"]) == torch.device("cuda")
        with pytest.raises(DeviceError, match="runs on the CPU"):
            compiled.choose("cuda", "compiled", ["lightweight"])


def test_a_compiled_classifier_still_lends_torchs_network() -> None:
    """Explanations need gradients."""
    from allcad_core.classification import CellClassifier

    one = CellClassifier(models.card("lightweight"), None, devices.COMPILED_CPU, runner=lambda pictures: pictures)
    with one.lent() as network:
        assert isinstance(network, torch.nn.Module)


def test_openvino_tells_its_makers_nothing(tmp_path: Path) -> None:
    """Its import alone would write an identifier into the user's folder and send an event with it."""
    asked = (
        "import sys, allcad_core.compiled.runtime as runtime; runtime.core();"
        "import openvino.tools.ovc.telemetry_utils as told; print(sys.modules['openvino_telemetry'], told.tm.__name__)"
    )
    home = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, env=os.environ | home
    )
    assert ended.stdout.split() == ["None", "openvino.tools.ovc.telemetry_stub"]
    assert list(tmp_path.iterdir()) == []
