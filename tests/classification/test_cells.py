"""Crops of cells, and the classifier's way from boxes to probabilities."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from allcad_core.classification import CellClassifier, cut_cells
from allcad_core.classification.cells import BATCH, to_input
from allcad_core.ground import BALANCED, balance
from allcad_core.models import Card
from allcad_core.training.plans import draft_card

Draw = Callable[..., NDArray[np.uint8]]


def dark(crop: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return crop.mean(axis=2) < 160


@pytest.mark.parametrize("radius", [10, 24, 60, 150])
def test_a_cell_is_always_equally_large_and_in_the_middle(draw: Draw, radius: float) -> None:
    pixels = balance(draw((900, 800), purple=[(420, 400, radius)]))
    half = radius + 0.5  # the pixel of the middle counts
    box = (420.5 - half, 400.5 - half, 420.5 + half, 400.5 + half)
    (crop,) = cut_cells(pixels, [box], 64)
    rows, columns = np.nonzero(dark(crop))
    assert np.sqrt(4 * rows.size / np.pi) == pytest.approx(64 / 1.25, abs=2)
    assert (columns.mean(), rows.mean()) == pytest.approx((31.5, 31.5), abs=1)


def test_an_oblong_box_keeps_its_shape(draw: Draw) -> None:
    pixels = np.full((200, 300, 3), BALANCED, np.uint8)
    pixels[90:110, 100:200] = 60
    (crop,) = cut_cells(pixels, [(100, 90, 200, 110)], 100, context=1.0)
    rows, columns = np.nonzero(dark(crop))
    assert np.ptp(columns) + 1 == pytest.approx(100, abs=2)
    assert np.ptp(rows) + 1 == pytest.approx(20, abs=2)


@pytest.mark.parametrize(
    "box", [(-20, -20, 20, 20), (280, 180, 320, 220), (-500, -500, -400, -400), (-50, -50, 350, 250)]
)
def test_beyond_the_picture_lies_ground(box: tuple[float, float, float, float]) -> None:
    pixels = np.full((200, 300, 3), 90, np.uint8)
    (crop,) = cut_cells(pixels, [box], 32)
    levels = set(np.unique(crop))
    x0, y0, x1, y1 = box
    side = 1.25 * (x1 - x0)
    inside = max(0, min(300, (x0 + x1 + side) / 2) - max(0, (x0 + x1 - side) / 2))
    inside *= max(0, min(200, (y0 + y1 + side) / 2) - max(0, (y0 + y1 - side) / 2))
    assert levels <= set(range(90, BALANCED + 1))
    assert (crop < 165).mean() == pytest.approx(inside / side**2, abs=0.08)


def test_a_box_of_no_size_gives_a_crop() -> None:
    assert cut_cells(np.full((64, 64, 3), 90, np.uint8), [(5, 5, 5, 5)], 16).shape == (1, 16, 16, 3)


def test_no_boxes_give_no_crops() -> None:
    assert cut_cells(np.zeros((64, 64, 3), np.uint8), [], 16).shape == (0, 16, 16, 3)


def test_network_input_is_nought_on_the_ground_and_minus_one_in_ink() -> None:
    crops = np.stack([np.full((4, 4, 3), level, np.uint8) for level in (0, BALANCED)])
    batch = to_input(crops, torch.device("cpu"))
    assert batch.shape == (2, 3, 4, 4)
    assert batch[0].unique().tolist() == [-1]
    assert batch[1].unique().tolist() == [0]


class Ink(torch.nn.Module):
    """Logits from the darkness of a crop; counts how often it runs, and how many at once."""

    def __init__(self, blast: int) -> None:
        super().__init__()
        self.blast, self.runs, self.at_once, self.most = blast, [], 0, 0

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self.runs.append(len(batch))
        logits = torch.zeros(len(batch), 2)
        logits[:, self.blast] = -10 * batch.mean(dim=(1, 2, 3)) - 1
        self.at_once -= 1
        return logits


def card(**changes: object) -> Card:
    return replace(draft_card("lightweight"), **{"input": {"size": 16, "context": 1.25}, **changes})  # type: ignore[arg-type]


def classifier(network: torch.nn.Module, **changes: object) -> CellClassifier:
    return CellClassifier(card(**changes), network, torch.device("cpu"))


@pytest.fixture
def field() -> NDArray[np.uint8]:
    pixels = np.full((100, 200, 3), BALANCED, np.uint8)
    pixels[30:70, 30:70] = 40
    return pixels


BOXES = [(30.0, 30.0, 70.0, 70.0), (130.0, 30.0, 170.0, 70.0)]


@pytest.mark.parametrize("classes", [("healthy", "blast"), ("blast", "healthy")])
def test_the_class_names_say_which_output_is_the_blast(field: NDArray[np.uint8], classes: tuple[str, str]) -> None:
    cells = classifier(Ink(classes.index("blast")), classes=classes)
    inky, empty = cells.probabilities(field, BOXES)
    assert inky > 0.9
    assert empty < 0.5


def test_the_temperature_divides_the_log_odds(field: NDArray[np.uint8]) -> None:
    plain, warm = (classifier(Ink(1), temperature=value) for value in (1.0, 4.0))
    odds = plain.log_odds(field, BOXES)
    assert np.array_equal(odds, warm.log_odds(field, BOXES))
    assert warm.probabilities(field, BOXES) == pytest.approx(1 / (1 + np.exp(-odds / 4)))


def test_a_box_that_another_backend_drew_a_thousandth_off_gives_the_same_crop() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (100, 200, 3), np.uint8)
    box = (30.1, 31.2, 69.9, 70.4)
    other = tuple(side + 0.001 for side in box)
    assert not np.array_equal(cut_cells(noise, [box], 96), cut_cells(noise, [other], 96))  # type: ignore[list-item]
    one, same = classifier(Ink(1), input={"size": 96, "context": 1.25}).crops(noise, [box, other])  # type: ignore[list-item]
    assert np.array_equal(one, same)


def test_a_field_without_cells_runs_no_network(field: NDArray[np.uint8]) -> None:
    network = Ink(1)
    assert classifier(network).probabilities(field, []).shape == (0,)
    assert network.runs == []


def test_many_cells_go_in_batches_and_come_back_in_order(field: NDArray[np.uint8]) -> None:
    network = Ink(1)
    odds = classifier(network).log_odds(field, BOXES * BATCH)
    assert network.runs == [BATCH, BATCH]
    assert np.array_equal(odds, np.tile(odds[:2], BATCH))


def test_visitors_wait_for_each_other(field: NDArray[np.uint8]) -> None:
    network = Ink(1)
    cells = classifier(network)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: cells.log_odds(field, BOXES), range(20)))
    assert network.most == 1
    assert all(np.array_equal(answers[0], answer) for answer in answers)
