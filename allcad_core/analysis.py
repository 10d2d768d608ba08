"""The one path of a picture: read -> quality -> segment -> detect -> classify -> ``FieldAnalysis``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from allcad_core import compiled, devices, quality
from allcad_core.classification import CellAggregate, CellClassifier, mask_out
from allcad_core.detection import Detections, match, propose, scale
from allcad_core.errors import AllcadError, ModelError
from allcad_core.ground import balance, ground_colour
from allcad_core.images import SmearImage, read
from allcad_core.models import card
from allcad_core.recipes import REGIONS, Recipe, recipe
from allcad_core.results import (
    REVIEW_HIGH,
    REVIEW_LOW,
    Cell,
    FieldAnalysis,
    FieldOpinion,
    Label,
    Models,
    Note,
    Quality,
    Timing,
)
from allcad_core.segmentation import Region, Segmentation, segment

Progress = Callable[[str, int, int], None]
"""Called with the step in words, its number and the number of steps."""

GPU_FULL = Note("gpu_memory", "The GPU had not enough memory for this photograph; the CPU looked at it.")

STEPS = ("Masking what is stained", "Finding white cells", "Judging each cell")


def analyse_file(source: bytes | str | Path, model: str | None = None, **options: object) -> FieldAnalysis:
    """Read a picture and analyse it; the time of reading is part of the timings. See ``analyse``."""
    start = perf_counter()
    image = read(source)
    return analyse(image, model, read_ms=1000 * (perf_counter() - start), **options)  # type: ignore[arg-type]


def analyse(
    image: SmearImage,
    model: str | None = None,
    *,
    device: str | None = None,
    backend: str | None = None,
    confidence: float | None = None,
    progress: Progress | None = None,
    read_ms: float = 0.0,
) -> FieldAnalysis:
    """Find and judge the white cells of one field.

    A GPU that has not enough memory for it leaves it to the CPU, with a warning.

    Args:
        image: the field.
        model: name of a recipe; the default one without it.
        device: see ``devices.choose``.
        backend: see ``compiled.choose``.
        confidence: scores below this are hidden; every cell stays in ``every_cell``.
        progress: told before each step.
        read_ms: how long reading took, for the timings.

    Raises:
        UnknownNameError: no such recipe.
        ModelError: a weight file is missing or damaged.
        DeviceError: no such device or backend.
        AllcadError: ``confidence`` is not within 0..1.
    """
    chosen = recipe(model)
    where = place(chosen, device, backend)
    _check(confidence)
    try:
        return _whole(image, chosen, where, confidence, progress, read_ms)
    except RuntimeError as error:
        if where.type != "cuda" or not devices.is_out_of_memory(error):
            raise
        spare = place(chosen, "cpu", None)
    found = _whole(image, chosen, spare, confidence, progress, read_ms)
    return replace(found, warnings=(*found.warnings, GPU_FULL))


def place(
    chosen: Recipe, device: str | None = None, backend: str | None = None, *, make: bool = False
) -> devices.Device:
    """Where a recipe computes, and by what; see ``compiled.choose``, and with ``make``, ``compiled.choose_and_make``."""
    choose = compiled.choose_and_make if make else compiled.choose
    return choose(device, backend, networks(chosen))


def networks(chosen: Recipe) -> list[str]:
    """The networks of a recipe that can be compiled."""
    known = compiled.names()
    return [name for name in (chosen.detector, chosen.classifier, chosen.segmenter) if name in known]


def _whole(
    image: SmearImage,
    chosen: Recipe,
    where: devices.Device,
    confidence: float | None,
    progress: Progress | None,
    read_ms: float,
) -> FieldAnalysis:
    """All steps on one device."""
    tell = progress or (lambda *_: None)
    if chosen.classifier is not None:
        cell_classifier(chosen.classifier, where)  # loaded before the clock runs
    tell(STEPS[0], 1, len(STEPS))
    prepared = prepare(image, chosen.segmenter, where)
    return answer(image, prepared, chosen, where, confidence=confidence, progress=tell, read_ms=read_ms)


@dataclass(frozen=True, eq=False)
class Prepared:
    """What every model needs of a picture; several that look at the same one share it.

    Attributes:
        balanced: uint8 (height, width, 3), RGB, the ground made equally bright.
        segmentation: of the picture.
        quality: what the photograph is like.
        doubts: what a person should know of it.
        milliseconds: that all this took.
    """

    balanced: NDArray[np.uint8]
    segmentation: Segmentation
    quality: Quality
    doubts: tuple[Note, ...]
    milliseconds: float


def prepare(image: SmearImage, segmenter: str, where: devices.Device) -> Prepared:
    """Balance, segment and check a picture. Raises UnknownNameError for a method that is not known."""
    start = perf_counter()
    with ThreadPoolExecutor(1) as beside:  # neither needs the other, and OpenCV lets a second processor work
        balancing = beside.submit(_balanced, image.pixels)
        found = segment(image.pixels, segmenter, where)
    colour, balanced, focus = balancing.result()
    seen = (image.pixels, colour, found.red_cell_diameter, found.nucleus)
    measured = quality.measure(*seen, len(found.regions), focus)
    doubts = quality.check(*seen, measured)
    return Prepared(balanced, found, measured, doubts, 1000 * (perf_counter() - start))


def _balanced(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.uint8], float]:
    """The colour of the ground, the picture balanced by it, and its sharpness."""
    colour = ground_colour(pixels)
    return colour, balance(pixels, colour), quality.sharpness(pixels, colour)


def answer(
    image: SmearImage,
    prepared: Prepared,
    chosen: Recipe,
    where: devices.Device,
    *,
    confidence: float | None = None,
    progress: Progress | None = None,
    read_ms: float = 0.0,
) -> FieldAnalysis:
    """What one recipe says of a prepared picture; arguments and errors as ``analyse``."""
    _check(confidence)
    tell = progress or (lambda *_: None)
    classifier = None if chosen.classifier is None else cell_classifier(chosen.classifier, where)
    balanced, segmentation = prepared.balanced, prepared.segmentation
    times = [perf_counter()]

    tell(STEPS[1], 2, len(STEPS))
    found = _detect(chosen.detector, balanced, segmentation, where)
    times.append(perf_counter())

    tell(STEPS[2], 3, len(STEPS))
    shown = balanced if classifier is None else seen(image.pixels, balanced, classifier.mask, where)
    cells = judge(
        found,
        shown,
        segmentation.regions,
        detector=chosen.detector,
        classifier=classifier,
        relabels=chosen.relabels,
    )
    times.append(perf_counter())

    opinion, missing = _opinion(chosen, cells)
    total = read_ms + prepared.milliseconds + 1000 * (perf_counter() - times[0])
    detecting, classifying = (1000 * (end - start) for start, end in pairwise(times))
    return FieldAnalysis(
        image=image.name,
        width=image.width,
        height=image.height,
        sha256=image.sha256,
        recipe=chosen.name,
        models=Models(chosen.detector, chosen.classifier, chosen.segmenter),
        device=str(where),
        backend="compiled" if isinstance(where, devices.CompiledCpu) else "torch",
        confidence=chosen.default_confidence if confidence is None else confidence,
        every_cell=cells,
        warnings=image.warnings + prepared.doubts + missing,
        timing_ms=Timing(read_ms, prepared.milliseconds, detecting, classifying, total),
        quality=prepared.quality,
        opinion=opinion,
    )


def _opinion(chosen: Recipe, cells: Sequence[Cell]) -> tuple[FieldOpinion | None, tuple[Note, ...]]:
    """What the recipe's model of whole fields makes of these cells; a model that is missing takes no answer with it."""
    chances = [cell.p_blast for cell in cells if cell.p_blast is not None]
    if chosen.field is None or not chances:
        return None, ()
    try:
        judge = cell_aggregate(chosen.field)
    except ModelError as error:
        return None, (Note("no_second_look", f"There is no second look at the field as a whole. {error}"),)
    if judge.cells != chosen.classifier:
        raise ModelError(f"'{chosen.field}' listens to '{judge.cells}', not to '{chosen.classifier}'.")
    (chance,) = judge.probabilities([np.array(chances)])
    return FieldOpinion(judge.card.name, float(chance), judge.card.threshold), ()


