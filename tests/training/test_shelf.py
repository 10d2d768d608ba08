"""The shelf gives back what was put there, and is filled again where it is damaged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from allcad_core.datasets import FieldRecord
from allcad_core.training import shelf
from allcad_core.training.truth import Truth, truth_of_field

Draw = Callable[..., NDArray[np.uint8]]


@pytest.fixture
def records(draw: Draw, tmp_path: Path) -> list[FieldRecord]:
    found = []
    for name in ("one", "two"):
        path = tmp_path / f"{name}.png"
        Image.fromarray(draw((220, 170), purple=[(60, 60, 22)], red=[(150, 100, 14)])).save(path)
        found.append(FieldRecord(name, path, "drawn"))
    return found


def never(record: FieldRecord) -> Truth:
    raise AssertionError(f"{record.name} was found again")


def test_what_stands_there_is_not_found_again(records: list[FieldRecord], tmp_path: Path) -> None:
    first = shelf.truths(records, truth_of_field, tmp_path / "shelf", "drawn")
    assert shelf.truths(records, never, tmp_path / "shelf", "drawn") == first
    assert first[0].regions[0].outline


def test_a_new_record_is_found_and_told(records: list[FieldRecord], tmp_path: Path) -> None:
    shelf.truths(records[:1], truth_of_field, tmp_path / "shelf", "drawn")
    found: list[str] = []
    told: list[tuple[str, int, int]] = []

    def find(record: FieldRecord) -> Truth:
        found.append(record.name)
        return truth_of_field(record)

    shelf.truths(records, find, tmp_path / "shelf", "drawn", lambda *step: told.append(step))
    assert found == ["two"]
    assert told == [("drawn", 1, 2), ("drawn", 2, 2)]


def test_a_damaged_shelf_is_filled_again(records: list[FieldRecord], tmp_path: Path) -> None:
    first = shelf.truths(records, truth_of_field, tmp_path, "drawn")
    (tmp_path / "drawn.json").write_text((tmp_path / "drawn.json").read_text()[:200])
    assert shelf.truths(records, truth_of_field, tmp_path, "drawn") == first


def test_without_a_shelf_nothing_is_written(records: list[FieldRecord], tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    shelf.truths(records, truth_of_field, None, "drawn")
    assert sorted(tmp_path.rglob("*")) == before


def test_the_key_follows_the_drawn_boxes(tmp_path: Path) -> None:
    boxes = tmp_path / "boxes.csv"
    boxes.write_text("one")
    before = shelf.key([boxes])
    assert shelf.key([boxes]) == before
    boxes.write_text("other")
    assert shelf.key([boxes]) != before
