"""Drawn fields as records, and tables of corrections written a row a line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from allcad_core.annotation.corrections import COLUMNS, Correction, read_corrections
from allcad_core.datasets import FieldRecord

REDS = [(x, y, 15) for x in (40, 100, 160, 220, 280, 340) for y in (30, 270)]
"""Twelve lone red cells of 30 px: the scale of a drawn field."""


@pytest.fixture
def field(draw, tmp_path) -> Callable[..., FieldRecord]:
    """Draw a field of 400 x 300 px: ``field(purple=[(x, y, radius)], points=[(x, y)])``."""

    def make(name="Im001_1", points=(), others=(), **discs) -> FieldRecord:
        path = tmp_path / "pictures" / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(draw((400, 300), red=REDS, **discs)).save(path)
        return FieldRecord(name, path, "ALL-IDB1", 1, blast_points=tuple(points), other_points=tuple(others))

    return make


@pytest.fixture
def table(tmp_path) -> Callable[..., Path]:
    """Write a file of corrections from its rows, under the right first line."""

    def write(*rows: str, name: str = "someone.csv") -> Path:
        path = tmp_path / "corrections" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join([",".join(COLUMNS), *rows, ""]), encoding="utf-8")
        return path

    return write


@pytest.fixture
def rows(table) -> Callable[..., tuple[Correction, ...]]:
    """Corrections from their rows."""

    def read(*lines: str) -> tuple[Correction, ...]:
        return read_corrections(table(*lines))

    return read


@pytest.fixture
def draw_official(draw, tmp_path) -> Path:
    """The official layout of ALL-IDB1 with one field of a patient and one of a healthy person, 320 x 240 px."""
    for name in ("Im001_1", "Im034_0"):
        picture, points = (tmp_path / "ALL_IDB1" / folder for folder in ("im", "xyc"))
        picture.mkdir(parents=True, exist_ok=True)
        points.mkdir(exist_ok=True)
        Image.fromarray(draw((320, 240), purple=[(120, 40, 20)])).save(picture / f"{name}.jpg")
        (points / f"{name}.xyc").write_text("30\t40\n" if name.endswith("1") else "", encoding="utf-8")
    return tmp_path
