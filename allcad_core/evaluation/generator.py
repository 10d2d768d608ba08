"""How well a recipe that has only seen real fields finds the cells of generated ones: whether the samples are fair."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from allcad_core.analysis import analyse, recipe
from allcad_core.evaluation.points import Labelled, matched_points
from allcad_core.images import from_array
from allcad_core.intervals import Proportion, wilson
from allcad_core.results import Box, holds
from allcad_core.synthesis import GeneratedCell, generate

FIRST_SEED = 1000
"""Of the fields looked at; neither samples nor training use seeds from here on up to ``FIRST_SEED + FIELDS``."""
FIELDS = 24
SIZE = (1280, 960)
"""Width, height in px."""
LABELS = ("blast", "healthy")
FALSE_BOXES = 1.0
"""False boxes a field at which the recall is told."""

Tell = Callable[[str, int, int], None]
"""Told what is being done, the field done and how many there are."""


@dataclass(frozen=True)
class Looked:
    """One generated field: its true cells, and every box that the recipe drew on it, whatever its score."""

    cells: tuple[GeneratedCell, ...]
    boxes: tuple[Labelled, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """Cells found of cells there are, with the Wilson interval of their share."""

    found: int
    cells: int
    recall: Proportion


@dataclass(frozen=True)
class LabelFigures:
    """Figures of one label at one confidence.

    Attributes:
        label: ``blast`` or ``healthy``.
        confidence: boxes under this score do not count.
        all: cells of the label whose centre lies in a box of that label of their own.
        by_kind: the same, a kind of cell at a time.
        mislabelled: cells that are not found so, but lie in a box of another label.
        false_boxes: boxes of the label that hold no centre of such a cell, over all fields.
        false_per_field: their mean number.
    """

    label: str
    confidence: float
    all: Share
    by_kind: dict[str, Share]
    mislabelled: int
    false_boxes: int
    false_per_field: float


@dataclass(frozen=True)
class GeneratorReport:
    """Figures of a recipe on generated fields.

    Attributes:
        recipe: its name.
        fields, first_seed, size: what was looked at; size is width, height in px.
        at_false_boxes: each label at the lowest confidence with at most ``FALSE_BOXES`` false boxes a field.
        at_default: each label at the recipe's own confidence.
    """

    recipe: str
    fields: int
    first_seed: int
    size: tuple[int, int]
    at_false_boxes: tuple[LabelFigures, ...]
    at_default: tuple[LabelFigures, ...]


def report(
    name: str, count: int = FIELDS, first_seed: int = FIRST_SEED, size: tuple[int, int] = SIZE, tell: Tell | None = None
) -> GeneratorReport:
    """Run a recipe on generated fields, the scene of each drawn from its seed.

    Args:
        name: of a recipe.
        count: fields, one or more.
        first_seed: of the first field; the others follow.
        size: width, height in px.
        tell: told after each field.

    Raises:
        UnknownNameError: no such recipe.
        ModelError: a weight file is missing or damaged.
    """
    confidence = recipe(name).default_confidence
    looked = []
    for number in range(count):
        looked.append(look(name, first_seed + number, size))
        if tell is not None:
            tell("Looking at generated fields", number + 1, count)
    return GeneratorReport(
        name,
        count,
        first_seed,
        size,
        tuple(label_figures(looked, label, confidence_for(looked, label)) for label in LABELS),
        tuple(label_figures(looked, label, confidence) for label in LABELS),
    )


def look(name: str, seed: int, size: tuple[int, int] = SIZE) -> Looked:
    """Generate one field and let the recipe look at it. Arguments and errors as ``report``."""
    field = generate(seed, size)
    found = analyse(from_array(field.pixels, f"generated-{seed}.png"), name)
    return Looked(field.cells, tuple(Labelled(cell.box, cell.label, cell.score) for cell in found.every_cell))


def confidence_for(looked: Sequence[Looked], label: str, false_per_field: float = FALSE_BOXES) -> float:
    """The lowest confidence with so many false boxes of a label a field at most; 0 where no box has to go."""
    allowed = int(false_per_field * len(looked))
    false = sorted((box.score for field in looked for box in _false(field, label)), reverse=True)
    if len(false) <= allowed:
        return 0.0
    kept = [box.score for field in looked for box in field.boxes if box.label == label and box.score > false[allowed]]
    return min(kept, default=1.0)


def label_figures(looked: Sequence[Looked], label: str, confidence: float) -> LabelFigures:
    """Count one label at one confidence."""
    kinds: dict[str, list[bool]] = {}
    mislabelled = false = 0
    for field in looked:
        shown = [box for box in field.boxes if box.score >= confidence]
        cells = [cell for cell in field.cells if cell.label == label]
        centres = [_centre(cell.box) for cell in cells]
        hit = matched_points([box.box for box in shown if box.label == label], centres)
        others = [box.box for box in shown if box.label != label]
        for index, (cell, centre) in enumerate(zip(cells, centres, strict=True)):
            kinds.setdefault(cell.kind, []).append(index in hit)
            mislabelled += index not in hit and any(holds(box, centre) for box in others)
        false += sum(box.score >= confidence for box in _false(field, label))
    return LabelFigures(
        label,
        confidence,
        _share([found for each in kinds.values() for found in each]),
        {kind: _share(found) for kind, found in sorted(kinds.items())},
        mislabelled,
        false,
        false / len(looked),
    )


def _false(field: Looked, label: str) -> list[Labelled]:
    """Boxes of a label that hold the centre of no true cell of that label."""
    centres = [_centre(cell.box) for cell in field.cells if cell.label == label]
    return [box for box in field.boxes if box.label == label and not any(holds(box.box, centre) for centre in centres)]


def _share(found: Sequence[bool]) -> Share:
    return Share(sum(found), len(found), wilson(sum(found), len(found)))


def _centre(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
