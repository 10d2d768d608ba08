"""Reader and writer of drawn boxes of white cells, such as ``annotations/allidb1_boxes.csv``."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from allcad_core.datasets.base import read_rows
from allcad_core.errors import DataError, quoted
from allcad_core.results import Box

Kind = Literal["blast", "healthy", "ignore"]
KINDS: tuple[Kind, ...] = get_args(Kind)
COUNTED: tuple[Kind, ...] = ("blast", "healthy")
"""``ignore`` is neither rewarded nor punished: smudge cells, cells mostly cut by the border, what cannot be told."""

COLUMNS = ("image", "class", "x0", "y0", "x1", "y1", "source")
DEFAULT_FILE = Path("annotations/allidb1_boxes.csv")


@dataclass(frozen=True, slots=True)
class CellBox:
    """One drawn box.

    Attributes:
        kind: ``blast``, ``healthy`` or ``ignore``.
        box: x0, y0, x1, y1 in pixels of the field; x1 and y1 lie one past the last pixel.
        source: how it came about: ``stain``, ``watershed``, ``point``, ``mask-crop``, ``mask-field`` or ``hand``.
    """

    kind: Kind
    box: Box
    source: str


def read_boxes(path: Path = DEFAULT_FILE) -> dict[str, tuple[CellBox, ...]]:
    """Boxes by name of the field, in the order of the file. Raises DataError with file and line."""
    found: dict[str, list[CellBox]] = {}
    for where, row in read_rows(path, COLUMNS):
        kind = kind_of(row["class"], where)
        found.setdefault(row["image"], []).append(CellBox(kind, box_of(row, where), row["source"]))
    return {name: tuple(boxes) for name, boxes in found.items()}


def ignored_boxes(path: Path = DEFAULT_FILE) -> dict[str, tuple[Box, ...]]:
    """Boxes of what counts neither way, by name of the field; none where the file is missing. Raises DataError."""
    if not path.is_file():
        return {}
    return {
        name: tuple(cell.box for cell in boxes if cell.kind not in COUNTED) for name, boxes in read_boxes(path).items()
    }


def boxes_csv(boxes: Mapping[str, Iterable[CellBox]]) -> str:
    """The same as CSV, fields by name."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for name in sorted(boxes):
        writer.writerows((name, cell.kind, *sides(cell.box), cell.source) for cell in boxes[name])
    return buffer.getvalue()


def sides(box: Box) -> tuple[str, str, str, str]:
    """The four numbers as they are written, without needless decimals.

    >>> sides((1.0, 2.5, 30.0, 40.0))
    ('1', '2.5', '30', '40')
    """
    x0, y0, x1, y1 = (f"{value:g}" for value in box)
    return x0, y0, x1, y1


def kind_of(text: str, where: str) -> Kind:
    """The class written as ``text``. Raises DataError that begins with ``where``."""
    for kind in KINDS:
        if kind == text:
            return kind
    raise DataError(f"{where}: '{quoted(text)}' is no class. Known: {', '.join(KINDS)}.")


def box_of(row: Mapping[str, str], where: str) -> Box:
    """The box in the columns x0, y0, x1, y1. Raises DataError that begins with ``where``."""
    try:
        x0, y0, x1, y1 = (float(row[side]) for side in ("x0", "y0", "x1", "y1"))
    except (TypeError, ValueError) as error:
        raise DataError(f"{where}: expected four numbers of pixels x0, y0, x1, y1.") from error
    if not (0 <= x0 < x1 < float("inf") and 0 <= y0 < y1 < float("inf")):
        raise DataError(f"{where}: the box needs 0 <= x0 < x1 and 0 <= y0 < y1.")
    return x0, y0, x1, y1
