"""Whole fields as networks see them, and with every white cell painted over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from allcad_core.errors import DataError
from allcad_core.ground import BALANCED
from allcad_core.segmentation import segment
from allcad_core.training.fieldsets import blank, gather, label
from allcad_core.training.truth import TrueField

Fields = Callable[..., list[TrueField]]
INPUT = {"height": 48, "width": 64, "mask": "none"}


def test_fields_are_fitted_into_the_size_and_keep_their_labels(true_fields: Fields) -> None:
    fields = true_fields(["Im001_1", "Im002_0"]) + true_fields(["x"], "Aria", ("healthy",))
    found = gather(fields, INPUT)
    assert found.pictures.shape == (3, 48, 64, 3)
    assert found.labels.tolist() == [1, 0, 0]
    assert found.names == ("Im001_1", "Im002_0", "x")
    assert found.datasets == ("ALL-IDB1", "ALL-IDB1", "Aria")


def test_the_name_labels_a_field_of_all_idb_and_its_cells_any_other(true_fields: Fields) -> None:
    assert label(true_fields(["Im002_0"])[0]) == 0  # though blasts are drawn in it
    assert label(true_fields(["x"], "Aria")[0]) == 1


def test_a_blank_field_has_no_white_cell_left_and_all_else_in_place(true_fields: Fields) -> None:
    (field,) = true_fields(["Im001_1"])
    field = replace(field, read=lambda: field.balanced)
    empty = blank(field)
    assert segment(empty.balanced, "stain").regions == ()
    assert segment(field.balanced, "stain").regions
    red = np.s_[120:160, 20:200]
    assert np.abs(empty.balanced[red].astype(int) - field.balanced[red]).max() <= 1
    x, y = (int(value) for value in field.regions[0].centroid)
    assert empty.balanced[y, x].tolist() == [BALANCED] * 3


def test_without_pixels_or_fields_it_says_so(true_fields: Fields) -> None:
    with pytest.raises(DataError, match="no pixels"):
        blank(true_fields(["Im001_1"])[0])
    with pytest.raises(DataError, match="no fields"):
        gather([], INPUT)
