"""The data sets that training reads, and their weak labels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from allcad_core.errors import DataError
from allcad_core.synthesis import GeneratedField, generate
from allcad_core.training import sources

Draw = Callable[..., NDArray[np.uint8]]


@pytest.fixture
def data(draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """ALL-IDB1 with one field of either kind and no drawn boxes; of the others, none."""
    monkeypatch.setattr(sources, "DRAWN", tmp_path / "none.csv")
    folder = tmp_path / "ALL_IDB1"
    for part in ("im", "xyc"):
        (folder / part).mkdir(parents=True)
    red = [(x, 130, 14) for x in range(30, 200, 40)]
    for name, points in (("Im001_1", "60\t60\n"), ("Im002_0", "")):
        Image.fromarray(draw((220, 170), purple=[(60, 60, 22), (150, 60, 22)], red=red)).save(
            folder / "im" / f"{name}.jpg"
        )
        (folder / "xyc" / f"{name}.xyc").write_text(points)
    return tmp_path


def test_fields_come_with_their_cells_and_are_told_one_by_one(data: Path) -> None:
    told: list[tuple[str, int, int]] = []
    fields = sources.main_fields(data, lambda *step: told.append(step))
    assert told == [("ALL-IDB1", 1, 2), ("ALL-IDB1", 2, 2)]
    assert {field.name: sorted(kind for kind, _ in field.cells) for field in fields} == {
        "Im001_1": ["blast", "healthy"],
        "Im002_0": ["healthy", "healthy"],
    }


def test_drawn_boxes_of_a_field_come_first(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = data / "boxes.csv"
    drawn.write_text("image,class,x0,y0,x1,y1,source\nIm001_1,ignore,1,2,30,40,hand\n")
    monkeypatch.setattr(sources, "DRAWN", drawn)
    fields = {field.name: field.cells for field in sources.main_fields(data)}
    assert fields["Im001_1"] == (("ignore", (1, 2, 30, 40)),)
    assert [kind for kind, _ in fields["Im002_0"]] == ["healthy", "healthy"]


def test_sets_that_are_not_there_are_left_out(data: Path) -> None:
    assert sources.further_fields(data) == []
    assert all(sources.records(data, name) == () for name in sources.FURTHER)


def test_without_the_main_set_there_is_no_training(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        sources.main_fields(tmp_path)


def test_generated_fields_bring_their_own_truth_and_ignore_what_the_border_cuts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seeds: list[int] = []

    def small(seed: int) -> GeneratedField:
        seeds.append(seed)
        return generate(seed, (480, 360))

    monkeypatch.setattr(sources, "generate", small)
    (field,) = sources.generated_fields(1)
    made = generate(seeds[0], (480, 360))
    assert (field.dataset, field.name) == ("generated", f"generated-{seeds[0]}")
    assert [box for _, box in field.cells] == [tuple(map(float, cell.box)) for cell in made.cells]
    for (kind, (x0, y0, x1, y1)), cell in zip(field.cells, made.cells, strict=True):
        inside = min(x0, y0) > 1 and x1 < 479 and y1 < 359
        assert kind == (cell.label if inside else "ignore")


@pytest.mark.slow
def test_every_further_set_at_hand_has_a_label_a_field(data_root: Path) -> None:
    labels = {name: {record.label for record in sources.records(data_root, name)} for name in sources.FURTHER}
    assert labels == {"Aria": {0, 1}, "TXL-PBC": {0}, "PBC": {0}, "WBC-segmentation": {None}}
