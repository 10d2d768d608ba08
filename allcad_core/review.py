"""A person's review of an analysis: a list of edits beside it, with undo, and the analysis that follows from both."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast, get_args

from allcad_core.errors import DataError, quoted
from allcad_core.results import Add, Box, Cell, Delete, Edit, FieldAnalysis, Label, Relabel

SAME_CELL = 0.5
"""Boxes with at least this intersection over union show the same cell: the usual line of detection (PASCAL VOC)."""
LEAST_SIDE = 4.0
"""Pixels. A smaller box was drawn by a slip of the hand; no nucleus is so small in a picture that can be judged."""
KINDS: dict[str, type[Relabel | Add | Delete]] = {"relabel": Relabel, "add": Add, "delete": Delete}
"""The word for each edit in the JSON form."""

MOST = 1e9
"""Pixels. No picture is so wide; a number of any length compares with it, also one that no float can hold."""

NAMES: dict[Label, str] = {"blast": "blast", "healthy": "healthy", "unsure": "cannot tell"}
"""The classes in words."""

ChangeKind = Literal["relabelled", "confirmed", "added", "deleted"]


@dataclass(frozen=True, slots=True)
class Review:
    """One person's edits of one picture. Each method gives a new review.

    Attributes:
        sha256: digest of the picture's file; a review fits no other.
        edits: in the order in which they were made.
        undone: edits taken back, the next to be made again last.
    """

    sha256: str
    edits: tuple[Edit, ...] = ()
    undone: tuple[Edit, ...] = ()

    def then(self, edit: Edit) -> Review:
        """With one more edit; what was taken back before cannot be made again after it."""
        return Review(self.sha256, (*self.edits, edit))

    def undo(self) -> Review:
        """Without the last edit; the same where there is none."""
        return Review(self.sha256, self.edits[:-1], (*self.undone, *self.edits[-1:]))

    def redo(self) -> Review:
        """With the edit that was taken back last; the same where there is none."""
        return Review(self.sha256, (*self.edits, *self.undone[-1:]), self.undone[:-1])


@dataclass(frozen=True, slots=True)
class Change:
    """What a review did to one cell in the end, whatever the steps.

    Attributes:
        kind: ``relabelled``, ``confirmed`` (looked at, same class), ``added`` or ``deleted``.
        box: x0, y0, x1, y1 in pixels of the field.
        before: the models' class; ``None`` where they found no cell.
        after: the person's class; ``None`` where the cell is deleted.
    """

    kind: ChangeKind
    box: Box
    before: Label | None
    after: Label | None

    @property
    def sentence(self) -> str:
        """For a person: where, and what."""
        x0, y0, x1, y1 = self.box
        was, now = (None if label is None else NAMES[label] for label in (self.before, self.after))
        what = {
            "relabelled": f"{was} became {now}",
            "confirmed": f"{now} confirmed",
            "added": f"{now} drawn where the models found no cell",
            "deleted": f"{was} deleted",
        }[self.kind]
        return f"At {(x0 + x1) / 2:.0f}, {(y0 + y1) / 2:.0f}: {what}."


def apply(analysis: FieldAnalysis, edits: Iterable[Edit]) -> FieldAnalysis:
    """The analysis after further edits; the given one stays as it is.

    A relabelled cell keeps its place, its score and what the models said; a drawn one comes last. Where the models at
    hand found no cell that a person relabelled, as another model had found it, the person's word makes one.

    Raises:
        DataError: a box to add lies outside the picture.
    """
    every = (*analysis.edits, *edits)
    models = analysis.by_models
    if not every:
        return models
    cells = tuple(cell for _, cell in _replayed(models, every))
    return replace(models, every_cell=cells, edits=every, found=models.every_cell)


def changes(analysis: FieldAnalysis) -> tuple[Change, ...]:
    """What the review did in the end: cells of the models in their order, then the drawn ones."""
    models = analysis.by_models
    left = _replayed(models, analysis.edits)
    kept = {origin: cell for origin, cell in left if origin is not None}
    found: list[Change] = []
    for origin, cell in enumerate(models.every_cell):
        now = kept.get(origin)
        if now is None:
            found.append(Change("deleted", cell.box, cell.label, None))
        elif now.reviewed:
            kind: ChangeKind = "confirmed" if now.label == cell.label else "relabelled"
            found.append(Change(kind, cell.box, cell.label, now.label))
    return (*found, *(Change("added", cell.box, None, cell.label) for origin, cell in left if origin is None))


def told(analysis: FieldAnalysis) -> str:
    """A reviewed analysis in a sentence or two: how much was looked at and changed, and what the models alone say."""
    made = sum(change.kind != "confirmed" for change in changes(analysis))
    number = "1 change" if made == 1 else f"{made} changes"
    looked = f"{analysis.reviewed} of {len(analysis.cells)} cells reviewed by a person, {number}"
    return f"{looked}. Models alone: {analysis.by_models.blast_fraction}."


def find(cells: Sequence[Cell], box: Box) -> int | None:
    """Index of the cell at ``box``: the one with that very box, else the one that overlaps it most, and enough."""
    likeness = [2.0 if cell.box == box else overlap(cell.box, box) for cell in cells]
    best = max(range(len(cells)), key=likeness.__getitem__, default=None)
    return best if best is not None and likeness[best] >= SAME_CELL else None


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes, 0..1.

    >>> overlap((0, 0, 2, 2), (1, 0, 3, 2))
    0.3333333333333333
    """
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (_area(one) + _area(other) - shared)


