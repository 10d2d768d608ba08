"""Proposals as a table: kept with the corrections, so that numbers mean the same when segmentation has changed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from string import ascii_lowercase

from allcad_core.annotation.proposals import FieldProposals, Loose, Proposal
from allcad_core.datasets.base import read_rows
from allcad_core.datasets.boxes import box_of, kind_of, sides
from allcad_core.errors import DataError, quoted

DEFAULT_FILE = Path("annotations/allidb1_proposals.csv")
DIGITS = 9
"""Of the number of a box."""
UNBOXED = "unboxed"
"""Class of a stained object that lies in no box; its id is a letter."""

_SIDES = ("x0", "y0", "x1", "y1")
_PLAIN = tuple(f"plain_{side}" for side in _SIDES)
COLUMNS = ("image", "id", "class", *_SIDES, "source", *_PLAIN)


def letter(index: int) -> str:
    """The id of an unboxed object, from index 0.

    >>> letter(0), letter(25), letter(26)
    ('a', 'z', 'aa')
    """
    turns, rest = divmod(index, len(ascii_lowercase))
    return (letter(turns - 1) if turns else "") + ascii_lowercase[rest]


def proposals_csv(fields: Iterable[FieldProposals]) -> str:
    """All proposals as CSV, fields by name. A field without any has no row."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for field in sorted(fields, key=lambda one: one.name):
        for cell in field.proposals:
            writer.writerow((field.name, cell.number, cell.kind, *sides(cell.box), cell.source, *sides(cell.plain)))
        for index, loose in enumerate(field.unboxed):
            writer.writerow((field.name, letter(index), UNBOXED, *sides(loose.box), loose.source, "", "", "", ""))
    return buffer.getvalue()


def read_proposals(path: Path = DEFAULT_FILE) -> dict[str, FieldProposals]:
    """Proposals by name of the field. Raises DataError with file and line."""
    cells: dict[str, list[Proposal]] = {}
    unboxed: dict[str, list[Loose]] = {}
    for where, row in read_rows(path, COLUMNS):
        if any(row[column] is None for column in COLUMNS):
            raise DataError(f"{where}: expected {len(COLUMNS)} columns.")
        name = row["image"]
        cells.setdefault(name, [])
        unboxed.setdefault(name, [])
        if row["class"] == UNBOXED:
            unboxed[name].append(Loose(box_of(row, where), row["source"]))
        else:
            cells[name].append(_proposal(row, where))
    return {name: FieldProposals(name, tuple(cells[name]), tuple(unboxed[name])) for name in cells}


def _proposal(row: Mapping[str, str], where: str) -> Proposal:
    if not row["id"].isdecimal() or len(row["id"]) > DIGITS:
        raise DataError(f"{where}: '{quoted(row['id'])}' is no number of a box.")
    plain = dict(zip(_SIDES, (row[side] for side in _PLAIN), strict=True))
    return Proposal(
        number=int(row["id"]),
        kind=kind_of(row["class"], where),
        box=box_of(row, where),
        source=row["source"],
        plain=box_of(plain, where),
    )
