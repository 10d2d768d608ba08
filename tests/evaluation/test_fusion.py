"""Several judges of a field: each alone, put together, and whether that is worth it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from allcad_core.errors import DataError
from allcad_core.evaluation.fusion import ANY, COUNTS, MEAN, MOST, fusion_report

if TYPE_CHECKING:
    from tests.evaluation.conftest import House

WRONG_ONCE = {"Im001_1": -0.1, "Im002_1": 3.0, "Im003_0": -3.0, "Im004_0": -3.0}


@pytest.fixture
def judges(house: House) -> House:
    """Counts that see both patients, a model that misses one, and one that is always wrong."""
    for fold, names in enumerate((("Im001_1", "Im003_0"), ("Im002_1", "Im004_0"))):
        odds = {name: 3 * [6.0 if name.endswith("_1") else -6.0] for name in names}
        house.cells("best_cell", fold, odds)
        rows = [(name, 30 + 30 * n, 30, "", 0.9, odd) for name in names for n, odd in enumerate(odds[name])]
        house.boxes("regions-best_cell", fold, rows)
        house.fields("half", fold, {name: WRONG_ONCE[name] for name in names})
    return house


def test_each_is_told_and_set_against_the_best_alone(judges: House) -> None:
    report = fusion_report("regions", "field", judges.data, judges.results)
    assert [one.name for one in report.judges] == [COUNTS, "half", ANY, MOST]
    counts, half, either, most = report.judges
    assert report.best == COUNTS
    assert counts.measures.balanced_accuracy.value == 1.0
    assert half.measures.recall.value == 0.5
    assert (half.gain.value, either.gain.value, most.gain.value) == (-0.25, 0.0, -0.25)
    assert report.better == ()


def test_two_models_are_also_averaged(judges: House) -> None:
    for fold, names in enumerate((("Im001_1", "Im003_0"), ("Im002_1", "Im004_0"))):
        judges.fields("sure", fold, {name: 9.0 if name.endswith("_1") else -9.0 for name in names})
    report = fusion_report("regions", "field", judges.data, judges.results)
    mean = report.judges[-1]
    assert (mean.name, mean.together, mean.measures.balanced_accuracy.value) == (MEAN, True, 1.0)


def test_without_a_field_model_there_is_nothing_to_put_together(house: House) -> None:
    for fold, names in enumerate((("Im001_1", "Im003_0"), ("Im002_1", "Im004_0"))):
        house.cells("best_cell", fold, {name: [1.0] for name in names})
        house.boxes("regions-best_cell", fold, [(name,) for name in names])
    with pytest.raises(DataError, match="nothing to put together"):
        fusion_report("regions", "field", house.data, house.results)
