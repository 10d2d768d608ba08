"""Composed tiles: pasted cells lie where their boxes say, look like themselves, and arrows mean nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from allcad_core.ground import BALANCED
from allcad_core.training.composed import STORED_RED_CELL, Composer, Stock, cutouts, stock, without_arrows
from allcad_core.training.truth import TrueField

Fields = Callable[..., list[TrueField]]
SIZE = 160


def bare(field: TrueField) -> TrueField:
    """The same without cells, on empty ground."""
    return replace(field, balanced=np.full_like(field.balanced, BALANCED), cells=(), regions=())


def test_a_cutout_is_its_cell_alone(true_fields: Fields) -> None:
    (field,) = true_fields(["a"])
    blast, healthy = cutouts(field)
    assert (blast.kind, healthy.kind) == ("blast", "healthy")
    height, width = blast.alpha.shape
    assert blast.alpha[height // 2, width // 2] == pytest.approx(1)
    assert blast.alpha[0].max() < 0.1
    assert blast.pixels.shape == (height, width, 3)


def test_cells_at_the_border_and_ignored_ones_are_not_cut_out(true_fields: Fields) -> None:
    (field,) = true_fields(["a"], kinds=("ignore", "healthy"))
    assert [cell.kind for cell in cutouts(field)] == ["healthy"]
    at_border = tuple(replace(region, at_border=True) for region in field.regions)
    assert cutouts(replace(field, regions=at_border)) == []


def test_fields_are_shrunk_to_one_scale(true_fields: Fields) -> None:
    (field,) = true_fields(["a"])
    large = replace(
        field,
        balanced=np.repeat(np.repeat(field.balanced, 4, 0), 4, 1),
        red_cell_diameter=4 * 28.0,
        cells=tuple((kind, tuple(4 * side for side in box)) for kind, box in field.cells),  # type: ignore[misc]
        regions=(),
    )
    (shrunk,) = stock([large]).fields
    assert shrunk.red_cell_diameter == pytest.approx(STORED_RED_CELL, rel=0.02)
    ratio = STORED_RED_CELL / 28
    assert shrunk.cells[0][1] == pytest.approx([side * ratio for side in field.cells[0][1]], rel=0.03)


def test_one_scale_mends_measurements_and_ignores_impossible_cells(true_fields: Fields) -> None:
    fields = true_fields(["a", "b", "c"])
    wrong = [fields[0], fields[1], replace(fields[2], red_cell_diameter=None)]
    assert {field.red_cell_diameter for field in stock(wrong, one_scale=True).fields} == {28.0}
    tiny = replace(fields[0], cells=(("blast", (10.0, 10.0, 22.0, 22.0)), fields[0].cells[1]))
    (mended,) = stock([tiny], one_scale=True).fields
    assert [kind for kind, _ in mended.cells] == ["ignore", "healthy"]


@pytest.mark.parametrize("seed", range(20))
def test_a_pasted_cell_lies_in_its_box(true_fields: Fields, seed: int) -> None:
    (field,) = true_fields(["a"])
    cells = stock([field]).cutouts
    composer = Composer({"x": Stock((bare(field),), cells)}, {"x": 1.0}, SIZE)
    pixels, boxes = composer.draw(np.random.default_rng(seed))
    assert pixels.shape == (SIZE, SIZE, 3)
    corner = np.median(pixels.reshape(-1, 3), axis=0)
    for kind, (x0, y0, x1, y1) in boxes:
        assert kind in {"blast", "healthy"}
        assert 0 <= x0 < x1 <= SIZE
        assert 0 <= y0 < y1 <= SIZE
        middle = pixels[int((y0 + y1) / 2), int((x0 + x1) / 2)].astype(float)
        assert middle.sum() < corner.sum() - 90


def test_blasts_come_to_healthy_fields(true_fields: Fields) -> None:
    healthy, ill = true_fields(["h"], kinds=("healthy", "healthy")), true_fields(["i"], kinds=("blast", "blast"))
    mixed = stock([*healthy, *ill])
    composer = Composer({"x": Stock(stock(healthy).fields, mixed.cutouts)}, {"x": 1.0}, SIZE)
    rng = np.random.default_rng(0)
    kinds = [kind for _ in range(20) for kind, _ in composer.draw(rng)[1]]
    assert kinds.count("blast") > 5
    assert kinds.count("healthy") > 5


def test_pasted_cells_do_not_hide_others(true_fields: Fields) -> None:
    composer = Composer({"x": stock(true_fields(["a"]))}, {"x": 1.0}, SIZE)
    rng = np.random.default_rng(1)
    for _ in range(30):
        boxes = np.array([box for _, box in composer.draw(rng)[1]]).reshape(-1, 4)
        for one, first in enumerate(boxes):
            for second in boxes[one + 1 :]:
                shared = np.prod(
                    np.clip(np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2]), 0, None)
                )
                smaller = min(np.prod(first[2:] - first[:2]), np.prod(second[2:] - second[:2]))
                assert shared < 0.45 * smaller


def test_the_seed_decides(true_fields: Fields) -> None:
    composer = Composer({"x": stock(true_fields(["a"]))}, {"x": 1.0}, SIZE)
    (one, first), (two, second) = (composer.draw(np.random.default_rng(4)) for _ in "ab")
    assert np.array_equal(one, two)
    assert first == second


def test_a_set_without_a_share_gives_nothing(true_fields: Fields) -> None:
    light, dark = true_fields(["a"])[0], true_fields(["b"])[0]
    black = replace(dark, balanced=np.zeros_like(dark.balanced), cells=(), regions=())
    composer = Composer({"x": stock([light]), "y": stock([black])}, {"x": 1.0}, SIZE)
    rng = np.random.default_rng(2)
    assert all(np.median(composer.draw(rng)[0]) > 120 for _ in range(10))


def test_ink_is_taken_out_and_stain_is_left(true_fields: Fields) -> None:
    (field,) = true_fields(["a"])
    drawn = field.balanced.copy()
    cv2.arrowedLine(drawn, (150, 20), (190, 40), (230, 20, 20), 4)
    clean = without_arrows(drawn)
    assert np.abs(clean.astype(int) - field.balanced).max(axis=2)[10:50, 140:195].mean() < 3
    assert np.array_equal(clean[60:], field.balanced[60:])
    assert without_arrows(field.balanced) is field.balanced