def _check(confidence: float | None) -> None:
    if confidence is not None and not 0 <= confidence <= 1:
        raise AllcadError(f"A confidence lies between 0 and 1; {confidence} does not.")


def seen(
    pixels: NDArray[np.uint8],
    balanced: NDArray[np.uint8],
    mask: str,
    device: str | devices.Device | None = None,
) -> NDArray[np.uint8]:
    """The picture as a classifier sees it: balanced, and where it wants that, with nothing but white cells.

    Args:
        pixels: uint8 (height, width, 3), RGB.
        balanced: the same, balanced.
        mask: the segmentation method that says what a white cell is, or ``none`` for all of the picture.
        device: see ``devices.choose``.
    """
    return balanced if mask == "none" else mask_out(balanced, segment(pixels, mask, device).cell)


@cache
def cell_classifier(name: str, device: devices.Device) -> CellClassifier:
    """The shared classifier of a card on a device."""
    if isinstance(device, devices.CompiledCpu):
        return CellClassifier(card(name), None, device, compiled.load(name))
    return CellClassifier.load(name, device)


@cache
def cell_aggregate(name: str) -> CellAggregate:
    """The shared aggregate of cells of a card."""
    return CellAggregate.load(name)


def _detect(
    name: str,
    balanced: NDArray[np.uint8],
    segmentation: Segmentation,
    device: devices.Device,
) -> Detections:
    if name == REGIONS:
        return propose(segmentation.regions)
    from allcad_core.detection.ultralytics import yolo

    return yolo(name, device).detect(balanced, scale(segmentation.red_cell_diameter, segmentation.regions))


