"""What the first light promises on the real fields of ALL-IDB1, from reading to the out-of-fold figures."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from allcad_core.analysis import analyse_file
from allcad_core.datasets import allidb1
from allcad_core.datasets.base import size_of
from allcad_core.evaluation.detection import report


@pytest.mark.slow
def test_every_field_of_all_idb1_gets_an_answer(data_root: Path) -> None:
    fields = allidb1.fields(data_root)
    assert len(fields) >= 92
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda field: analyse_file(field.path), fields))
    for field, found in zip(fields, answers, strict=True):
        assert (found.width, found.height) == size_of(field.path)
        assert found.counts.total > 0, field.name
        assert found.suggestion.kind in {"no_blasts", "few_suspicious", "blasts_suspected"}, field.name


def test_regions_find_the_blasts_of_fields_held_out(data_root: Path) -> None:
    overall = report("regions", "session", data_root).overall  # of sittings that the classifier has not seen
    assert overall.fields >= 92
    assert overall.points >= 412
    assert overall.recall.value is not None
    assert overall.recall.value >= 0.78
    assert overall.false_per_field[0] <= 0.15
    assert overall.blast_fields_called.value == 1.0
