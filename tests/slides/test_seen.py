"""What was seen only grows, without doubles, and its counts are those of its cells."""

from __future__ import annotations

import numpy as np
import pytest

from allcad_core import export
from allcad_core.results import Cell, Models
from allcad_core.slides import Seen
from allcad_core.slides.base import TILE
from tests.slides.conftest import ArraySlide


def cell(x: float, y: float, label: str = "blast", score: float = 0.9, **more) -> Cell:
    return Cell((x - 20, y - 20, x + 20, y + 20), label, score, **more)


@pytest.fixture
def seen() -> Seen:
    return Seen(ArraySlide(np.zeros((2 * TILE, 3 * TILE, 3), np.uint8)), "quick", 0.25)


def test_counts_are_of_cells_that_reach_the_confidence(seen: Seen):
    seen.add(
        [(0, 0)],
        [cell(50, 50), cell(150, 50, "healthy"), cell(250, 50, score=0.2), cell(350, 50, flags=("uncertain",))],
    )
    assert (seen.counts.blast, seen.counts.healthy, seen.to_review) == (2, 1, 1)
    assert len(seen.cells) == 4
    assert seen.blast_fraction.value == pytest.approx(2 / 3)
    assert seen.coverage == pytest.approx(1 / 6)


def test_a_cell_on_the_line_between_two_tiles_counts_once(seen: Seen):
    assert seen.add([(0, 0)], [cell(TILE - 1, 100)]) == [0]
    assert seen.add([(1, 0)], [cell(TILE + 3, 102), cell(TILE + 200, 100)]) == [1]
    assert seen.counts.blast == 2


def test_touching_cells_are_two(seen: Seen):
    seen.add([(0, 0)], [cell(100, 100), cell(138, 100)])
    assert seen.counts.blast == 2


def test_what_was_seen_is_not_asked_for_again(seen: Seen):
    seen.add([(0, 0), (1, 0)], [])
    assert seen.unseen((100, 100, 3 * TILE - 10, 600)) == [(2, 0), (0, 1), (1, 1), (2, 1)]
    assert seen.unseen((-500, -500, 100, 100)) == []


def test_news_are_what_came_since(seen: Seen):
    seen.add([(0, 0)], [cell(50, 50)])
    seen.add([(1, 0)], [cell(TILE + 60, 50)])
    tiles, cells = seen.news(1, 1)
    assert tiles == [(1, 0)]
    assert [number for number, _ in cells] == [1]
    assert seen.news(2, 2) == ([], [])


def test_every_export_knows_what_was_seen(seen: Seen):
    seen.add([(0, 0)], [cell(50, 50), cell(150, 50, "healthy", score=0.95)])
    analysis = seen.analysis(Models("yolo11n", "best_cell", None), "cpu")
    assert (analysis.counts, analysis.blast_fraction) == (seen.counts, seen.blast_fraction)
    assert [note.code for note in analysis.warnings] == ["partly_seen"]
    assert export.table_csv([analysis]).count("\n") == 3
    assert export.qupath_geojson(analysis).count('"Feature"') == 2
