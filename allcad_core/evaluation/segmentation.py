"""How the masks of a segmentation method lie over those of experts, picture by picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from allcad_core.datasets import CropRecord, FieldRecord, allidb1, allidb2, wbc_segmentation
from allcad_core.datasets.boxes import ignored_boxes
from allcad_core.errors import DataError
from allcad_core.predictions import MaskPrediction
from allcad_core.results import Box
from allcad_core.segmentation import Segmentation, segment
from allcad_core.segmentation.overlap import overlap

T = TypeVar("T")
Mask = NDArray[np.bool_]
Run = Callable[[NDArray[np.uint8]], Segmentation]
"""Pixels to a segmentation."""
Tell = Callable[[str, int, int], None]
"""Told the picture, its number and how many there are."""

RAPID, USUAL = "WBC-segmentation/dataset1", "WBC-segmentation/dataset2"
"""The two parts of WBC_segmentation, stained rapidly and as usual."""
SETS = (allidb2.NAME, RAPID, USUAL, allidb1.NAME)
"""Sets with expert masks, in the order of the table."""
KNOWN = (allidb2.NAME, allidb1.NAME)
"""Sets that constants and networks are fitted on: their figures are out of fold."""


@dataclass(frozen=True)
class Masked:
    """One picture with expert masks, read when asked for.

    Attributes:
        dataset: one of ``SETS``.
        name: of the picture.
        group: pictures that show the same cells share one.
        session: sitting of the photograph, where known.
        read: gives pixels and masks by structure.
        aside: boxes that hold what experts left out, smudge cells above all.
    """

    dataset: str
    name: str
    group: str
    session: str | None
    read: Callable[[], tuple[NDArray[np.uint8], dict[str, Mask]]]
    aside: tuple[Box, ...] = ()


@dataclass(frozen=True)
class Overlap:
    """Dice coefficients of one method.

    Attributes:
        method: its name.
        by_crop: Dice of the nucleus masks, by name of crop.
    """

    method: str
    by_crop: Mapping[str, float]

    @property
    def mean(self) -> float:
        """Mean over crops, 0..1."""
        return float(np.mean(list(self.by_crop.values())))


def dice(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Dice coefficient, 2 |A and B| / (|A| + |B|): 1 where both are empty.

    Args:
        one: bool, any shape.
        other: bool, the same shape.

    >>> dice(np.array([True, True, False]), np.array([True, False, False]))
    0.6666666666666666
    """
    total = int(one.sum()) + int(other.sum())
    return 2 * int((one & other).sum()) / total if total else 1.0


def nucleus_dice(method: str, data: Path, device: str | None = None) -> Overlap:
    """Dice of the nucleus mask with the nuclei that the experts drew, on every crop of ALL-IDB2 that has a mask.

    Args:
        method: see ``segmentation.methods``.
        data: the data folder.
        device: see ``devices.choose``.

    Raises:
        UnknownNameError: no such method.
        DataError: there are no crops with masks.
    """
    crops = [crop for crop in allidb2.crops(data) if crop.mask is not None]
    if not crops:
        raise DataError(f"No expert masks of {allidb2.NAME} lie in '{data}'.")
    return Overlap(
        method,
        {
            crop.name: dice(segment(crop.read().pixels, method, device).nucleus, crop.read_masks().nucleus)
            for crop in crops
        },
    )


def pictures(data: Path, datasets: Sequence[str] = SETS) -> list[Masked]:
    """Every picture with expert masks in the data folder. Raises DataError where there is none at all."""
    found: list[Masked] = []
    fields = _or_none(allidb1.fields, data)
    if allidb2.NAME in datasets:
        of_field = {field.name: field for field in fields}
        found += [_crop(crop, allidb2.NAME, of_field) for crop in _or_none(allidb2.crops, data) if crop.mask]
    for crop in _or_none(wbc_segmentation.crops, data):
        name = f"{wbc_segmentation.NAME}/{crop.name.partition('/')[0]}"
        if name in datasets:
            found.append(_crop(crop, name, {}))
    if allidb1.NAME in datasets:
        ignored = ignored_boxes()
        found += [_field(field, ignored.get(field.name, ())) for field in fields if field.white_mask]
    if not found:
        raise DataError(f"No expert masks lie in '{data}'.")
    return found


def _or_none(reader: Callable[[Path], Sequence[T]], data: Path) -> Sequence[T]:
    """What a reader finds; nothing where its set is not in the folder."""
    try:
        return reader(data)
    except DataError:
        return ()


def _crop(crop: CropRecord, dataset: str, fields: Mapping[str, FieldRecord]) -> Masked:
    field = next((fields[name] for name in crop.fields if name in fields), None)
    own = crop.fields[0] if crop.fields else crop.group or crop.name

    def read() -> tuple[NDArray[np.uint8], dict[str, Mask]]:
        masks = crop.read_masks()
        return crop.read().pixels, {"nucleus": masks.nucleus, "cell": masks.cell}

    group = (field.group if field else None) or own
    return Masked(dataset, crop.name, group, field.session if field else None, read)


def _field(field: FieldRecord, aside: tuple[Box, ...]) -> Masked:
    def read() -> tuple[NDArray[np.uint8], dict[str, Mask]]:
        return field.read().pixels, {"cell": field.read_white_mask()}

    return Masked(allidb1.NAME, field.name, field.group or field.name, field.session, read, aside)


def measure(
    run: Run, chosen: Sequence[Masked], folds: Mapping[tuple[str, str], int] | None = None, tell: Tell | None = None
) -> list[MaskPrediction]:
    """Run a method on pictures and count pixels.

    Args:
        run: the method.
        chosen: see ``pictures``.
        folds: of the pictures, by data set and name; -1 for others.
        tell: told each picture when it is done.
    """
    rows: list[MaskPrediction] = []
    for number, picture in enumerate(chosen, start=1):
        pixels, drawn = picture.read()
        found = run(pixels)
        fold = (folds or {}).get((picture.dataset, picture.name), -1)
        rows += overlap(picture.dataset, picture.name, found, drawn, fold, picture.aside)
        if tell is not None:
            tell(picture.name, number, len(chosen))
    return rows


def dice_of(row: MaskPrediction) -> float:
    """Dice coefficient of one picture; 1 where both masks are empty."""
    total = row.found + row.drawn
    return 2 * row.shared / total if total else 1.0


def iou_of(row: MaskPrediction) -> float:
    """Intersection over union of one picture; 1 where both masks are empty."""
    union = row.found + row.drawn - row.shared
    return row.shared / union if union else 1.0
