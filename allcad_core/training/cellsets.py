"""Crops of cells with their labels: cut once, drawn from in fair shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from allcad_core.classification.cells import cut_cells
from allcad_core.classification.masking import mask_out
from allcad_core.errors import DataError
from allcad_core.results import Box
from allcad_core.segmentation import segment
from allcad_core.training.truth import TrueField


class Labelled(Protocol):
    """What a fair draw needs to know of pictures."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """0 or 1 each, (n,)."""

    @property
    def datasets(self) -> tuple[str, ...]:
        """Name of the data set of each."""


@dataclass(frozen=True, eq=False)
class CellSet:
    """Crops of cells with their labels.

    Attributes:
        crops: uint8 (n, side, side, 3), RGB, balanced.
        labels: int64 (n,), 1 blast, 0 healthy.
        fields: name of the picture of each cell.
        datasets: name of its data set.
        boxes: its box in that picture, px.
    """

    crops: NDArray[np.uint8]
    labels: NDArray[np.int64]
    fields: tuple[str, ...]
    datasets: tuple[str, ...]
    boxes: tuple[Box, ...]

    def __len__(self) -> int:
        return len(self.labels)


def seen(field: TrueField, mask: str = "none") -> NDArray[np.uint8]:
    """The picture as a classifier sees it: balanced, and masked by the named method, uint8 (height, width, 3)."""
    if mask == "none":
        return field.balanced
    if field.read is None:
        raise DataError(f"'{field.name}' has no pixels to mask.")
    return mask_out(field.balanced, segment(field.read(), mask).cell)


def gather(
    fields: Sequence[TrueField],
    input: Mapping[str, Any],  # noqa: A002  the word of the cards
    margin: float = 1.0,
) -> CellSet:
    """All counted cells of the pictures.

    Args:
        fields: pictures with their cells.
        input: what the network wants to see: ``size`` in px, ``context``, and ``mask`` where it is masked.
        margin: crops are cut so much larger, in px and in what they show, for augmentation to turn and shift.

    Raises:
        DataError: there is no cell.
    """
    size, context = round(int(input["size"]) * margin), float(input["context"]) * margin
    crops, labels, names, datasets, boxes = [], [], [], [], []
    for field in fields:
        counted = [(kind, box) for kind, box in field.cells if kind != "ignore"]
        if not counted:
            continue
        crops.append(cut_cells(seen(field, str(input.get("mask", "none"))), [box for _, box in counted], size, context))
        labels += [int(kind == "blast") for kind, _ in counted]
        boxes += [box for _, box in counted]
        names += [field.name] * len(counted)
        datasets += [field.dataset] * len(counted)
    if not labels:
        raise DataError("No white cell was found in the training data.")
    return CellSet(np.concatenate(crops), np.array(labels, np.int64), tuple(names), tuple(datasets), tuple(boxes))


def chances(cells: Labelled, weights: Mapping[str, float]) -> NDArray[np.float64]:
    """How likely each cell or field is drawn, float64 (n,), sum 1: data sets by weight, both classes of a set alike.

    So a set that shows one class only cannot outweigh the others, and a set with few blasts still shows them.

    Args:
        cells: to draw from.
        weights: of the data sets; one that is not named weighs 0.

    Raises:
        DataError: nothing is left to draw.
    """
    datasets = np.array(cells.datasets)
    found = np.zeros(len(cells.labels))
    for name, weight in weights.items():
        groups = [np.flatnonzero((datasets == name) & (cells.labels == label)) for label in (0, 1)]
        groups = [group for group in groups if group.size]
        for group in groups:
            found[group] = weight / len(groups) / group.size
    total = found.sum()
    if total <= 0:
        raise DataError(f"None of the data sets {', '.join(weights)} is at hand for training.")
    return np.asarray(found / total, np.float64)
