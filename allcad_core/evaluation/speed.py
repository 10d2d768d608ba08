"""How long each shipped model takes on this machine: a cell, a whole field, or a field with all its boxes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from allcad_core import compiled, devices
from allcad_core.analysis import answer, cell_classifier, place, prepare, seen
from allcad_core.classification import CellAggregate
from allcad_core.classify import field_judge
from allcad_core.compared import looks
from allcad_core.detection import propose
from allcad_core.errors import DataError, UnknownNameError
from allcad_core.evaluation.latency import Times
from allcad_core.images import SmearImage
from allcad_core.recipes import DEFAULT_RECIPE, Recipe, recipe

if TYPE_CHECKING:
    import torch

REPEATS = 5
WARM_UP = 1


@dataclass(frozen=True, slots=True)
class Speed:
    """How long a model takes.

    Attributes:
        model: its name.
        times: milliseconds for one ``per``.
        per: ``cell`` or ``field``.
        device: where, as torch names it.
    """

    model: str
    times: Times
    per: str
    device: str


def measure(model: str, task: str, image: SmearImage, device: str | None = None, repeats: int = REPEATS) -> Speed:
    """Time one model on one photograph, its weights loaded.

    Args:
        model: a cell or field classifier, or one of ``compared.looks``.
        task: ``cell``: crops to probabilities, divided by the number of cells; ``field``: picture to probability;
            ``detect``: picture to labelled boxes, the segmentation on which the scale rests included.
        image: a field with white cells.
        device: see ``devices.choose``.
        repeats: runs that count, after ``WARM_UP`` that do not.

    Raises:
        UnknownNameError: no such model.
        DataError: the field has no white cell on which a cell classifier could be timed.
        ModelError: weights are missing or damaged.
    """
    if task == "field":
        by_torch = devices.choose(device)
        return Speed(model, _field(model, image, by_torch, repeats), "field", str(by_torch))
    if task == "cell":
        where: devices.Device = compiled.choose(device, None, [model] if model in compiled.names() else [])
        return Speed(model, _cell(model, image, where, repeats), "cell", str(where))
    known = {entry.name: entry for entry in looks()}
    if model not in known:
        raise UnknownNameError("model", model, list(known))
    where = place(known[model], device)
    return Speed(model, _boxes(known[model], image, where, repeats), "field", str(where))


def _cell(model: str, image: SmearImage, where: devices.Device, repeats: int, *, whole: bool = False) -> Times:
    """For one cell, or with ``whole`` for all cells of the field."""
    classifier = cell_classifier(model, where)
    prepared = prepare(image, recipe(DEFAULT_RECIPE).segmenter, where)
    boxes = propose(prepared.segmentation.regions).box_list()
    if not boxes:
        raise DataError(f"{image.name} shows no white cell on which a classifier could be timed.")
    shown = seen(image.pixels, prepared.balanced, classifier.mask, where)
    return _timed(lambda: classifier.probabilities(shown, boxes), repeats, 1 if whole else len(boxes))


def _field(model: str, image: SmearImage, where: torch.device, repeats: int) -> Times:
    """The network's time; for an aggregate that of judging the cells, since adding them up takes none."""
    classifier = field_judge(model, where)
    if isinstance(classifier, CellAggregate):
        return _cell(classifier.cells, image, where, repeats, whole=True)
    prepared = prepare(image, recipe(DEFAULT_RECIPE).segmenter, where)
    masks = None if classifier.mask == "none" else [prepared.segmentation.cell]
    return _timed(lambda: classifier.probabilities([prepared.balanced], masks), repeats)


def _boxes(chosen: Recipe, image: SmearImage, where: devices.Device, repeats: int) -> Times:
    """Segmentation and boxes; the classifier's time counts where the labels are its own."""

    def once() -> float:
        prepared = prepare(image, chosen.segmenter, where)
        spent = answer(image, prepared, chosen, where).timing_ms
        return spent.segment + spent.detect + (spent.classify if chosen.is_judged else 0.0)

    times = [once() for _ in range(repeats + WARM_UP)][WARM_UP:]
    return _times(times, 1)


def _timed(work: Callable[[], object], repeats: int, count: int = 1) -> Times:
    times = []
    for _ in range(repeats + WARM_UP):
        start = perf_counter()
        work()
        times.append(1000 * (perf_counter() - start))
    return _times(times[WARM_UP:], count)


def _times(milliseconds: list[float], count: int) -> Times:
    middle, high = np.quantile(milliseconds, [0.5, 0.95])
    return Times(float(middle) / count, float(high) / count)
