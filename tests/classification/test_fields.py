"""A whole field's way through a field classifier: masked, fitted, judged, calibrated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from allcad_core.classification import FieldClassifier, letterbox
from allcad_core.classification.fields import BATCH
from allcad_core.errors import AllcadError
from allcad_core.ground import BALANCED
from allcad_core.training.plans import draft_card


class Ink(torch.nn.Module):
    """Logits from the darkness of a field."""

    def __init__(self, sick: int) -> None:
        super().__init__()
        self.sick, self.shapes = sick, []

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        self.shapes.append(tuple(batch.shape))
        logits = torch.zeros(len(batch), 2)
        logits[:, self.sick] = -10 * batch.mean(dim=(1, 2, 3)) - 1
        return logits


def classifier(
    mask: str = "none", classes: tuple[str, str] = ("normal", "ALL"), temperature: float = 1
) -> FieldClassifier:
    card = replace(
        draft_card("lightweight"),
        task="field", input={"height": 12, "width": 16, "mask": mask}, classes=classes, temperature=temperature,
    )  # fmt: skip
    return FieldClassifier(card, Ink(classes.index("ALL")), torch.device("cpu"))


@pytest.fixture
def field() -> NDArray[np.uint8]:
    pixels = np.full((60, 80, 3), BALANCED, np.uint8)
    pixels[10:50, 10:70] = 30
    return pixels


@pytest.mark.parametrize(
    ("shape", "free"), [((60, 80), 0), ((90, 120), 0), ((60, 60), 4 / 16), ((30, 80), 6 / 12), ((6, 8), 0)]
)
def test_a_field_keeps_its_shape_and_ground_fills_the_rest(shape: tuple[int, int], free: float) -> None:
    small = letterbox(np.full((*shape, 3), 30, np.uint8), 12, 16)
    assert small.shape == (12, 16, 3)
    assert set(np.unique(small)) <= {30, BALANCED}
    assert (small == BALANCED).mean() == pytest.approx(free)
    assert np.array_equal(small, small[::-1, ::-1])


def test_shrinking_averages_every_pixel() -> None:
    fine = np.indices((120, 160)).sum(axis=0) % 2  # single pixels, light and dark in turn
    small = letterbox(np.repeat((fine * 200).astype(np.uint8)[..., None], 3, axis=2), 12, 16)
    assert (small == 100).all()


@pytest.mark.parametrize("classes", [("normal", "ALL"), ("ALL", "normal")])
def test_the_class_names_say_which_output_is_leukaemia(field: NDArray[np.uint8], classes: tuple[str, str]) -> None:
    inky, empty = classifier(classes=classes).probabilities([field, np.full_like(field, BALANCED)])
    assert inky > 0.9
    assert empty < 0.5


def test_the_temperature_divides_the_log_odds(field: NDArray[np.uint8]) -> None:
    odds = classifier(temperature=4).log_odds([field])
    assert odds == pytest.approx(classifier().log_odds([field]))
    assert classifier(temperature=4).probabilities([field]) == pytest.approx(1 / (1 + np.exp(-odds / 4)))


def test_what_is_masked_out_is_not_seen(field: NDArray[np.uint8]) -> None:
    nothing = np.zeros(field.shape[:2], bool)
    empty = classifier().log_odds([np.full_like(field, BALANCED)])
    assert classifier("stain").log_odds([field], [nothing]) == pytest.approx(empty)
    assert classifier("stain").log_odds([field], [~nothing]) == pytest.approx(classifier().log_odds([field]))


def test_a_network_of_masked_fields_asks_for_masks(field: NDArray[np.uint8]) -> None:
    with pytest.raises(AllcadError, match="masked by 'paper'; give it the masks"):
        classifier("paper").log_odds([field])


def test_fields_of_all_sizes_go_in_batches_and_come_back_in_order(field: NDArray[np.uint8]) -> None:
    fields = classifier()
    empty = np.full((31, 17, 3), BALANCED, np.uint8)
    odds = fields.log_odds([field, empty] * BATCH)
    assert odds.shape == (2 * BATCH,)
    assert (odds[::2] > odds[1::2]).all()
    assert fields._network.shapes == [(BATCH, 3, 12, 16)] * 2


def test_no_fields_give_no_answers() -> None:
    assert classifier().probabilities([]).shape == (0,)
