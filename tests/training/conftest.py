"""Drawn fields with known cells, as training sees them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from allcad_core.ground import BALANCED
from allcad_core.segmentation import segment
from allcad_core.training.truth import Kind, TrueField

Draw = Callable[..., NDArray[np.uint8]]


@pytest.fixture(scope="session")
def true_fields(draw: Draw) -> Callable[..., list[TrueField]]:
    """Fields of two cells each: a large dark blast, a small one with a pale rim that is healthy."""

    def build(
        names: Sequence[str], dataset: str = "ALL-IDB1", kinds: Sequence[Kind] = ("blast", "healthy")
    ) -> list[TrueField]:
        rng = np.random.default_rng(len(names))
        return [_field(draw, name, dataset, kinds, rng) for name in names]

    return build


def _field(draw: Draw, name: str, dataset: str, kinds: Sequence[Kind], rng: np.random.Generator) -> TrueField:
    purple, pale, cells = [], [], []
    for place, kind in enumerate(kinds):
        x, y = 50 + 80 * place + rng.integers(-5, 6), 60 + rng.integers(-5, 6)
        purple.append((x, y, 24 if kind == "blast" else 12))
        pale.append((x, y, 25))
        cells.append((kind, (x - 25.0, y - 25.0, x + 26.0, y + 26.0)))
    red = [(x, 140, 14) for x in range(30, 200, 40)]
    pixels = draw((200, 170), purple=purple, pale=pale, red=red)
    balanced = np.minimum(pixels.astype(int) * BALANCED // np.array((225, 215, 210)), 255).astype(np.uint8)
    regions = segment(pixels, "stain", "cpu").regions
    return TrueField(name, dataset, balanced, 28.0, tuple(cells), regions)


SIDE = 256


@pytest.fixture
def smears(tmp_path: Path, draw: Draw) -> Path:
    """Twelve fields with a crop each: large nuclei of patients, small ones of healthy people."""
    rows = ["field,label,session,camera,taken,group"]
    origin = ["crop,field,x0,y0,width,height"]
    for folder in ("ALL_IDB1/im", "ALL_IDB1/xyc", "ALL_IDB2/img"):
        (tmp_path / folder).mkdir(parents=True)
    for number in range(12):
        label = number % 2
        name = f"Im{number + 1:03d}_{label}"
        x = 126 + number % 5
        red = [(right, down, 22) for right in (28, 78, 178, 228) for down in range(28, SIDE, 50)]
        pixels = draw((SIDE, SIDE), purple=[(x, 128, 40 if label else 26)], pale=[(x, 128, 46)], red=red)
        Image.fromarray(pixels).save(tmp_path / "ALL_IDB1/im" / f"{name}.png")
        Image.fromarray(pixels).save(tmp_path / "ALL_IDB2/img" / f"{name}.png")
        (tmp_path / "ALL_IDB1/xyc" / f"{name}.xyc").write_text("128\t128\n" if label else "")
        rows.append(f"{name},{label},{'ABCDEF'[number // 2]},Camera,,{name}")
        origin.append(f"{name},{name},0,0,{SIDE},{SIDE}")
    (tmp_path / "ALL_IDB1/sessions.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "ALL_IDB2/crop_origin.csv").write_text("\n".join(origin) + "\n")
    return tmp_path
