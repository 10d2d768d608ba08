"""Reader of ALL-IDB1: smear fields with expert centroids of blasts (Labati, Piuri & Scotti, ICIP 2011)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from allcad_core.datasets.base import FieldRecord, Point, find_set, pictures_in, read_lines, read_rows
from allcad_core.datasets.groups import tied
from allcad_core.datasets.sessions import with_exif
from allcad_core.errors import DataError, quoted

NAME = "ALL-IDB1"
FOLDERS = ("ALL_IDB1", "ALL-IDB1")
OFFICIAL_COUNT = 108

UNLISTED_OVERLAPS = (("Im002_1", "Im003_1"), ("Im008_1", "Im009_1"), ("Im038_0", "Im044_0"), ("Im102_0", "Im103_0"))
"""Strips of 3 to 11 % that two fields share and that ``sessions.csv`` does not list; ``allcad data check`` finds them."""

_NAMED = re.compile(r"Im(?P<number>\d{3})_(?P<label>[01])")
_SESSION_COLUMNS = {"field", "label", "session", "camera", "taken", "group"}


def fields(root: Path) -> tuple[FieldRecord, ...]:
    """All fields, by name.

    Args:
        root: the data folder, or the folder ALL_IDB1 itself, in the official layout (``im``, ``xyc``). ``other``,
            ``masks`` and ``sessions.csv`` are used where they are there. Without ``sessions.csv``, camera, time and
            session come from EXIF and ``group`` stays None until splits or the check look for overlaps.

    Raises:
        DataError: the folder or its pictures are missing, or a file is malformed (named with its line).
    """
    folder = find_set(root, *FOLDERS)
    paths = [path for path in pictures_in(folder / "im") if _NAMED.fullmatch(path.stem)]
    if not paths:
        raise DataError(f"'{folder / 'im'}' holds no picture called ImNNN_0 or ImNNN_1.")
    table = folder / "sessions.csv"
    facts = read_sessions(table) if table.is_file() else {}
    records = [with_exif(_record(folder, path, facts.get(path.stem, {}))) for path in paths]
    return _join_groups(records)


def label_of(name: str) -> int:
    """1 or 0 from a name such as ``Im001_1``. Raises DataError for any other form."""
    match = _NAMED.fullmatch(name)
    if match is None:
        raise DataError(f"'{name}' is not a name of ALL-IDB: expected ImNNN_0 or ImNNN_1.")
    return int(match["label"])


def number_of(name: str) -> int | None:
    """Number in a name such as ``Im001_1``; None for any other form."""
    match = _NAMED.fullmatch(name)
    return int(match["number"]) if match else None


def read_points(path: Path) -> tuple[Point, ...]:
    """Points of an ``.xyc`` file, one ``x y`` a line, in pixels. Raises DataError with file and line."""
    points = []
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():
            continue
        parts = line.replace(",", " ").split()
        try:
            x, y = map(float, parts)
        except ValueError as error:
            raise DataError(
                f"'{path}', line {number}: expected two numbers, found '{quoted(line.strip())}'."
            ) from error
        points.append((x, y))
    return tuple(points)


def read_sessions(path: Path) -> dict[str, dict[str, str]]:
    """Rows of ``sessions.csv`` by field name. Raises DataError with file and line."""
    rows: dict[str, dict[str, str]] = {}
    for where, row in read_rows(path, _SESSION_COLUMNS):
        name = row["field"]
        if any(row[column] is None for column in _SESSION_COLUMNS):
            raise DataError(f"{where}: too few columns.")
        if name in rows:
            raise DataError(f"{where}: '{name}' stands there twice.")
        if label_of(name) != int(row["label"] == "1"):
            raise DataError(f"{where}: the label of '{name}' contradicts its name.")
        rows[name] = row
    return rows


def _record(folder: Path, path: Path, facts: Mapping[str, str]) -> FieldRecord:
    name = path.stem
    points, others = folder / "xyc" / f"{name}.xyc", folder / "other" / f"{name}.xyc"
    return FieldRecord(
        name=name,
        path=path,
        dataset=NAME,
        label=label_of(name),
        session=facts.get("session"),
        camera=facts.get("camera"),
        taken=facts.get("taken"),
        group=facts.get("group"),
        blast_points=read_points(points) if points.is_file() else (),
        points_known=points.is_file(),
        other_points=read_points(others) if others.is_file() else (),
        white_mask=_if_there(folder / "masks" / f"{name}_WBCs.png"),
        red_mask=_if_there(folder / "masks" / f"{name}_RBC.png"),
    )


def _join_groups(records: list[FieldRecord]) -> tuple[FieldRecord, ...]:
    """The same records, with groups joined where fields share a strip that ``sessions.csv`` does not list."""
    first: dict[str, str] = {}
    ties = [(first.setdefault(record.group, record.name), record.name) for record in records if record.group]
    known = [record.name for record in records if record.group]
    names = {name: names for names in tied(known, [*ties, *UNLISTED_OVERLAPS]) for name in names}
    return tuple(
        replace(record, group=_group_name(names[record.name])) if record.group else record for record in records
    )


def _group_name(names: frozenset[str]) -> str:
    first = min(names)
    return f"overlap-{number_of(first):03d}" if len(names) > 1 else first


def _if_there(path: Path) -> Path | None:
    return path if path.is_file() else None