def judge(
    found: Detections,
    balanced: NDArray[np.uint8],
    regions: Sequence[Region],
    *,
    detector: str,
    classifier: CellClassifier | None,
    relabels: bool = False,
) -> tuple[Cell, ...]:
    """Cells from boxes: labelled, flagged, measured; best score first.

    Where the detector brings no label, or the classifier ``relabels``, the classifier gives it, and the score is how sure
    both are: the detector of the box, the classifier of the label. Without either, a cell stays ``unsure``.
    """
    boxes = found.box_list()
    chances = None if classifier is None else classifier.probabilities(balanced, boxes)
    owners = match(found.boxes, [region.box for region in regions])
    cells = []
    for index, box in enumerate(boxes):
        chance = None if chances is None else float(chances[index])
        opinion: Label = "unsure" if classifier is None or chance is None else _label(chance, classifier.threshold)
        own = None if found.labels is None else found.labels[index]
        label = opinion if own is None or relabels else own
        score = float(found.scores[index])
        if (own is None or relabels) and chance is not None:
            score *= chance if label == "blast" else 1 - chance
        owner = owners[index]
        region = None if owner is None else regions[owner]
        spoken = {} if chance is None or classifier is None else {classifier.name: chance}
        if own is not None:
            spoken[detector] = float(found.scores[index]) if own == "blast" else 1 - float(found.scores[index])
        cells.append(
            Cell(
                box=box,
                label=label,
                score=min(max(score, 0.0), 1.0),
                p_blast=chance,
                probabilities=spoken,
                outline=() if region is None else region.outline,
                measures={} if region is None else region.measures,
                flags=_flags(box, own, opinion, chance, balanced.shape),
            )
        )
    return tuple(sorted(cells, key=lambda cell: -cell.score))


def _label(chance: float, threshold: float) -> Label:
    return "blast" if chance >= threshold else "healthy"


def _flags(
    box: tuple[float, ...], own: Label | None, opinion: Label, chance: float | None, shape: tuple[int, ...]
) -> tuple[str, ...]:
    height, width = shape[:2]
    tests = {
        "disagree": own is not None and opinion not in {"unsure", own},
        "uncertain": chance is not None and REVIEW_LOW <= chance <= REVIEW_HIGH,
        "border": box[0] <= 1 or box[1] <= 1 or box[2] >= width - 1 or box[3] >= height - 1,
    }
    return tuple(name for name, holds in tests.items() if holds)
