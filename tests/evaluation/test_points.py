"""Centroids in boxes, counted on fields small enough to count by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from allcad_core.datasets import FieldRecord
from allcad_core.errors import DataError
from allcad_core.evaluation.points import Labelled, free_response, point_figures, recall_at
from allcad_core.intervals import wilson


def field(name: str, *points: tuple[float, float]) -> FieldRecord:
    return FieldRecord(name, Path(name), "drawn", label=int(bool(points)), blast_points=points)


def blast(x: float, y: float, score: float = 0.9, half: float = 10) -> Labelled:
    return Labelled((x - half, y - half, x + half, y + half), "blast", score)


def healthy(x: float, y: float) -> Labelled:
    return Labelled((x - 10, y - 10, x + 10, y + 10), "healthy", 0.9)


@pytest.mark.parametrize(
    ("points", "boxes", "hit"),
    [
        pytest.param([(50, 50)], [blast(52, 48)], 1, id="a centroid in a blast box"),
        pytest.param([(50, 50)], [blast(100, 100)], 0, id="a box elsewhere"),
        pytest.param([(50, 50)], [healthy(50, 50)], 0, id="a box labelled healthy"),
        pytest.param([(50, 50)], [], 0, id="nothing found"),
        pytest.param([(50, 50), (60, 50)], [blast(55, 50)], 1, id="one box around two blasts counts once"),
        pytest.param([(50, 50), (60, 50)], [blast(55, 50), blast(55, 51)], 2, id="two boxes around two blasts"),
        pytest.param([(50, 50)], [blast(50, 50), blast(51, 50)], 1, id="two boxes around one blast"),
        pytest.param(
            [(50, 50), (64, 50)], [blast(57, 50), blast(45, 50)], 2, id="the box that both need goes to the other"
        ),
        pytest.param([(40, 50)], [blast(50, 50)], 1, id="on the edge is inside"),
        pytest.param([(50, 50)], [blast(50, 50, score=0.49)], 0, id="a score under the line"),
        pytest.param([(50, 50)], [blast(50, 50, score=0.5)], 1, id="a score on the line"),
    ],
)
def test_each_centroid_needs_a_box_of_its_own(
    points: list[tuple[float, float]], boxes: list[Labelled], hit: int
) -> None:
    figures = point_figures({"a": boxes}, [field("a", *points)], confidence=0.5)
    assert (figures.hit, figures.points) == (hit, len(points))
    assert figures.recall == wilson(hit, len(points))


def test_false_blasts_are_counted_over_healthy_fields_alone() -> None:
    fields = [field("patient", (50, 50)), field("one"), field("two"), field("three")]
    detections = {
        "patient": [blast(50, 50), blast(200, 200)],  # cells of patients that no expert marked are not counted
        "one": [blast(1, 1), blast(50, 50), healthy(90, 90)],
        "two": [blast(1, 1, score=0.1)],
        "three": [],
    }
    figures = point_figures(detections, fields, confidence=0.5)
    assert (figures.fields, figures.healthy_fields, figures.false_blasts) == (4, 3, 2)
    mean, low, high = figures.false_per_field
    assert mean == pytest.approx(2 / 3)
    assert 0 <= low <= mean <= high <= 2
    assert figures.healthy_fields_clean == wilson(2, 3)
    assert figures.blast_fields_called == wilson(1, 1)


def test_the_interval_of_the_mean_holds_what_the_normal_one_holds() -> None:
    rng = np.random.default_rng(0)
    counts = rng.poisson(1.5, 200)
    fields = [field(f"f{number}") for number in range(200)]
    detections = {f"f{number}": [blast(50, 50)] * count for number, count in enumerate(counts)}
    mean, low, high = point_figures(detections, fields, 0.5).false_per_field
    error = 1.96 * counts.std() / np.sqrt(200)
    assert (mean, low, high) == pytest.approx((counts.mean(), counts.mean() - error, counts.mean() + error), abs=0.03)


def test_a_field_that_nobody_looked_at_is_an_error() -> None:
    with pytest.raises(DataError, match="2 fields, b among them"):
        point_figures({"a": []}, [field("a"), field("b"), field("c")], 0.5)


def test_fields_without_healthy_ones_have_no_mean() -> None:
    figures = point_figures({"a": []}, [field("a", (1, 1))], 0.5)
    assert figures.healthy_fields == 0
    assert np.isnan(figures.false_per_field).all()


class TestFreeResponse:
    """Recall against false blasts, as the line is lowered."""

    fields = (field("patient", (50, 50), (150, 50)), field("healthy"))
    detections = {  # noqa: RUF012
        "patient": [blast(50, 50, 0.9), blast(150, 50, 0.3)],
        "healthy": [blast(50, 50, 0.6), blast(90, 50, 0.2)],
    }

    def test_the_curve_goes_from_strict_to_lenient(self) -> None:
        assert free_response(self.detections, self.fields) == [
            (0.9, 0, 0.5),
            (0.6, 1, 0.5),
            (0.3, 1, 1.0),
            (0.2, 2, 1.0),
        ]

    @pytest.mark.parametrize(("rate", "recall"), [(0.0, 0.5), (0.99, 0.5), (1.0, 1.0), (5.0, 1.0)])
    def test_recall_at_so_many_false_blasts(self, rate: float, recall: float) -> None:
        assert recall_at(free_response(self.detections, self.fields), rate) == recall

    def test_without_boxes_nothing_is_recalled(self) -> None:
        assert recall_at(free_response({"patient": [], "healthy": []}, self.fields), 1.0) == 0.0

    def test_a_long_curve_still_ends_at_the_lowest_score(self) -> None:
        many = [blast(50, 50, score) for score in np.linspace(0.99, 0.11, 450)]
        curve = free_response({"patient": [*many, blast(150, 50, 0.1)], "healthy": []}, self.fields)
        assert curve[-1] == (0.1, 0.0, 1.0)
        assert len(curve) < 250
