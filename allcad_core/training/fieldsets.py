"""Whole fields as small pictures with their labels, and the same fields with every white cell painted over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allcad_core.classification.fields import letterbox
from allcad_core.datasets import allidb1
from allcad_core.errors import DataError
from allcad_core.ground import balance, ground_colour
from allcad_core.training.cellsets import chances, seen
from allcad_core.training.truth import TrueField

__all__ = ["FieldSet", "blank", "chances", "gather", "label"]

REACH = 0.08
"""A white cell is painted over so much further each way, in sides of its box, that no rim of it is left."""


@dataclass(frozen=True, eq=False)
class FieldSet:
    """Fields as a field classifier sees them.

    Attributes:
        pictures: uint8 (n, height, width, 3), RGB, balanced, masked where the network wants it.
        labels: int64 (n,), 1 leukaemia, 0 not.
        names, datasets, kinds: of the fields.
    """

    pictures: NDArray[np.uint8]
    labels: NDArray[np.int64]
    names: tuple[str, ...]
    datasets: tuple[str, ...]
    kinds: tuple[str | None, ...]


def label(field: TrueField) -> int:
    """1 for a field of a patient with leukaemia: what its name says in ALL-IDB, whether it shows a blast elsewhere."""
    if field.dataset == allidb1.NAME:
        return allidb1.label_of(field.name)
    return int(any(kind == "blast" for kind, _ in field.cells))


def gather(fields: Sequence[TrueField], input: Mapping[str, Any]) -> FieldSet:  # noqa: A002  the word of the cards
    """Fields as the network wants to see them: ``height``, ``width``, ``mask``. Raises DataError where there is none."""
    if not fields:
        raise DataError("There are no fields to learn from.")
    size = int(input["height"]), int(input["width"])
    pictures = [letterbox(seen(field, str(input.get("mask", "none"))), *size) for field in fields]
    return FieldSet(
        np.stack(pictures), np.array([label(field) for field in fields], np.int64),
        tuple(field.name for field in fields), tuple(field.dataset for field in fields), tuple(field.kind for field in fields),
    )  # fmt: skip


def blank(field: TrueField) -> TrueField:
    """The field with every white cell painted over in the colour of the ground: what is left tells camera and stain.

    Boxes and regions are painted over whole, so that neither a cell nor its outline is left.

    Raises:
        DataError: the field's pixels are not at hand.
    """
    if field.read is None:
        raise DataError(f"'{field.name}' has no pixels to paint over.")
    taken = field.read()
    pixels, colour = taken.copy(), ground_colour(taken)
    height, width = pixels.shape[:2]
    for x0, y0, x1, y1 in [*(box for _, box in field.cells), *(region.box for region in field.regions)]:
        across, down = REACH * (x1 - x0), REACH * (y1 - y0)
        left, top = max(int(x0 - across), 0), max(int(y0 - down), 0)
        pixels[top : min(int(y1 + down) + 1, height), left : min(int(x1 + across) + 1, width)] = colour
    return replace(field, balanced=balance(pixels, colour), cells=(), regions=(), read=lambda: pixels)
