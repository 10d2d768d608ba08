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


class HasKinds(Protocol):
    """What finer classes are read from."""

    @property
    def datasets(self) -> tuple[str, ...]:
        """Name of the data set of each picture."""

    @property
    def kinds(self) -> tuple[str | None, ...]:
        """Finer class of each, in the words of its set."""


@dataclass(frozen=True, eq=False)
class CellSet:
    """Crops of cells with their labels.

    Attributes:
        crops: uint8 (n, side, side, 3), RGB, balanced.
        labels: int64 (n,), 1 blast, 0 healthy.
        fields: name of the picture of each cell.
        datasets: name of its data set.
        boxes: its box in that picture, px.
        kinds: finer class of that picture in the words of its data set.
    """

    crops: NDArray[np.uint8]
    labels: NDArray[np.int64]
    fields: tuple[str, ...]
    datasets: tuple[str, ...]
    boxes: tuple[Box, ...]
    kinds: tuple[str | None, ...]

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
    told = [(field, kind, box) for field in fields for kind, box in field.cells if kind != "ignore"]
    if not told:
        raise DataError("No white cell was found in the training data.")
    crops = np.empty((len(told), size, size, 3), np.uint8)  # at once: some gigabytes would else be held twice
    done = 0
    for field in fields:
        boxes = [box for kind, box in field.cells if kind != "ignore"]
        if boxes:
            picture = seen(field, str(input.get("mask", "none")))
            crops[done : done + len(boxes)] = cut_cells(picture, boxes, size, context)
            done += len(boxes)
    return CellSet(
        crops,
        np.array([kind == "blast" for _, kind, _ in told], np.int64),
        tuple(field.name for field, _, _ in told),
        tuple(field.dataset for field, _, _ in told),
        tuple(box for _, _, box in told),
        tuple(field.kind for field, _, _ in told),
    )


def chances(
    cells: Labelled, weights: Mapping[str, float], classes: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """How likely each cell or field is drawn, float64 (n,), sum 1: data sets by weight, all classes of a set alike.

    So a set that shows one class only cannot outweigh the others, and a set with few blasts still shows them.

    Args:
        cells: to draw from.
        weights: of the data sets; one that is not named weighs 0.
        classes: int64 (n,), to be drawn alike instead of the labels; -1 is not drawn.

    Raises:
        DataError: nothing is left to draw.
    """
    datasets = np.array(cells.datasets)
    wanted = cells.labels if classes is None else classes
    found = np.zeros(len(wanted))
    for name, weight in weights.items():
        groups = [np.flatnonzero((datasets == name) & (wanted == one)) for one in np.unique(wanted[wanted >= 0])]
        groups = [group for group in groups if group.size]
        for group in groups:
            found[group] = weight / len(groups) / group.size
    return _shares(found, weights)


def halved(chance: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """The same chances scaled so that blasts and healthy cells are drawn alike in all, float64 (n,)."""
    shares = np.array([chance[labels == label].sum() for label in (0, 1)])
    return chance / (2 * shares[labels]) if shares.all() else chance


def _shares(found: NDArray[np.float64], weights: Mapping[str, float]) -> NDArray[np.float64]:
    total = found.sum()
    if total <= 0:
        raise DataError(f"None of the data sets {', '.join(weights)} is at hand for training.")
    return np.asarray(found / total, np.float64)


@dataclass(frozen=True, eq=False)
class Kinds:
    """The finer classes of some pictures, each set's among themselves.

    Attributes:
        names: ``data set: kind``, in order of the classes.
        classes: int64 (n,), class of each picture, -1 where its set names none.
        allowed: bool (n, number of classes), the classes of the picture's own data set.
    """

    names: tuple[str, ...]
    classes: NDArray[np.int64]
    allowed: NDArray[np.bool_]


def kinds_of(cells: HasKinds) -> Kinds:
    """Finer classes, to learn from in pre-training.

    A set with healthy cells alone teaches blast or healthy only by its look. Telling the kinds of one set apart needs the
    cells: so each picture is compared with the classes of its own set, and with no other.
    """
    named = [
        None if kind is None else f"{dataset}: {kind}"
        for dataset, kind in zip(cells.datasets, cells.kinds, strict=True)
    ]
    names = sorted({name for name in named if name is not None})
    sets = [name.split(": ")[0] for name in names]
    allowed = np.array([[dataset == one for one in sets] for dataset in cells.datasets], np.bool_).reshape(
        len(named), -1
    )
    return Kinds(
        tuple(names), np.array([-1 if name is None else names.index(name) for name in named], np.int64), allowed
    )
