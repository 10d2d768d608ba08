"""Slides without files, a small painted one, and a detector that needs no network."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from allcad_core.detection import Detections
from allcad_core.slides import Looker, Slide, generated_slide

SIZE = (1300, 1100)


class ArraySlide(Slide):
    """A slide in memory."""

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        super().__init__("drawn", (pixels.shape[1], pixels.shape[0]), "0" * 64, None, "drawn")
        self.pixels = pixels
        self.reads: list[tuple[int, int, int, int]] = []

    def _region(self, window, shrink):
        x0, y0, x1, y1 = window
        self.reads.append(window)
        part = self.pixels[y0:y1, x0:x1]
        wanted = (-(-part.shape[1] // shrink), -(-part.shape[0] // shrink))
        return part if shrink == 1 else cv2.resize(part, wanted, interpolation=cv2.INTER_AREA)


class Blobs:
    """Stands in for a YOLO: every dark component is a cell, scored by how purple it is."""

    def detect(self, balanced: NDArray[np.uint8], red_cell_diameter: float | None) -> Detections:
        dark = (balanced[..., 1] < 110).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(dark)
        found = stats[1:][stats[1:, 4] > 150]
        boxes = np.array([(x, y, x + w, y + h) for x, y, w, h, _ in found], float).reshape(-1, 4)
        return Detections(boxes, np.full(len(boxes), 0.9), ("blast",) * len(boxes))


class Sure:
    """Stands in for a classifier: a cell that is wider than 45 px of the slide is a blast."""

    name, threshold, mask = "sure", 0.5, "none"

    def probabilities(self, _balanced, boxes) -> NDArray[np.float64]:
        return np.array([0.9 if x1 - x0 > 45 else 0.1 for x0, _, x1, _ in boxes])


@pytest.fixture
def blobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks find dark blobs, at full size, without a network."""
    monkeypatch.setattr("allcad_core.detection.ultralytics.yolo", lambda *_: Blobs())
    monkeypatch.setattr("allcad_core.analysis.cell_classifier", lambda *_: Sure())
    monkeypatch.setattr(Looker, "red_cell_px", 40.0)
    monkeypatch.setattr(Looker, "where", "cpu")
    monkeypatch.setattr(Looker, "ground", np.array([225, 215, 210], np.float32))


@pytest.fixture
def drawn(draw) -> ArraySlide:
    """Four by three tiles with cells everywhere, also on the lines between tiles and at their corners."""
    places = [(x, y, 20 + 8 * ((x + y) // 128 % 2)) for y in range(60, 1460, 128) for x in range(60, 1960, 113)]
    places += [(512, 512, 26), (1024, 700, 26), (1300, 1024, 26), (1536, 512, 26)]
    spread = [
        one for index, one in enumerate(places)
        if all((one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2 > 70**2 for other in places[index + 1 :])
    ]  # fmt: skip
    slide = ArraySlide(draw((2000, 1500), purple=spread))
    slide.truth = spread
    return slide


@pytest.fixture(scope="session")
def painted_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a small generated slide lies."""
    folder = tmp_path_factory.mktemp("slides")
    generated_slide(3, SIZE, folder=folder)
    return folder


@pytest.fixture
def painted(painted_folder: Path) -> Slide:
    """A small generated slide."""
    return generated_slide(3, SIZE, folder=painted_folder)
