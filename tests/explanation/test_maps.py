"""Maps of what spoke for an answer: they add up, follow the network, and leave it alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr
from torch import nn

from allcad_core import models
from allcad_core.analysis import cell_classifier
from allcad_core.classification import CellClassifier, FieldClassifier, cut_cells
from allcad_core.classification.cells import to_input
from allcad_core.explanation import contributions, explain, heat, overlay, share_inside
from allcad_core.explanation.maps import STEPS
from allcad_core.ground import BALANCED, balance
from allcad_core.synthesis import generate
from allcad_core.training.plans import draft_card

BOXES = [(30.0, 30.0, 70.0, 70.0), (130.0, 30.0, 170.0, 70.0)]
CPU = torch.device("cpu")


class Corner(nn.Module):
    """Says blast by the ink in the upper left quarter of a crop, and healthy by that in the lower right one."""

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        row, column = batch.shape[-2] // 2, batch.shape[-1] // 2
        blast, healthy = -batch[..., :row, :column], -batch[..., row:, column:]
        return torch.stack([healthy.mean(dim=(1, 2, 3)), blast.mean(dim=(1, 2, 3))], dim=1)


def cells(network: nn.Module, size: int = 16, **changes: object) -> CellClassifier:
    card = replace(draft_card("lightweight"), **{"input": {"size": size, "context": 1.25}, **changes})  # type: ignore[arg-type]
    return CellClassifier(card, network.eval().requires_grad_(requires_grad=False), CPU)


@pytest.fixture
def field() -> NDArray[np.uint8]:
    """Two cells: one darker at its upper left, one at its lower right."""
    pixels = np.full((100, 200, 3), BALANCED, np.uint8)
    pixels[30:70, 30:70] = pixels[30:70, 130:170] = 200
    pixels[30:48, 30:48] = pixels[52:70, 152:170] = 40
    return pixels


@pytest.mark.parametrize("classes", [("healthy", "blast"), ("blast", "healthy")])
def test_a_map_shows_what_spoke_for_the_answer_that_was_given(
    field: NDArray[np.uint8], classes: tuple[str, str]
) -> None:
    network: nn.Module = Corner() if classes[1] == "blast" else nn.Sequential(Corner(), Flip())
    upper, lower = explain(cells(network, classes=classes), field, BOXES)
    assert upper.shape == (16, 16)
    assert upper.dtype == np.float32
    for places, quarter in ((upper, np.s_[:8, :8]), (lower, np.s_[8:, 8:])):
        assert places.min() == 0
        assert places.max() == 1
        assert places[quarter].sum() > 0.95 * places.sum()


class Flip(nn.Module):
    """The outputs the other way round."""

    def forward(self, logits: torch.Tensor) -> torch.Tensor:
        return logits.flip(1)


def test_no_cells_give_no_maps(field: NDArray[np.uint8]) -> None:
    assert len(explain(cells(Corner()), field, [])) == 0


def test_empty_ground_gives_an_empty_map() -> None:
    empty = np.full((100, 100, 3), BALANCED, np.uint8)
    (places,) = explain(cells(Corner()), empty, BOXES[:1])
    assert not places.any()
    assert share_inside(places, np.ones(places.shape, bool)) is None


NETWORKS = [
    ("lightweight", {"size": 96}, 96),
    ("whole_image", {"height": 96, "width": 96}, 96),
    ("resnet50", {}, 96),
    ("regnet", {}, 96),
    ("efficientnet", {}, 96),
]


def network_of(name: str, arguments: dict[str, object], seed: int) -> nn.Module:
    torch.manual_seed(seed)
    network = models.build(f"allcad_core.classification.{name}:build", arguments)
    return network.eval().requires_grad_(requires_grad=False)


@pytest.fixture(scope="module")
def batch() -> torch.Tensor:
    """Two generated cells as network input."""
    made = generate(7, (640, 480))
    return to_input(cut_cells(balance(made.pixels), [cell.box for cell in made.cells[:2]], 96), CPU)


@pytest.mark.parametrize(("name", "arguments", "side"), NETWORKS, ids=[name for name, *_ in NETWORKS])
class TestEveryArchitecture:
    """What holds for all of our networks."""

    def test_contributions_add_up_to_the_answer(
        self, name: str, arguments: dict[str, object], side: int, batch: torch.Tensor
    ) -> None:
        # Untrained answers hardly leave nought, so that their path needs more points than a trained network's.
        assert_adds_up(network_of(name, arguments, 0), batch[:1], 1, np.array([-1.0]), steps=64)

    def test_other_weights_give_another_map(
        self, name: str, arguments: dict[str, object], side: int, batch: torch.Tensor
    ) -> None:
        # Adebayo et al. 2018, "Sanity Checks for Saliency Maps": an edge detector would pass on any weights.
        maps = [heat(contributions(network_of(name, arguments, seed), batch, 1, np.ones(2))) for seed in range(4)]
        assert np.mean([abs(correlation(one, other)) for one, other in combinations(maps, 2)]) < 0.35

    def test_the_network_stays_as_it_was(
        self, name: str, arguments: dict[str, object], side: int, batch: torch.Tensor
    ) -> None:
        network = network_of(name, arguments, 0)
        before = {key: value.clone() for key, value in network.state_dict().items()}
        with torch.inference_mode():
            answer = network(batch)
            contributions(network, batch, 1, np.ones(2))  # also from within inference mode
            assert torch.equal(network(batch), answer)
        assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
        assert not any(value.requires_grad or value.grad is not None for value in network.parameters())
        assert not any(
            module.training or module._forward_hooks or module._backward_hooks for module in network.modules()
        )


@pytest.mark.slow
@pytest.mark.parametrize(("name", "within"), [("lightweight", 0.15), ("best_cell", 0.35)])
def test_contributions_of_a_shipped_network_nearly_add_up_at_the_steps_that_are_taken(name: str, within: float) -> None:
    classifier = cell_classifier(name, CPU)
    made = generate(7, (640, 480))
    shown = cut_cells(
        balance(made.pixels),
        [cell.box for cell in made.cells[:2]],
        int(classifier.card.input["size"]),
        classifier.context,
    )
    with classifier.lent() as network:
        assert_adds_up(network, to_input(shown, CPU), classifier.positive, np.array([1.0, -1.0]), within=within)


def assert_adds_up(
    network: nn.Module,
    batch: torch.Tensor,
    positive: int,
    signs: NDArray[np.float64],
    steps: int = STEPS,
    within: float = 0.1,
) -> None:
    """The contributions sum up to what the pictures' log-odds differ by from those of empty ground, within a share."""
    signed = contributions(network, batch, positive, signs, steps)
    with torch.inference_mode():
        logits = network(torch.cat([batch, torch.zeros_like(batch[:1])]))
    odds = (logits[:, positive] - logits[:, 1 - positive]).double().numpy()
    assert signed.shape == (len(batch), *batch.shape[2:])
    expected = (odds[:-1] - odds[-1]) * signs
    assert signed.sum(axis=(1, 2)) == pytest.approx(expected, abs=within * float(np.abs(odds).max()))


def correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Mean rank correlation of pairs of maps."""
    return float(
        np.mean([spearmanr(first.ravel(), second.ravel())[0] for first, second in zip(one, other, strict=True)])
    )


def test_visitors_wait_while_a_cell_is_explained(field: NDArray[np.uint8]) -> None:
    classifier = cells(network_of("lightweight", {"size": 16, "channels": (2, 3), "hidden": 4}, 0))
    odds, places = classifier.log_odds(field, BOXES), explain(classifier, field, BOXES)

    def visit(turn: int) -> bool:
        if turn % 2:
            return np.array_equal(classifier.log_odds(field, BOXES), odds)
        return np.array_equal(explain(classifier, field, BOXES), places)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(visit, range(16)))


def test_a_field_is_explained_in_the_frame_that_the_network_saw(field: NDArray[np.uint8]) -> None:
    card = replace(
        draft_card("lightweight"),
        task="field", input={"height": 24, "width": 48, "mask": "stain"}, classes=("normal", "ALL"),
    )  # fmt: skip
    classifier = FieldClassifier(card, Corner().eval(), CPU)
    keep = np.zeros(field.shape[:2], bool)
    keep[:, :100] = True
    (places,) = explain(classifier, [field], [keep])
    assert places.shape == (24, 48)
    assert places.any()
    assert places[:12, :24].sum() > 0.95 * places.sum()


class TestHeat:
    """From signed contributions to what is shown."""

    def test_neighbours_that_cancel_show_nothing(self) -> None:
        signed = np.where(np.indices((96, 96)).sum(axis=0) % 2, 1.0, -1.0).astype(np.float32)
        signed[40:60, 40:60] = 1
        (places,) = heat(signed[None])
        assert places[50, 50] == pytest.approx(1, abs=0.01)
        assert places[10:30, 10:30].max() < 0.1

    def test_what_speaks_against_is_left_out(self) -> None:
        signed = np.zeros((1, 20, 20), np.float32)
        signed[0, :10], signed[0, 12:] = -1, 0.5
        (places,) = heat(signed)
        assert places[:10].max() == 0
        assert places[14:].min() > 0.9

    def test_the_share_inside_is_that_of_the_mass(self) -> None:
        places = np.zeros((4, 4), np.float32)
        places[0, 0], places[3, 3] = 0.75, 0.25
        inside = np.zeros((4, 4), bool)
        inside[:2] = True
        assert share_inside(places, inside) == pytest.approx(0.75)


class TestOverlay:
    """The picture that a person sees."""

    def test_without_heat_it_is_the_crop_in_grey(self) -> None:
        crop = np.random.default_rng(0).integers(0, 256, (12, 12, 3), np.uint8)
        picture = overlay(crop, np.zeros((12, 12), np.float32))
        assert np.ptp(picture, axis=2).max() == 0

    def test_more_heat_is_brighter_on_a_dark_cell(self) -> None:
        crop = np.full((8, 40, 3), 60, np.uint8)
        picture = overlay(crop, np.tile(np.linspace(0, 1, 40, dtype=np.float32), (8, 1)))
        light = picture[4].astype(float) @ [0.299, 0.587, 0.114]
        assert light[-1] > light[20] > light[8]

    def test_it_is_enlarged_to_the_side_asked_for(self) -> None:
        assert overlay(np.zeros((30, 60, 3), np.uint8), np.zeros((30, 60), np.float32), 240).shape == (120, 240, 3)
