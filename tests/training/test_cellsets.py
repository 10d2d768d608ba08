"""Crops that are cut for training, and how fairly they are drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from allcad_core.classification.cells import cut_cells
from allcad_core.errors import DataError
from allcad_core.ground import BALANCED
from allcad_core.training.cellsets import CellSet, chances, gather, seen
from allcad_core.training.truth import TrueField

Fields = Callable[..., list[TrueField]]
INPUT = {"size": 16, "context": 1.25}


def test_counted_cells_are_gathered_with_their_labels(true_fields: Fields) -> None:
    fields = true_fields(["a", "b"], kinds=("blast", "ignore")) + true_fields(["c"], "Aria", ("healthy",))
    found = gather(fields, INPUT)
    assert found.crops.shape == (3, 16, 16, 3)
    assert found.labels.tolist() == [1, 1, 0]
    assert found.fields == ("a", "b", "c")
    assert found.datasets == ("ALL-IDB1", "ALL-IDB1", "Aria")
    assert found.boxes[0] == fields[0].cells[0][1]
    assert len(found) == 3


def test_a_margin_shows_more_at_the_same_scale(true_fields: Fields) -> None:
    fields = true_fields(["a"])
    plain, wide = gather(fields, {"size": 32, "context": 1.25}), gather(fields, {"size": 32, "context": 1.25}, 1.5)
    assert wide.crops.shape == (2, 48, 48, 3)
    middle = wide.crops[:, 8:40, 8:40].astype(int)
    assert np.abs(middle - plain.crops).mean() < 2


def test_crops_are_those_that_the_classifier_cuts(true_fields: Fields) -> None:
    (field,) = true_fields(["a"])
    assert np.array_equal(gather([field], INPUT).crops, cut_cells(field.balanced, [box for _, box in field.cells], 16))


def test_without_cells_there_is_nothing_to_learn(true_fields: Fields) -> None:
    for fields in ([], true_fields(["a"], kinds=("ignore",))):
        with pytest.raises(DataError, match="No white cell"):
            gather(fields, INPUT)


def test_a_masked_picture_shows_white_cells_alone(true_fields: Fields) -> None:
    (field,) = true_fields(["a"])
    masked = seen(replace(field, read=lambda: field.balanced), "stain")
    assert (masked[140, 20:200] == BALANCED).all()  # red cells lie there
    x, y = (int(value) for value in field.regions[0].centroid)
    assert np.array_equal(masked[y, x], field.balanced[y, x])
    assert seen(field) is field.balanced


def test_a_picture_without_pixels_cannot_be_masked(true_fields: Fields) -> None:
    with pytest.raises(DataError, match="no pixels to mask"):
        seen(true_fields(["a"])[0], "paper")


def of_sets(**counts: tuple[int, int]) -> CellSet:
    """Cells by data set: so many healthy ones and blasts."""
    datasets = [name for name, pair in counts.items() for _ in range(sum(pair))]
    labels = np.concatenate([np.repeat([0, 1], pair) for pair in counts.values()])
    total = len(labels)
    return CellSet(
        np.full((total, 8, 8, 3), 200, np.uint8),
        labels,
        ("f",) * total,
        tuple(datasets),
        ((0, 0, 1, 1),) * total,
        (None,) * total,
    )


def test_sets_are_drawn_by_weight_and_both_classes_alike() -> None:
    cells = of_sets(main=(70, 30), large=(500, 5), healthy=(900, 0))
    drawn = chances(cells, {"main": 0.5, "large": 0.3, "healthy": 0.2})
    datasets = np.array(cells.datasets)
    assert drawn.sum() == pytest.approx(1)
    for name, weight in (("main", 0.5), ("large", 0.3)):
        for label in (0, 1):
            assert drawn[(datasets == name) & (cells.labels == label)].sum() == pytest.approx(weight / 2)
    assert drawn[datasets == "healthy"].sum() == pytest.approx(0.2)


def test_a_missing_set_leaves_its_share_to_the_others() -> None:
    drawn = chances(of_sets(main=(3, 3)), {"main": 0.2, "elsewhere": 0.8})
    assert drawn == pytest.approx(1 / 6)


def test_sets_that_are_not_named_are_not_drawn() -> None:
    drawn = chances(of_sets(main=(3, 3), other=(4, 4)), {"main": 1.0})
    assert drawn[6:].sum() == 0
    with pytest.raises(DataError, match="None of the data sets elsewhere"):
        chances(of_sets(main=(3, 3)), {"elsewhere": 1.0})
