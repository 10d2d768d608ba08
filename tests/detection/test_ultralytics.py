"""The door to Ultralytics: it leaves its surroundings alone, and a network's answer comes back as boxes of the field."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from allcad_core.detection.ultralytics import LEAST_SCORE, LONGEST, SHORTEST, STRIDE, Yolo, build, target_size
from allcad_core.errors import ModelError
from allcad_core.training.plans import draft_card

SURROUNDINGS = """
import json, os, socket, sys

def refuse(*_, **__):
    raise AssertionError("the network was used")

socket.socket.connect = socket.socket.connect_ex = socket.socket.sendto = refuse
socket.create_connection = socket.getaddrinfo = socket.gethostbyname = refuse

import cv2, numpy, torch
from PIL import Image
torch.set_num_threads(2)
cv2.setNumThreads(2)

def look():
    return {
        "torch": torch.get_num_threads(),
        "opencv": cv2.getNumThreads(),
        "numbers": repr(numpy.array([1 / 3, 1e-9])),
        "pictures": Image.open.__module__,
        "tensors": repr(torch.arange(60.0)),
        "variables": {name: value for name, value in os.environ.items() if not name.startswith("YOLO_")},
    }

before = look()
from allcad_core.detection.ultralytics import build
parameters = sum(value.numel() for value in build("yolo11n.yaml").parameters())
json.dump({"before": before, "after": look(), "parameters": parameters}, sys.stdout)
"""


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, dict[str, object]], Path]:
    """What a fresh process saw before and after the import, and the only folder that it could write to."""
    home = tmp_path_factory.mktemp("home")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("YOLO_")}
    environment = {**kept, "HOME": str(home), "TMPDIR": str(home / "tmp"), "OMP_NUM_THREADS": "2"}
    (home / "tmp").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", SURROUNDINGS], env=environment, capture_output=True, text=True, check=False,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), home


@pytest.mark.slow
def test_importing_it_changes_nothing_for_others(imported: tuple[dict[str, dict[str, object]], Path]) -> None:
    seen, _ = imported
    assert seen["after"] == seen["before"]
    assert seen["after"]["torch"] == 2
    assert seen["after"]["variables"]["OMP_NUM_THREADS"] == "2"  # type: ignore[index]


@pytest.mark.slow
def test_it_writes_in_its_own_folder_alone(imported: tuple[dict[str, dict[str, object]], Path]) -> None:
    _, home = imported
    written = [path.relative_to(home / "tmp") for path in home.rglob("*") if path.is_file()]
    assert written
    assert all(path.parts[0].startswith("allcad-yolo-") for path in written)


@pytest.mark.slow
def test_a_yaml_becomes_the_network_that_it_describes(imported: tuple[dict[str, dict[str, object]], Path]) -> None:
    assert imported[0]["parameters"] == pytest.approx(2.6e6, rel=0.02)  # the size that Ultralytics gives for YOLO11n


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["yolo99z.yaml", "yolo11n", "yolo11n.pt", "", "/etc/passwd", "../yolo11n.yaml", "a/b.yaml"]
)
def test_what_is_no_architecture_is_refused(name: str) -> None:
    with pytest.raises(ModelError, match="architecture"):
        build(name)


class TestTargetSize:
    """The size at which the network sees a field."""

    def test_red_cells_are_brought_to_one_size(self) -> None:
        assert target_size(2592, 1944, 112.0) == (648, 486)
        assert target_size(1712, 1368, 56.0) == (856, 684)

    def test_an_unknown_scale_gives_the_usual_long_side(self) -> None:
        assert target_size(2592, 1944, None) == (640, 480)
        assert target_size(480, 640, None) == (480, 640)

    @pytest.mark.parametrize("diameter", [0.5, 3.0, 28.0, 400.0, 1e6])
    @pytest.mark.parametrize("size", [(64, 64), (2592, 1944), (100, 8000)])
    def test_the_long_side_stays_within_bounds(self, size: tuple[int, int], diameter: float) -> None:
        width, height = target_size(*size, diameter)
        assert SHORTEST <= max(width, height) <= LONGEST
        assert min(width, height) >= 1
        assert width / height == pytest.approx(size[0] / size[1], rel=0.1 if min(width, height) > 9 else 1)


class Answer(torch.nn.Module):
    """Says the same about every picture: x, y, width, height in px of what it sees, then a score a class."""

    def __init__(self, rows: list[tuple[float, ...]]) -> None:
        super().__init__()
        self.rows, self.seen = rows, torch.empty(0)

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        self.seen = batch
        return torch.tensor(self.rows).T[None] if self.rows else torch.zeros(1, 6, 1)


def detector(rows: list[tuple[float, ...]], classes: tuple[str, str] = ("blast", "healthy")) -> tuple[Yolo, Answer]:
    network = Answer(rows)
    return Yolo(replace(draft_card("yolo11n"), classes=classes), network, torch.device("cpu")), network


@pytest.fixture
def field() -> NDArray[np.uint8]:
    return np.full((400, 600, 3), 240, np.uint8)


@pytest.mark.slow
class TestDetect:
    """From the network's answer to boxes of the field. Red cells of 56 px halve the picture."""

    def test_boxes_are_in_pixels_of_the_field(self, field: NDArray[np.uint8]) -> None:
        yolo, network = detector([(100, 50, 40, 20, 0.9, 0.1)])
        found = yolo.detect(field, 56.0)
        assert network.seen.shape == (1, 3, 224, 320)  # 200 x 300, padded to multiples of 32
        assert found.boxes.tolist() == [[160, 80, 240, 120]]
        assert found.scores.tolist() == [pytest.approx(0.9)]
        assert found.labels == ("blast",)

    def test_a_card_may_ask_for_one_size_of_all_fields(self, field: NDArray[np.uint8]) -> None:
        network = Answer([(100, 50, 40, 20, 0.9, 0.1)])
        card = replace(draft_card("yolo11n"), classes=("blast", "healthy"), input={"long_side": 1024})
        found = Yolo(card, network, torch.device("cpu")).detect(field, 56.0)
        assert network.seen.shape[3] == 1024
        assert found.boxes[0] == pytest.approx(np.array([80, 40, 120, 60]) * 600 / 1024, abs=0.2)

    def test_what_the_network_sees_is_padded_by_ground(self, field: NDArray[np.uint8]) -> None:
        yolo, network = detector([])
        yolo.detect(np.zeros_like(field), 56.0)
        assert all(side % STRIDE == 0 for side in network.seen.shape[2:])
        assert network.seen[0, :, :200, :300].max() == 0
        assert network.seen[0, :, 200:].unique().tolist() == [pytest.approx(240 / 255)]

    def test_the_card_says_which_class_is_which(self, field: NDArray[np.uint8]) -> None:
        rows = [(50.0, 50.0, 20.0, 20.0, 0.9, 0.1), (150.0, 50.0, 20.0, 20.0, 0.2, 0.8)]
        assert detector(rows)[0].detect(field, 56.0).labels == ("blast", "healthy")
        assert detector(rows, ("healthy", "blast"))[0].detect(field, 56.0).labels == ("healthy", "blast")

    def test_one_cell_has_one_box_whatever_its_classes(self, field: NDArray[np.uint8]) -> None:
        yolo, _ = detector([(50, 50, 20, 20, 0.6, 0.1), (51, 50, 20, 20, 0.1, 0.7), (150, 50, 20, 20, 0.3, 0.1)])
        found = yolo.detect(field, 56.0)
        assert found.labels == ("healthy", "blast")
        assert found.scores.tolist() == [pytest.approx(0.7), pytest.approx(0.3)]

    def test_noise_is_left_out_and_all_above_it_kept(self, field: NDArray[np.uint8]) -> None:
        rows = [
            (20.0 * place, 50.0, 10.0, 10.0, LEAST_SCORE + step, 0.0) for place, step in enumerate((-0.01, 0.01), 3)
        ]
        assert detector(rows)[0].detect(field, 56.0).scores.tolist() == [pytest.approx(LEAST_SCORE + 0.01)]

    def test_boxes_end_at_the_edge_of_the_field(self, field: NDArray[np.uint8]) -> None:
        yolo, _ = detector([(0, 0, 20, 20, 0.9, 0), (300, 200, 40, 40, 0.8, 0)])
        assert yolo.detect(field, 56.0).boxes.tolist() == [[0, 0, 20, 20], [560, 360, 600, 400]]

    def test_nothing_found_is_an_empty_answer(self, field: NDArray[np.uint8]) -> None:
        found = detector([])[0].detect(field, None)
        assert found.boxes.shape == (0, 4)
        assert found.labels == ()


@pytest.mark.slow
def test_a_write_protected_field_stays_as_it_was(field: NDArray[np.uint8]) -> None:
    field.setflags(write=False)
    yolo, network = detector([(50, 50, 20, 20, 0.9, 0.1)])
    detect: Callable[..., object] = yolo.detect
    detect(field, 56.0)
    assert network.seen.max() <= 1
    assert field.min() == 240
