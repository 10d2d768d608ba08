"""How well a recipe that has only seen real fields finds the cells of generated ones: whether the samples are fair."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from allcad_core.datasets.allidb1 import NAME as REAL
from allcad_core.errors import DataError
from allcad_core.evaluation.detection import by_field
from allcad_core.evaluation.judged import Rule, rule_from
from allcad_core.evaluation.points import Labelled, matched_points
from allcad_core.intervals import Proportion, wilson
from allcad_core.predictions import RESULTS, BoxPrediction, CellPrediction, read
from allcad_core.recipes import recipe
from allcad_core.results import Box, holds
from allcad_core.synthesis import GeneratedCell, generate
from allcad_core.synthesis.trial import FIELDS, FIRST_SEED, PROTOCOL, SIZE, image_name

CLASSIFIER = "best_cell_real"
"""The best recipe of cells, trained without generated ones."""
LABELS = ("blast", "healthy")
FALSE_BOXES = 1.0
"""False boxes a field at which the recall is told."""

Tell = Callable[[str, int, int], None]
"""Told what is being done, the field done and how many there are."""


@dataclass(frozen=True)
class Looked:
    """One generated field: its true cells, and every box that was drawn on it, whatever its score."""

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
    """Figures of a classifier on the regions of generated fields.

    Attributes:
        classifier: its name.
        fields, first_seed, size: what was looked at; size is width, height in px.
        at_false_boxes: each label at the lowest confidence with at most ``FALSE_BOXES`` false boxes a field.
        at_default: each label at the recipe's own confidence.
        real: cells of ALL-IDB1 called right by their label, each judged in its own box with its sitting left out.
    """

    classifier: str
    fields: int
    first_seed: int
    size: tuple[int, int]
    at_false_boxes: tuple[LabelFigures, ...]
    at_default: tuple[LabelFigures, ...]
    real: dict[str, Share]


def report(
    name: str = CLASSIFIER,
    count: int = FIELDS,
    size: tuple[int, int] = SIZE,
    results: Path = RESULTS,
    tell: Tell | None = None,
) -> GeneratorReport:
    """What a classifier that never saw a generated field says of the regions of some, from its stored predictions.

    Temperature and threshold come from its out-of-fold predictions of real cells under ``session``.

    Args:
        name: of the classifier.
        count: fields, one or more, seeds from ``FIRST_SEED`` on.
        size: width, height in px.
        results: folder of the stored predictions.
        tell: told after each field; the true cells are generated anew.

    Raises:
        DataError: its predictions are not stored.
    """
    real = [row for row in read(CellPrediction, "cell", "session", name, results) if row.dataset == REAL]
    rule = rule_from(real)
    rows = read(BoxPrediction, "detect", PROTOCOL, f"regions-{name}", results)
    boxes = by_field(rows, [rule.labelled(row) for row in rows])
    looked = []
    for number in range(count):
        image = image_name(FIRST_SEED + number)
        if image not in boxes:
            raise DataError(f"'{name}' has not looked at {image}. Run: allcad train {name} --protocol {PROTOCOL}.")
        looked.append(Looked(generate(FIRST_SEED + number, size).cells, tuple(boxes[image])))
        if tell is not None:
            tell("Generating the fields again", number + 1, count)
    confidence = recipe("regions").default_confidence
    return GeneratorReport(
        name,
        count,
        FIRST_SEED,
        size,
        tuple(label_figures(looked, label, confidence_for(looked, label)) for label in LABELS),
        tuple(label_figures(looked, label, confidence) for label in LABELS),
        called_right(real, rule),
    )


def called_right(rows: Sequence[CellPrediction], rule: Rule) -> dict[str, Share]:
    """Real cells that a rule calls by their label: how hard cells of unseen sittings are, for comparison."""
    right: dict[str, list[bool]] = {label: [] for label in LABELS}
    for row in rows:
        blast = rule.chance(row.log_odds) >= rule.threshold
        right["blast" if row.truth else "healthy"].append(blast == bool(row.truth))
    return {label: _share(found) for label, found in right.items() if found}


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
