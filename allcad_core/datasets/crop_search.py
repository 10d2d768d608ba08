"""Where a crop lies in which field: a coarse search in all fields, then a check pixel by pixel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from allcad_core.datasets.base import CropRecord, FieldRecord, Progress, grey_of

Grey = NDArray[np.uint8]

COARSE = 12
"""Pixels of the first search are this many pixels of the field wide: a crop of 257 px becomes 21."""

CANDIDATES = 4
"""Fields in which a crop is looked for closely: the best of the coarse search."""

SURE = 0.97
"""Correlation at full size above which a crop was cut from there; recompression costs less than 0.02."""

SAME = 1e-3
"""Places whose correlations differ by less are copies of one field."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place where a crop was cut: field, x0, y0, x1, y1 in its pixels, and how well the pixels agree."""

    crop: str
    field: str
    box: tuple[int, int, int, int]
    correlation: float


@dataclass(frozen=True, slots=True)
class _Hint:
    """Where a crop may lie in a field, in coarse pixels."""

    crop: str
    field: str
    x: int
    y: int
    correlation: float


def locate(
    crops: Sequence[CropRecord], fields: Sequence[FieldRecord], progress: Progress | None = None
) -> dict[str, tuple[Place, ...]]:
    """Places of each crop by its name, best first; several where a field is there twice, none where it was not found.

    Raises:
        DataError: a picture cannot be read.
    """
    planes = {field.name: grey_of(field.path, 1 / COARSE) for field in fields}
    templates = {crop.name: grey_of(crop.path) for crop in crops}
    wanted: dict[str, list[_Hint]] = defaultdict(list)
    for number, (name, template) in enumerate(templates.items(), start=1):
        for hint in _coarse(name, template, planes):
            wanted[hint.field].append(hint)
        if progress is not None:
            progress("Looking for crops", number, len(templates))
    found: dict[str, list[Place]] = {crop.name: [] for crop in crops}
    hinted = [field for field in fields if field.name in wanted]
    for number, field in enumerate(hinted, start=1):
        plane = grey_of(field.path)
        for hint in wanted[field.name]:
            place = _place(hint, templates[hint.crop], plane)
            if place is not None:
                found[hint.crop].append(place)
        if progress is not None:
            progress("Comparing crops with fields", number, len(hinted))
    return {name: tuple(_best_copies(places)) for name, places in found.items()}


def with_origins(
    crops: Sequence[CropRecord], fields: Sequence[FieldRecord], progress: Progress | None = None
) -> tuple[CropRecord, ...]:
    """The same crops; those of unknown origin are located in ``fields``. What is not found there stays unknown."""
    unknown = [crop for crop in crops if not crop.fields]
    places = locate(unknown, fields, progress) if unknown else {}
    return tuple(_with_place(crop, places.get(crop.name, ())) for crop in crops)


def _with_place(crop: CropRecord, places: Sequence[Place]) -> CropRecord:
    if not places:
        return crop
    return replace(crop, fields=tuple(place.field for place in places), origin=places[0].box)


def _coarse(crop: str, template: Grey, planes: dict[str, Grey]) -> list[_Hint]:
    height, width = (max(1, side // COARSE) for side in template.shape)
    small = np.asarray(Image.fromarray(template).resize((width, height), Image.Resampling.BOX))
    hints = [_Hint(crop, name, x, y, score) for name, plane in planes.items() for x, y, score in [_best(plane, small)]]
    return sorted(hints, key=lambda hint: -hint.correlation)[:CANDIDATES]


def _place(hint: _Hint, template: Grey, plane: Grey) -> Place | None:
    """Where the crop lies near the hint at full size; None where the pixels do not agree."""
    height, width = template.shape
    left, top = (max(0, (at - 2) * COARSE) for at in (hint.x, hint.y))
    window = plane[top : top + height + 5 * COARSE, left : left + width + 5 * COARSE]
    x, y, score = _best(window, template)
    if score < SURE:
        return None
    x0, y0 = left + x, top + y
    return Place(hint.crop, hint.field, (x0, y0, x0 + width, y0 + height), score)


def _best(plane: Grey, template: Grey) -> tuple[int, int, float]:
    """Corner and correlation of the best match; correlation -1 where the template is larger than the plane."""
    import cv2

    if any(small > large for small, large in zip(template.shape, plane.shape, strict=True)):
        return 0, 0, -1.0
    scores = cv2.matchTemplate(plane, template, cv2.TM_CCOEFF_NORMED)
    _, score, _, (x, y) = cv2.minMaxLoc(scores)
    return int(x), int(y), float(score)


def _best_copies(places: list[Place]) -> list[Place]:
    """Places that agree as well as the best one does, by field."""
    best = max((place.correlation for place in places), default=0.0)
    return sorted((place for place in places if place.correlation > best - SAME), key=lambda place: place.field)
