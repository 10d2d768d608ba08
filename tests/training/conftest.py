"""Drawn fields with known cells, as training sees them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

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
