"""One field through several models, and where they agree: each place with what every model says of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from allcad_core import compiled, devices, models
from allcad_core.analysis import Prepared, answer, cell_classifier, place, prepare, seen
from allcad_core.errors import AllcadError, UnknownNameError
from allcad_core.ground import balance, ground_colour
from allcad_core.images import SmearImage
from allcad_core.recipes import DEFAULT_RECIPE, REGIONS, Recipe, recipe, recipes
from allcad_core.results import Box, Cell, FieldAnalysis, Label
from allcad_core.review import SAME_CELL, overlap


@dataclass(frozen=True, slots=True)
class Place:
    """One white cell that at least one model found.

    Attributes:
        box: of the model that is surest of it, x0, y0, x1, y1 in px.
        cells: by model, the cell that it found there; a model that found none is missing.
        models: names of all that looked.
    """

    box: Box
    cells: Mapping[str, Cell]
    models: tuple[str, ...]

    def label(self, model: str) -> Label | None:
        """What a model says of it; ``None`` where it found no cell."""
        cell = self.cells.get(model)
        return None if cell is None else cell.label

    @property
    def agreed(self) -> bool:
        """Whether every model found it and gave it the same class."""
        return len({self.label(model) for model in self.models}) <= 1


def looks() -> tuple[Recipe, ...]:
    """Every way to look at a field: the recipes, then each further cell classifier on the regions of the default one.

    The latter are named as their stored predictions are, ``regions-lightweight``.

    Raises:
        ModelError: the cards cannot be read.
    """
    base = recipe(DEFAULT_RECIPE)
    own = recipes()
    taken = {entry.classifier for entry in own if entry.detector == REGIONS}
    further = tuple(
        Recipe(
            f"{REGIONS}-{name}",
            REGIONS,
            name,
            base.segmenter,
            base.default_confidence,
            f"The same regions, judged by {name}.",
        )
        for name, card in models.cards().items()
        if card.task == "cell" and name not in taken
    )
    return own + further


def look_at(
    image: SmearImage, names: Sequence[str], device: str | None = None
) -> Iterator[tuple[str, FieldAnalysis | AllcadError]]:
    """What each model says of a picture, one after another; what they share is computed once.

    Args:
        image: the field.
        names: of ``looks``.
        device: see ``devices.choose``.

    Yields:
        The name with its analysis, or with the error that kept it from one, so that one broken model stops no other.

    Raises:
        UnknownNameError: a name is none of ``looks``.
        DeviceError: no such device.
    """
    known = {entry.name: entry for entry in looks()}
    for name in names:
        if name not in known:
            raise UnknownNameError("model", name, list(known))
    devices.choose(device)  # what is not there is refused at once
    shared: dict[tuple[str, str], Prepared] = {}
    for name in names:
        chosen = known[name]
        try:
            where = place(chosen, device)
            key = chosen.segmenter, where.type
            if key not in shared:
                shared[key] = prepare(image, chosen.segmenter, where)
            yield name, answer(image, shared[key], chosen, where)
        except AllcadError as error:
            yield name, error


def opinions(image: SmearImage, analysis: FieldAnalysis, device: str | None = None) -> dict[str, tuple[float, ...]]:
    """What every further cell classifier says of the cells of an analysis.

    Args:
        image: the field that was analysed.
        analysis: of it.
        device: see ``devices.choose``.

    Returns:
        By classifier, but for the analysis' own: the blast probability of each cell of ``every_cell``.

    Raises:
        ModelError: a classifier's weights are missing or damaged.
        DeviceError: no such device.
    """
    boxes = [cell.box for cell in analysis.every_cell]
    names = [
        name for name, card in models.cards().items() if card.task == "cell" and name != analysis.models.classifier
    ]
    if not boxes or not names:
        return {}
    balanced = balance(image.pixels, ground_colour(image.pixels))
    found = {}
    for name in names:
        where = compiled.choose(device, None, [name])
        classifier = cell_classifier(name, where)
        shown = seen(image.pixels, balanced, classifier.mask, where)
        found[name] = tuple(float(chance) for chance in classifier.probabilities(shown, boxes))
    return found


def places(answers: Mapping[str, FieldAnalysis]) -> tuple[Place, ...]:
    """The white cells that any model shows, each once, with what every model says of it; from top to bottom.

    Cells of two models are the same where their boxes overlap by ``review.SAME_CELL``; the surest box takes first.

    Args:
        answers: analyses of one and the same picture, by model.
    """
    names = tuple(answers)
    entries = sorted(
        ((name, cell) for name, analysis in answers.items() for cell in analysis.cells),
        key=lambda entry: -entry[1].score,
    )
    found: list[tuple[Box, dict[str, Cell]]] = []
    for name, cell in entries:
        free = [(overlap(box, cell.box), cells) for box, cells in found if name not in cells]
        likeness, cells = max(free, key=lambda pair: pair[0], default=(0.0, {}))
        if likeness >= SAME_CELL:
            cells[name] = cell
        else:
            found.append((cell.box, {name: cell}))
    found.sort(key=lambda entry: (entry[0][1], entry[0][0]))
    return tuple(Place(box, cells, names) for box, cells in found)


def disputed(found: Sequence[Place]) -> tuple[Place, ...]:
    """The places on which the models do not agree."""
    return tuple(place for place in found if not place.agreed)


def summary(found: Sequence[Place], answers: Mapping[str, FieldAnalysis]) -> str:
    """How far the models agree, in a sentence."""
    if len(answers) < 2:
        return "One model alone cannot be compared."
    if not found:
        return "No model shows a white cell."
    open_ = len(disputed(found))
    counts = sorted(analysis.counts.blast for analysis in answers.values())
    blasts = f"{counts[0]} blasts" if counts[0] == counts[-1] else f"{counts[0]} to {counts[-1]} blasts"
    blasts = "1 blast" if counts[0] == counts[-1] == 1 else blasts
    if not open_:
        return f"All {len(answers)} models agree on {_cells(len(found))}: {blasts}."
    return f"The models disagree on {open_} of {_cells(len(found))}; they count {blasts}."


def _cells(number: int) -> str:
    return "1 white cell" if number == 1 else f"{number} white cells"


def by_answer(place: Place) -> tuple[tuple[Label | None, tuple[str, ...]], ...]:
    """Which models give which answer at a place, the most common answer first."""
    groups: dict[Label | None, list[str]] = {}
    for model in place.models:
        groups.setdefault(place.label(model), []).append(model)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0] is None, str(group[0])))
    return tuple((label, tuple(names)) for label, names in ordered)
