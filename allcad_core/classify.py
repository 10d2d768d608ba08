"""One crop or one field to one answer: what ``allcad classify`` says of a file, and what training evaluates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from time import perf_counter
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from allcad_core import devices, models, quality
from allcad_core.analysis import cell_aggregate, cell_classifier, seen
from allcad_core.classification import CellAggregate, CellClassifier, FieldClassifier
from allcad_core.classification.crops import central
from allcad_core.detection import propose
from allcad_core.errors import AllcadError, UnknownNameError
from allcad_core.ground import balance, ground_colour
from allcad_core.images import SmearImage
from allcad_core.recipes import DEFAULT_RECIPE, recipe
from allcad_core.results import Box, Note, Timing
from allcad_core.segmentation import Region, Segmentation, methods, segment

if TYPE_CHECKING:
    import torch

Task = Literal["cell", "field"]
UNMASKED = "none"
BOXED_BY = "stain"
"""The segmentation that finds the cell of a crop, whichever method masks it."""
NO_CELL = Note("no_cell", "No white cell was found in this crop; all of it was judged.")


@dataclass(frozen=True, slots=True)
class Classified:
    """What a classifier says of one picture.

    Attributes:
        image: name or path as given.
        model: the card that was used.
        task: ``cell`` for a crop of one white cell, ``field`` for a whole field.
        label: ``blast`` or ``healthy`` for a cell, ``ALL`` or ``normal`` for a field.
        probability: calibrated, of blast or ALL, 0..1.
        threshold: from which probability on the label is blast or ALL; chosen out of fold.
        warnings: what a person should know, from reading and from looking.
        timing_ms: milliseconds of each step.
    """

    image: str
    model: str
    task: Task
    label: str
    probability: float
    threshold: float
    warnings: tuple[Note, ...]
    timing_ms: Timing


def known(task: Task) -> list[str]:
    """Names of the classifiers that ship for a task."""
    return [name for name, card in models.cards().items() if card.task == task]


def model_for(task: Task, name: str | None = None) -> str:
    """The card that is meant by a name: itself, or its form for the task (``lightweight`` of fields).

    Without a name, the best one of the task where one is called so, else the one that ``analyse`` uses, else the first.

    Raises:
        UnknownNameError: there is none of this name for the task.
        AllcadError: none ships for the task.
    """
    names = known(task)
    if name is None:
        liked = [f"best_{task}", recipe(DEFAULT_RECIPE).classifier, *names]
        for each in liked:
            if each in names:
                return each
        raise AllcadError(f"No classifier of a {task} is among the weights; 'allcad train' makes one.")
    for each in (name, f"{name}_{task}"):
        if each in names:
            return each
    raise UnknownNameError(f"{task} classifier", name, names)


def _other_mask(classifier: CellClassifier | FieldClassifier, mask: str | None) -> tuple[Note, ...]:
    if mask in {None, classifier.mask}:
        return ()
    trained = "pictures as they are" if classifier.mask == UNMASKED else f"pictures masked by '{classifier.mask}'"
    words = f"'{classifier.name}' was trained on {trained}; on others its probability is not calibrated."
    return (Note("other_mask", words),)


def check_mask(mask: str | None) -> None:
    """Raise UnknownNameError where a mask is neither ``none`` nor a segmentation method."""
    if mask not in {None, UNMASKED, *methods()}:
        raise UnknownNameError("mask", str(mask), [UNMASKED, *methods()])


def cell_box(pixels: NDArray[np.uint8], device: str | None = None) -> Box | None:
    """Box of the white cell that a crop is about, in px of the crop; ``None`` where none is found.

    Args:
        pixels: uint8 (height, width, 3), RGB.
        device: see ``devices.choose``.
    """
    region = central_region(pixels, device)
    return None if region is None else region.box


def central_region(pixels: NDArray[np.uint8], device: str | None = None) -> Region | None:
    """The white cell that a crop is about, likewise."""
    regions = segment(pixels, BOXED_BY, device).regions
    height, width = pixels.shape[:2]
    index = central([region.box for region in regions], [region.area for region in regions], width, height)
    return None if index is None else regions[index]


def classify_crop(
    image: SmearImage,
    model: str | None = None,
    *,
    mask: str | None = None,
    device: str | None = None,
    read_ms: float = 0.0,
) -> Classified:
    """Say whether a crop of one white cell shows a blast; the cell is found and cut as in ``analyse``.

    Args:
        image: the crop.
        model: a cell classifier; see ``model_for``.
        mask: what else than white cells becomes ground: a segmentation method or ``none``; the card's own without it.
        device: see ``devices.choose``.
        read_ms: how long reading took, for the timings.

    Raises:
        UnknownNameError: no such model or mask.
        ModelError: its weights are missing or damaged.
        DeviceError: no such device.
    """
    check_mask(mask)
    where = devices.choose(device)
    classifier = cell_classifier(model_for("cell", model), where)
    clock = _Clock(read_ms)
    box = cell_box(image.pixels, str(where))
    shown = seen(image.pixels, balance(image.pixels), mask or classifier.mask, str(where))
    clock.lap("segment")
    whole = (0.0, 0.0, float(image.width), float(image.height))
    chance = float(classifier.probabilities(shown, [box or whole])[0])
    clock.lap("classify")
    return Classified(
        image=image.name,
        model=classifier.name,
        task="cell",
        label="blast" if chance >= classifier.threshold else "healthy",
        probability=chance,
        threshold=classifier.threshold,
        warnings=image.warnings + (() if box else (NO_CELL,)) + _other_mask(classifier, mask),
        timing_ms=clock.timing(),
    )


def classify_field(
    image: SmearImage,
    model: str | None = None,
    *,
    mask: str | None = None,
    device: str | None = None,
    read_ms: float = 0.0,
) -> Classified:
    """Say whether a whole field comes from a patient with ALL. Arguments and errors as ``classify_crop``."""
    check_mask(mask)
    where = devices.choose(device)
    judge = field_judge(model_for("field", model), where)
    clock = _Clock(read_ms)
    colour = ground_colour(image.pixels)
    balanced = balance(image.pixels, colour)
    segmentation = segment(image.pixels, BOXED_BY, str(where))
    if isinstance(judge, CellAggregate):
        clock.lap("segment")
        chances = cell_chances(image, balanced, segmentation, judge, mask, where)
        chance = float(judge.probabilities([chances])[0])
        other: tuple[Note, ...] = _other_mask(cell_classifier(judge.cells, where), mask)
    else:
        masks = masks_for(image, segmentation, judge, mask, where)
        clock.lap("segment")
        chance, other = float(judge.probabilities([balanced], masks)[0]), _other_mask(judge, mask)
    clock.lap("classify")
    threshold = judge.card.threshold
    doubts = quality.check(image.pixels, colour, segmentation.red_cell_diameter, segmentation.nucleus)
    return Classified(
        image=image.name,
        model=judge.card.name,
        task="field",
        label="ALL" if chance >= threshold else "normal",
        probability=chance,
        threshold=threshold,
        warnings=image.warnings + doubts + other,
        timing_ms=clock.timing(),
    )


def masks_for(
    image: SmearImage, segmentation: Segmentation, classifier: FieldClassifier, mask: str | None, where: torch.device
) -> list[NDArray[np.bool_]] | None:
    """What a network may see of the field; ``None`` for all of it."""
    chosen = mask or classifier.mask
    if chosen != UNMASKED:
        cells = segmentation if chosen == BOXED_BY else segment(image.pixels, chosen, str(where))
        return [cells.cell]
    if classifier.mask != UNMASKED:
        return [np.ones(image.pixels.shape[:2], bool)]  # asked for: all of the picture, against the card
    return None


def cell_chances(
    image: SmearImage, balanced: NDArray[np.uint8], segmentation: Segmentation, judge: CellAggregate, mask: str | None,
    where: torch.device,
) -> NDArray[np.float64]:  # fmt: skip
    """What the aggregate's own cell classifier says of every white cell, in the order of ``detection.propose``."""
    classifier = cell_classifier(judge.cells, where)
    shown = seen(image.pixels, balanced, mask or classifier.mask, str(where))
    return classifier.probabilities(shown, propose(segmentation.regions).box_list())


CLASSIFY: dict[Task, Callable[..., Classified]] = {"cell": classify_crop, "field": classify_field}
"""What judges a picture, by task."""


@cache
def field_classifier(name: str, device: torch.device) -> FieldClassifier:
    """The shared field classifier of a card on a device."""
    return FieldClassifier.load(name, device)


def field_judge(name: str, device: torch.device) -> FieldClassifier | CellAggregate:
    """What judges whole fields under this card: a network of pictures, or an aggregate of cells."""
    by_cells = "cells" in models.card(name).input
    return cell_aggregate(name) if by_cells else field_classifier(name, device)


class _Clock:
    """Times the steps of one picture."""

    def __init__(self, read_ms: float) -> None:
        self._timing = Timing(read=read_ms)
        self._start = self._last = perf_counter()

    def lap(self, step: str) -> None:
        now = perf_counter()
        self._timing = replace(self._timing, **{step: 1000 * (now - self._last)})
        self._last = now

    def timing(self) -> Timing:
        return replace(self._timing, total=self._timing.read + 1000 * (perf_counter() - self._start))
