"""Whether maps can be believed: the measures themselves, and what the shipped network scores by them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from allcad_core.analysis import cell_classifier
from allcad_core.classification import CellClassifier
from allcad_core.evaluation import explanations
from allcad_core.evaluation.explanations import Crowd, ExplanationReport, crowd, examine, removed, untrained
from allcad_core.ground import BALANCED
from allcad_core.training.plans import draft_card


def disc(size: int, radius: float, x: float = 0.0) -> np.ndarray:
    rows, columns = np.indices((size, size)) - (size - 1) / 2
    return np.hypot(rows, columns - x) <= radius


class TestMeasures:
    """Numbers that follow from definitions."""

    @pytest.mark.parametrize(("spread", "share"), [(0.5, 1 - np.exp(-2)), (0.25, 1 - np.exp(-8))])
    def test_the_share_of_a_narrow_gaussian_inside_a_disc_is_the_formulas(self, spread: float, share: float) -> None:
        inside = disc(201, 40)[None]
        (found,) = explanations._shares(explanations._gaussians(inside, spread), inside)
        assert found == pytest.approx(share, abs=0.005)

    def test_the_wide_gaussian_has_half_its_height_at_the_edge(self) -> None:
        (blob,) = explanations._gaussians(disc(201, 40)[None], explanations.HALF_HEIGHT)
        assert blob[100, 140] / blob[100, 100] == pytest.approx(0.5, abs=0.01)

    def test_the_correlation_is_spearmans(self) -> None:
        first, second = np.random.default_rng(0).random((2, 3, 8, 8)).astype(np.float32)
        second[2] = 1  # a constant map has none
        found = explanations._correlations(first, second)
        assert found[:2] == pytest.approx([spearmanr(first[i].ravel(), second[i].ravel())[0] for i in (0, 1)])
        assert np.isnan(found[2])

    def test_what_the_map_marks_becomes_ground(self) -> None:
        crops = np.full((2, 10, 10, 3), 50, np.uint8)
        marked = np.zeros((2, 10, 10), np.float32)
        marked[0, :2], marked[1, :, 8:] = 1, 1
        left = removed(crops, marked)
        assert (left[0, :2] == BALANCED).all()
        assert (left[1, :, 8:] == BALANCED).all()
        assert ((left == BALANCED).all(axis=-1).sum(axis=(1, 2)) == 20).all()

    def test_weights_drawn_anew_are_the_same_each_time_and_not_the_trained_ones(self) -> None:
        classifier = CellClassifier(
            replace(draft_card("lightweight"), arguments={"size": 16}), torch.nn.Identity(), torch.device("cpu")
        )
        before = torch.random.get_rng_state()
        one, same = (untrained(classifier).state_dict() for _ in range(2))
        assert all(torch.equal(value, same[key]) for key, value in one.items())
        assert torch.equal(torch.random.get_rng_state(), before)


class Shape(torch.nn.Module):
    """Calls a cell a blast by the ink in the middle of its crop, and nothing else."""

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        ink = -batch[..., 24:40, 24:40].mean(dim=(1, 2, 3))
        return torch.stack([torch.zeros_like(ink), ink], dim=1)


@pytest.fixture(scope="module")
def cells() -> Crowd:
    return crowd(64, 1.25, fields=2)


def test_a_crowd_shows_whole_cells_with_neighbours(cells: Crowd) -> None:
    assert len(cells.crops) == len(cells.inside) == len(cells.fields) > 3
    assert cells.inside[:, 32, 32].mean() > 0.8
    assert not cells.inside[:, 0].any(), "the cell fills 1/1.25 of its crop"
    dark_inside = [crop[mask].mean() for crop, mask in zip(cells.crops, cells.inside, strict=True)]
    dark_outside = [crop[~mask].mean() for crop, mask in zip(cells.crops, cells.inside, strict=True)]
    assert np.mean(dark_inside) < np.mean(dark_outside) - 30


def test_a_network_that_looks_at_the_cell_alone_scores_full_marks(
    cells: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = replace(draft_card("lightweight"), arguments={"size": 64}, input={"size": 64, "context": 1.25})
    report = examine(CellClassifier(card, Shape().eval(), torch.device("cpu")), cells)
    found = report.methods["integrated"]
    assert found.inside.value > 0.95
    assert found.removal.value > report.anywhere.value
    assert report.cells == len(cells.crops)
    assert report.fields == len(set(cells.fields.tolist()))


SHIPPED = {"lightweight": 5, "best_cell": 8}
"""Classifiers that ship, and on how many generated fields their maps are looked at: neighbours reach into few of the tighter
crops of the second."""


@pytest.fixture(scope="module", params=SHIPPED)
def report(request: pytest.FixtureRequest) -> ExplanationReport:
    """Figures of a shipped classifier."""
    classifier = cell_classifier(request.param, torch.device("cpu"))
    cells = crowd(int(classifier.card.input["size"]), classifier.context, fields=SHIPPED[request.param])
    return examine(classifier, cells, {"integrated": explanations.METHODS["integrated"]})


@pytest.mark.slow
class TestShipped:
    """Classifiers as they ship."""

    def test_their_maps_lie_inside_the_cell_more_than_a_blob_of_its_size(self, report: ExplanationReport) -> None:
        found = report.methods["integrated"]
        assert report.cells > 10
        assert found.inside.low > report.gaussian.high

    def test_their_maps_change_with_their_weights(self, report: ExplanationReport) -> None:
        assert abs(report.methods["integrated"].correlation.high) < 0.3

    def test_their_maps_mark_what_the_answer_rests_on(self, report: ExplanationReport) -> None:
        assert report.methods["integrated"].removal.value > 1.1 * report.anywhere.value
