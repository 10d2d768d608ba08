"""On a device nothing comes back to the CPU before its result; a GPU without memory leaves the field to the CPU."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from allcad_core import analysis, devices, models
from allcad_core.analysis import GPU_FULL
from allcad_core.classification import CellClassifier
from allcad_core.classification.cells import to_input
from allcad_core.detection.ultralytics import MOST_BOXES, Yolo
from allcad_core.images import SmearImage, from_array
from allcad_core.segmentation import unet
from allcad_core.synthesis import GeneratedField

ELSEWHERE = ("cpu", "numpy", "tolist", "item")
"""What takes numbers out of a tensor, and on a GPU waits for it."""


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[int, ...]]]:
    """What left the device: how, and of which shape. In what Ultralytics does inside its suppression, nothing is counted."""
    seen: list[tuple[str, tuple[int, ...]]] = []

    def watch(name: str) -> None:
        original = getattr(torch.Tensor, name)

        def watched(self: torch.Tensor, *arguments: object, **options: object) -> object:
            seen.append((name, tuple(self.shape)))
            return original(self, *arguments, **options)

        monkeypatch.setattr(torch.Tensor, name, watched)

    for name in ELSEWHERE:
        watch(name)
    return seen


def test_of_a_classifier_only_the_logits_leave(
    generated: GeneratedField, left: list[tuple[str, tuple[int, ...]]]
) -> None:
    classifier = CellClassifier.load("lightweight", torch.device("cpu"))
    boxes = [(10.0 * number, 20.0, 10.0 * number + 40, 60.0) for number in range(70)]
    left.clear()
    assert classifier.log_odds(generated.pixels, boxes).shape == (70,)
    assert left == [("cpu", (70, 2)), ("numpy", (70, 2))]


@pytest.mark.slow
def test_of_a_detector_only_the_boxes_that_stay_leave(
    generated: GeneratedField, left: list[tuple[str, tuple[int, ...]]]
) -> None:
    detector = Yolo.load("yolo11n", torch.device("cpu"))
    left.clear()
    detector.detect(generated.pixels, 28.0)
    copies = [shape for name, shape in left if name == "cpu"]
    assert all(len(shape) == 2 and shape[0] <= MOST_BOXES and shape[1] == 6 for shape in copies)
    assert len(copies) == 1


@pytest.mark.slow
def test_of_a_segmentation_only_the_chances_leave(
    generated: GeneratedField, left: list[tuple[str, tuple[int, ...]]]
) -> None:
    network = unet.Segmenter.load(unet.NAME, torch.device("cpu"))
    left.clear()
    network.chances(generated.pixels[:96, :128])
    assert [shape for name, shape in left if name == "cpu"] == [(3, 96, 128)]


@pytest.mark.parametrize("name", ["lightweight", pytest.param("best_cell", marks=pytest.mark.slow)])
def test_a_network_runs_on_a_device_that_holds_no_numbers(name: str) -> None:
    """On torch's meta device every look at a number is an error."""
    card = models.card(name)
    side = int(card.input["size"])
    network = models.build(card.builder, card.arguments).eval().to("meta")
    with torch.inference_mode():
        answer = network(to_input(np.zeros((2, side, side, 3), np.uint8), torch.device("meta")))
    assert (answer.device.type, answer.shape) == ("meta", (2, 2))


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine that says it has a GPU, on which every classifier finds no memory."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    of_cpu = analysis.cell_classifier

    def classifier(name: str, device: devices.Device) -> CellClassifier:
        if device.type == "cuda":
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return of_cpu(name, device)

    monkeypatch.setattr(analysis, "cell_classifier", classifier)
    return


@pytest.fixture
def image(generated: GeneratedField) -> SmearImage:
    return from_array(generated.pixels, "generated")


@pytest.mark.slow
@pytest.mark.usefixtures("gpu")
def test_a_gpu_without_memory_leaves_the_field_to_the_cpu_and_says_so(image: SmearImage) -> None:
    answer = analysis.analyse(image, device="cuda")
    assert answer.device == "cpu"
    assert GPU_FULL in answer.warnings
    assert answer.every_cell


@pytest.mark.usefixtures("gpu")
def test_other_errors_of_a_gpu_are_not_hidden(image: SmearImage, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("an illegal instruction was encountered")

    monkeypatch.setattr(analysis, "cell_classifier", broken)
    with pytest.raises(RuntimeError, match="illegal instruction"):
        analysis.analyse(image, device="cuda")


class TestLikely:
    """Whether torch has to be asked for a GPU."""

    def test_a_machine_without_a_driver_is_a_cpu(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(devices, "DRIVERS", ("/no/such/driver",))
        monkeypatch.setattr(devices.sys, "platform", "linux")
        monkeypatch.setattr(torch.cuda, "is_available", lambda: pytest.fail("torch was asked"))
        assert devices.is_cpu()

    def test_a_driver_makes_torch_decide(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(devices, "DRIVERS", ("/",))
        monkeypatch.setattr(devices.sys, "platform", "linux")
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        assert not devices.is_cpu()
        assert devices.is_cpu("cpu")
