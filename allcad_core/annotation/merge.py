"""Differences between the annotation and boxes corrected elsewhere, as rows of a file of corrections."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from allcad_core.annotation.build import FieldAnnotation, MarkedBox
from allcad_core.annotation.corrections import COLUMNS, DEFAULT_FOLDER, LATER, Action
from allcad_core.datasets.boxes import COUNTED, CellBox, Kind, sides
from allcad_core.detection.base import iou
from allcad_core.results import Box

DEFAULT_FILE = DEFAULT_FOLDER / f"{LATER}-merged.csv"
SAME_CELL = 0.3
"""Boxes of at least this overlap (intersection over union) are the same cell, moved; else one is gone and one new."""
ROUNDING = 1.0
"""Sides that differ by this many pixels or fewer were only rounded."""


@dataclass(frozen=True, slots=True)
class Change:
    """One row: ``kind`` and ``box`` where they are new, ``id`` of the box that it speaks of."""

    image: str
    action: Action
    id: str = ""
    kind: Kind | None = None
    box: Box | None = None
    note: str = ""


def pairs(first: Sequence[Box], second: Sequence[Box], least: float) -> list[tuple[int, int, float]]:
    """Boxes of two lists that show the same cell, each in one pair at most, the best overlap first.

    Returns:
        Index in ``first``, index in ``second`` and their intersection over union, from ``least`` up.
    """
    table = iou(first, second) if first and second else np.zeros((len(first), len(second)))
    found = []
    while table.size and table.max() >= max(least, np.finfo(float).tiny):
        row, column = (int(index) for index in np.unravel_index(table.argmax(), table.shape))
        found.append((row, column, float(table[row, column])))
        table[row], table[:, column] = 0, 0
    return found


def differences(
    fields: Mapping[str, FieldAnnotation],
    corrected: Mapping[str, Iterable[CellBox]],
    *,
    source: str,
    with_ignored: bool = True,
) -> list[Change]:
    """What a corrected set of boxes says otherwise than the annotation.

    Args:
        fields: the annotation, with the ids of its boxes.
        corrected: by name of the field; fields that are not in it are left as they are.
        source: what the notes name as the origin.
        with_ignored: False where ``corrected`` cannot hold boxes to ignore: such a box is then not gone.
    """
    return [
        change
        for name in sorted(corrected)
        for change in _of_field(fields[name], list(corrected[name]), source, with_ignored)
    ]


def changes_csv(changes: Iterable[Change]) -> str:
    """As the text of a file of corrections."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for change in changes:
        box = sides(change.box) if change.box else ("",) * 4
        writer.writerow((change.image, change.action, change.id, change.kind or "", *box, change.note))
    return buffer.getvalue()


def is_stale(path: Path, built: str) -> bool:
    """Whether ``path`` holds other boxes than proposals and corrections give; what is not there is not stale."""
    return path.is_file() and path.read_text(encoding="utf-8") != built


def _of_field(annotation: FieldAnnotation, theirs: list[CellBox], source: str, with_ignored: bool) -> list[Change]:
    ours = annotation.boxes
    matched = pairs([marked.cell.box for marked in ours], [cell.box for cell in theirs], SAME_CELL)
    partner = {row: column for row, column, _ in matched}
    note = f"by {source}"
    found = []
    for index, marked in enumerate(ours):
        if index in partner:
            found += _changed(annotation.name, marked, theirs[partner[index]], note)
        elif with_ignored or marked.cell.kind in COUNTED:
            found.append(Change(annotation.name, "delete", marked.id, note=note))
    taken = set(partner.values())
    new = [cell for index, cell in enumerate(theirs) if index not in taken]
    return found + [Change(annotation.name, "add", kind=cell.kind, box=_round(cell.box), note=note) for cell in new]


def _changed(name: str, old: MarkedBox, new: CellBox, note: str) -> list[Change]:
    kind = new.kind if new.kind != old.cell.kind else None
    moved = any(abs(one - other) > ROUNDING for one, other in zip(old.cell.box, new.box, strict=True))
    if moved:
        return [Change(name, "move", old.id, kind, _round(new.box), note)]
    return [Change(name, "relabel", old.id, kind, note=note)] if kind else []


def _round(box: Box) -> Box:
    x0, y0, x1, y1 = (float(round(side)) for side in box)
    return max(0.0, x0), max(0.0, y0), x1, y1
