"""Rows in which a person says of each field what is right and what is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from allcad_core.datasets.base import Point, read_rows
from allcad_core.datasets.boxes import Kind, box_of, kind_of
from allcad_core.errors import DataError, quoted
from allcad_core.results import Box

Action = Literal["ok", "relabel", "move", "delete", "add", "exclude"]
ACTIONS: tuple[Action, ...] = get_args(Action)

COLUMNS = ("image", "action", "id", "class", "x0", "y0", "x1", "y1", "note")
DEFAULT_FOLDER = Path("annotations/corrections")

LATER = "later"
"""Files whose names begin so are applied after all others, and may change what those said."""

_NEEDS: Mapping[Action, frozenset[str]] = {
    "ok": frozenset(),
    "relabel": frozenset({"id", "class"}),
    "move": frozenset({"id", "box"}),
    "delete": frozenset({"id", "note"}),
    "add": frozenset({"class", "box"}),
    "exclude": frozenset({"place", "note"}),
}
"""What a row must say; ``place`` is a box, a point (x0 and y0 alone) or the letter of an unboxed object."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One row.

    Attributes:
        image: name of the field.
        action: ``ok`` (looked, nothing to change), ``relabel``, ``move``, ``delete``, ``add`` or ``exclude``.
        id: number of a box or letter of an unboxed object, empty where the row speaks of none.
        kind: the new class, where the row gives one.
        box: the new box or the excluded place, x0, y0, x1, y1 in pixels of the field.
        point: the excluded place as a point.
        note: why.
        where: file and line, for complaints.
        later: name of its file, where that is applied after the others; else empty.
    """

    image: str
    action: Action
    id: str
    kind: Kind | None
    box: Box | None
    point: Point | None
    note: str
    where: str
    later: str = ""


def read_corrections(path: Path = DEFAULT_FOLDER) -> tuple[Correction, ...]:
    """Corrections of a file, or of all CSV files of a folder by name, those that begin with ``LATER`` last.

    Raises:
        DataError: nothing there, or a row that cannot be understood (named with file and line).
    """
    files = sorted(path.glob("*.csv"), key=lambda file: (_is_later(file), file.name)) if path.is_dir() else [path]
    if not files:
        raise DataError(f"No file of corrections lies in '{path}'.")
    return tuple(row for file in files for row in _rows(file))


def _is_later(path: Path) -> bool:
    return path.name.startswith(LATER)


def _rows(path: Path) -> list[Correction]:
    found = []
    for where, row in read_rows(path, COLUMNS, spaces=True):
        if None in row or any(row[column] is None for column in COLUMNS):
            raise DataError(f"{where}: expected {len(COLUMNS)} columns. A note with a comma stands in quotes.")
        found.append(_correction({column: row[column].strip() for column in COLUMNS}, where))
    return [replace(row, later=path.name) for row in found] if _is_later(path) else found


def _correction(row: Mapping[str, str], where: str) -> Correction:
    action = next((one for one in ACTIONS if one == row["action"]), None)
    if action is None:
        raise DataError(f"{where}: '{quoted(row['action'])}' is no action. Known: {', '.join(ACTIONS)}.")
    point_only = row["x0"] != "" and row["x1"] == row["y1"] == "" and action == "exclude"
    has_box = not point_only and any(row[side] for side in ("x0", "y0", "x1", "y1"))
    given = {name for name in ("id", "class", "note") if row[name]} | ({"box"} if has_box else set())
    if has_box or point_only or row["id"]:
        given.add("place")
    lacking = _NEEDS[action] - given
    if lacking:
        raise DataError(f"{where}: '{action}' needs {' and '.join(sorted(lacking))}.")
    return Correction(
        image=row["image"],
        action=action,
        id=row["id"],
        kind=kind_of(row["class"], where) if row["class"] else None,
        box=box_of(row, where) if has_box else None,
        point=_point(row, where) if point_only else None,
        note=row["note"],
        where=where,
    )


def _point(row: Mapping[str, str], where: str) -> Point:
    try:
        return float(row["x0"]), float(row["y0"])
    except ValueError as error:
        raise DataError(f"{where}: expected two numbers of pixels x0, y0.") from error
