"""How far two passes over the same fields agree: which cells both found, what they call them, how they box them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from allcad_core.annotation.merge import pairs
from allcad_core.annotation.second_pass import unlabelled
from allcad_core.datasets.base import read_rows
from allcad_core.datasets.boxes import COUNTED, KINDS, CellBox, Kind, box_of, kind_of
from allcad_core.errors import DataError
from allcad_core.intervals import EN_DASH, wilson

SAME_CELL = 0.5
"""Boxes of at least this overlap (intersection over union) show the same cell."""

COLUMNS = ("image", "class", "x0", "y0", "x1", "y1")

TITLES = ("class", "first pass", "found by the second, %", "second pass", "found by the first, %", "both say so",
          "specific agreement", "median overlap")  # fmt: skip
"""Of a table of agreement."""

Boxes = Mapping[str, Sequence[CellBox]]


@dataclass(frozen=True, slots=True)
class ClassAgreement:
    """Agreement on one class.

    Attributes:
        kind: the class.
        first, second: boxes that each pass gave it.
        first_found, second_found: of these, boxes where the other pass has a cell, too, whatever it calls it.
        same: cells that both call so.
        overlap: median overlap of these; None where there are none.
    """

    kind: Kind
    first: int
    second: int
    first_found: int
    second_found: int
    same: int
    overlap: float | None

    @property
    def specific(self) -> float | None:
        """Specific agreement, 2 both / (first + second) (Dice; Fleiss 1981, section 13.1); None without boxes."""
        total = self.first + self.second
        return 2 * self.same / total if total else None


@dataclass(frozen=True)
class Agreement:
    """Agreement of two passes.

    Attributes:
        fields: how many were compared.
        classes: one entry a class.
        pairs: cells that both found.
        kappa: Cohen's kappa of their classes (Cohen 1960); None where it is not defined.
        kappa_counted: the same over cells that both count, blast against healthy.
        overlap: median overlap of all pairs; None where there are none.
        differences: what the passes say otherwise, a sentence each.
    """

    fields: int
    classes: tuple[ClassAgreement, ...]
    pairs: int
    kappa: float | None
    kappa_counted: float | None
    overlap: float | None
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Pair:
    first: CellBox
    second: CellBox
    overlap: float


def read_pass(path: Path) -> dict[str, tuple[CellBox, ...]]:
    """Boxes of a pass by name of the field without its label; a row with a name alone is a field without cells.

    Args:
        path: CSV with image, class, x0, y0, x1, y1; further columns do not count.

    Raises:
        DataError: a row cannot be understood (named with file and line).
    """
    found: dict[str, list[CellBox]] = {}
    for where, row in read_rows(path, COLUMNS, spaces=True):
        own = found.setdefault(unlabelled(row["image"]), [])
        if row["class"]:
            own.append(CellBox(kind_of(row["class"].strip(), where), box_of(row, where), row.get("source") or ""))
    return {name: tuple(cells) for name, cells in found.items()}


def agreement(first: Boxes, second: Boxes) -> Agreement:
    """Compare two passes over the fields of the second.

    Args:
        first: boxes by name of the field.
        second: the same, names in the same form.

    Raises:
        DataError: the second pass holds no field.
    """
    if not second:
        raise DataError("The second pass speaks of no field.")
    both: list[_Pair] = []
    words: list[str] = []
    for name in sorted(second):
        ours, theirs = first.get(name, ()), second[name]
        matched = pairs([cell.box for cell in ours], [cell.box for cell in theirs], SAME_CELL)
        own = [_Pair(ours[row], theirs[column], overlap) for row, column, overlap in matched]
        both += own
        words += _words(name, own, _rest(ours, [m[0] for m in matched]), _rest(theirs, [m[1] for m in matched]))
    every = (
        [cell for name in second for cell in first.get(name, ())],
        [cell for name in second for cell in second[name]],
    )
    counted = [one for one in both if one.first.kind in COUNTED and one.second.kind in COUNTED]
    return Agreement(
        fields=len(second),
        classes=tuple(_of_class(kind, *every, both) for kind in KINDS),
        pairs=len(both),
        kappa=kappa([(one.first.kind, one.second.kind) for one in both]),
        kappa_counted=kappa([(one.first.kind, one.second.kind) for one in counted]),
        overlap=median([one.overlap for one in both]) if both else None,
        differences=tuple(words),
    )


def markdown(found: Agreement) -> str:
    """The figures for ``docs/annotation.md``; shares in per cent with their 95 % Wilson intervals."""
    lines = [f"| {' | '.join(TITLES)} |", "|---" * len(TITLES) + "|"]
    lines += [f"| {' | '.join(cells(one))} |" for one in found.classes]
    lines += ["", sentence(found)]
    return "\n".join(lines) + "\n"


def cells(one: ClassAgreement) -> tuple[str, ...]:
    """A row of the table: what ``TITLES`` says."""
    shares = str(wilson(one.first_found, one.first)), str(wilson(one.second_found, one.second))
    numbers = one.kind, str(one.first), shares[0], str(one.second), shares[1], str(one.same)
    return (*numbers, figure(one.specific), figure(one.overlap))


def sentence(found: Agreement) -> str:
    """What holds of all classes together."""
    return (
        f"Fields: {found.fields}. Cells found by both: {found.pairs}. Cohen's kappa {figure(found.kappa)}, "
        f"blast against healthy {figure(found.kappa_counted)}, median overlap {figure(found.overlap)}."
    )


def figure(value: float | None) -> str:
    """With two digits; a dash for nothing."""
    return EN_DASH if value is None else f"{value:.2f}"


def kappa(labels: Iterable[tuple[str, str]]) -> float | None:
    """Cohen's kappa of pairs of labels; None without pairs, or where one label is all there is.

    >>> kappa([("blast", "blast"), ("healthy", "healthy")])
    1.0
    >>> kappa([("blast", "blast")]) is None
    True
    """
    from sklearn.metrics import cohen_kappa_score

    given = list(labels)
    if len({label for pair in given for label in pair}) < 2:
        return None
    return float(cohen_kappa_score(*np.array(given).T))


def _of_class(kind: Kind, first: Sequence[CellBox], second: Sequence[CellBox], both: Sequence[_Pair]) -> ClassAgreement:
    same = [one.overlap for one in both if one.first.kind == one.second.kind == kind]
    return ClassAgreement(
        kind,
        first=sum(cell.kind == kind for cell in first),
        second=sum(cell.kind == kind for cell in second),
        first_found=sum(one.first.kind == kind for one in both),
        second_found=sum(one.second.kind == kind for one in both),
        same=len(same),
        overlap=median(same) if same else None,
    )


def _rest(cells: Sequence[CellBox], taken: Sequence[int]) -> list[CellBox]:
    return [cell for index, cell in enumerate(cells) if index not in set(taken)]


def _words(name: str, both: Iterable[_Pair], first: Iterable[CellBox], second: Iterable[CellBox]) -> list[str]:
    found = [
        f"{name}: {one.first.kind} of the first pass, {one.second.kind} of the second, at {_at(one.first)}."
        for one in both
        if one.first.kind != one.second.kind
    ]
    found += [f"{name}: {cell.kind} of the first pass alone at {_at(cell)}." for cell in first]
    return found + [f"{name}: {cell.kind} of the second pass alone at {_at(cell)}." for cell in second]


def _at(cell: CellBox) -> str:
    return " ".join(f"{side:g}" for side in cell.box)