def as_json(reviews: Iterable[Review]) -> str:
    """Reviews as a JSON array, one element a picture; what was taken back is not in it."""
    forms = [{"sha256": review.sha256, "edits": [edit_form(edit) for edit in review.edits]} for review in reviews]
    return json.dumps(forms, indent=2) + "\n"


def from_json(text: str) -> tuple[Review, ...]:
    """Reviews from what ``as_json`` wrote, or from the analyses of ``allcad analyse --json``, which carry theirs.

    Raises:
        DataError: it is neither, or an edit is malformed.
    """
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"This is no review: it is not valid JSON ({error}).") from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise DataError("This is no review: a list with one entry a picture is expected.")
    return tuple(_review(entry) for entry in entries)


def edit_form(edit: Edit) -> dict[str, Any]:
    """The JSON form of one edit: ``kind``, ``box``, and ``label`` where it gives one."""
    kind = next(name for name, of_kind in KINDS.items() if isinstance(edit, of_kind))
    form: dict[str, Any] = {"kind": kind, "box": [float(side) for side in edit.box]}
    return form if isinstance(edit, Delete) else form | {"label": edit.label}


def checked_box(sides: object, least: float = 0.0) -> Box:
    """Four finite numbers as a box with an area, ``least`` pixels wide and high or more.

    Raises:
        DataError: they are none.
    """
    known = isinstance(sides, list | tuple) and len(sides) == 4 and all(_is_number(side) for side in sides)
    if not known:
        raise DataError(f"A box is four numbers x0, y0, x1, y1; {quoted(sides)} is none.")
    x0, y0, x1, y1 = map(float, cast("Sequence[float]", sides))
    if not (x1 > x0 and y1 > y0):
        raise DataError(f"A box needs x0 < x1 and y0 < y1; {quoted(sides)} has no area.")
    if min(x1 - x0, y1 - y0) < least:
        raise DataError(f"This box is too small for a cell: draw it at least {least:.0f} pixels wide and high.")
    return x0, y0, x1, y1


def _replayed(models: FieldAnalysis, edits: Iterable[Edit]) -> list[tuple[int | None, Cell]]:
    """Each cell that is left, with its index among the models' cells, ``None`` for a drawn one."""
    left: list[tuple[int | None, Cell]] = list(enumerate(models.every_cell))
    for edit in edits:
        place = None if isinstance(edit, Add) else find([cell for _, cell in left], edit.box)
        if isinstance(edit, Delete):
            if place is not None:
                left.pop(place)
        elif place is None:
            left.append((None, _drawn(edit, models)))
        else:
            origin, cell = left[place]
            left[place] = (origin, replace(cell, label=edit.label, reviewed=True))
    return left


def _drawn(edit: Relabel | Add, field: FieldAnalysis) -> Cell:
    """A cell on a person's word: no model spoke, so there is no probability; the box is cut at the picture's edge."""
    x0, y0, x1, y1 = edit.box
    box = (max(0.0, x0), max(0.0, y0), min(float(field.width), x1), min(float(field.height), y1))
    if box[2] <= box[0] or box[3] <= box[1]:
        raise DataError(f"The box {edit.box} lies outside the picture of {field.width} x {field.height} pixels.")
    return Cell(box, edit.label, 1.0, reviewed=True)


def _review(entry: dict[str, Any]) -> Review:
    carried = entry.get("review")
    edits = entry.get("edits", carried.get("edits") if isinstance(carried, dict) else [])
    sha256 = entry.get("sha256")
    if not isinstance(sha256, str) or not isinstance(edits, list):
        raise DataError("This is no review: an entry lacks 'sha256' or its list of 'edits'.")
    return Review(sha256, tuple(_edit(edit) for edit in edits))


def _edit(form: object) -> Edit:
    kind = form.get("kind") if isinstance(form, dict) else None
    if not isinstance(form, dict) or not isinstance(kind, str) or kind not in KINDS:
        raise DataError(f"An edit of a review is one of {', '.join(KINDS)}; {quoted(form)} is none.")
    box = checked_box(form.get("box"))
    if kind == "delete":
        return Delete(box)
    label = form.get("label")
    if label not in get_args(Label):
        raise DataError(f"A cell is {', '.join(get_args(Label))}; '{quoted(label)}' is no class.")
    return Relabel(box, cast("Label", label)) if kind == "relabel" else Add(box, cast("Label", label))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MOST


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
