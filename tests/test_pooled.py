"""Several fields as one patient's smear."""

from __future__ import annotations

from dataclasses import replace

import pytest

from allcad_core import review
from allcad_core.errors import DataError
from allcad_core.intervals import wilson
from allcad_core.pooled import pool
from allcad_core.results import Cell, FieldAnalysis, Models, Note, Relabel, Timing
from allcad_core.suggestion import suggest


def field(number: int, blasts: int, healthy: int, *codes: str) -> FieldAnalysis:
    cells = tuple(
        Cell((60.0 * at, 0.0, 60.0 * at + 50, 50.0), "blast" if at < blasts else "healthy", 0.9)
        for at in range(blasts + healthy)
    )
    return FieldAnalysis(
        f"field{number}.png", 4000, 60, f"{number:064d}", "regions", Models("regions", None, None), "cpu", "torch", 0.25,
        cells, tuple(Note(code, "A warning.") for code in codes), Timing(),
    )  # fmt: skip


def test_cells_are_pooled_and_not_percentages():
    found = pool([field(1, 1, 0), field(2, 0, 9)])
    assert (found.counts.blast, found.counts.healthy) == (1, 9)
    assert found.blast_fraction == wilson(1, 10)
    assert found.suggestion == suggest(1, 9)
    assert found.spread == (0.0, 1.0)


def test_the_interval_narrows_with_more_fields():
    widths = []
    for number in (1, 5):
        share = pool([field(at, 3, 3) for at in range(number)]).blast_fraction
        widths.append(share.high - share.low)
    assert widths[1] < 0.6 * widths[0]


def test_a_photograph_that_comes_twice_counts_once():
    found = pool([field(1, 2, 2), replace(field(1, 2, 2), image="copy.png"), field(2, 1, 1)])
    assert found.counts.total == 6
    assert found.twice == ("copy.png",)


def test_one_doubtful_field_is_named_but_takes_nothing_away():
    found = pool([field(1, 2, 2, "blurred"), field(2, 4, 4), field(3, 4, 4)])
    assert [one.image for one in found.doubtful] == ["field1.png"]
    assert found.doubts == ()
    assert found.suggestion.kind == "blasts_suspected"


def test_doubt_about_half_of_the_cells_is_doubt_about_the_smear():
    found = pool([field(1, 4, 4, "blurred", "extension"), field(2, 4, 4)])
    assert found.doubts == ("blurred",)
    assert found.suggestion.kind == "cannot_tell"


def test_a_review_of_one_field_is_in_the_pool():
    first = field(1, 2, 2)
    changed = review.apply(first, [Relabel(first.cells[0].box, "healthy")])
    found = pool([changed, field(2, 1, 1)])
    assert (found.counts.blast, found.counts.healthy) == (2, 4)
    assert found.reviewed == 1


def test_only_fields_that_were_looked_at_alike_are_pooled():
    with pytest.raises(DataError, match="one model"):
        pool([field(1, 1, 1), field(2, 1, 1).at(0.5)])
    with pytest.raises(DataError, match="no field"):
        pool([])
