"""Proposals and corrections put together: the annotation itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from allcad_core.annotation.corrections import Correction
from allcad_core.annotation.proposal_table import letter
from allcad_core.annotation.proposals import FieldProposals, Loose, Proposal
from allcad_core.datasets.base import Point
from allcad_core.datasets.boxes import COUNTED, CellBox, Kind
from allcad_core.errors import DataError
from allcad_core.results import Box

HAND = "hand"
MASKS = frozenset({"mask-crop", "mask-field"})
_CHANGES = frozenset({"relabel", "move", "delete", "add"})


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Something stained that is no white cell: where, and what it is."""

    place: Box | Point
    note: str


@dataclass(frozen=True, slots=True)
class MarkedBox:
    """A box with the name it has on a review sheet: a number, a letter, or ``+1`` for the first added one."""

    id: str
    cell: CellBox


@dataclass(frozen=True)
class FieldAnnotation:
    """One field, corrected.

    Attributes:
        name: of the field.
        boxes: in order of their numbers, added ones last.
        exclusions: places that hold no white cell.
        unboxed: stained objects that no row speaks of, by letter.
        notes: what was said about the field as a whole.
        looked: whether any row speaks of the field.
        deleted: automatic boxes that a row took away, with its reason.
    """

    name: str
    boxes: tuple[MarkedBox, ...]
    exclusions: tuple[Exclusion, ...]
    unboxed: Mapping[str, Loose]
    notes: tuple[str, ...]
    looked: bool
    deleted: tuple[Exclusion, ...] = ()


@dataclass
class _Draft:
    """A field while rows are applied to it, box by id."""

    cells: dict[str, CellBox]
    unboxed: dict[str, Loose]
    exclusions: list[Exclusion] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    deleted: list[Exclusion] = field(default_factory=list)
    done: set[tuple[str, str, str]] = field(default_factory=set)
    added: int = 0


def annotate(
    proposals: Mapping[str, FieldProposals],
    corrections: Iterable[Correction],
    *,
    names: Iterable[str] = (),
    masks: bool = True,
) -> dict[str, FieldAnnotation]:
    """Apply corrections.

    Args:
        proposals: by name of the field.
        corrections: in any order of fields; rows of one field are applied in the order given.
        names: fields that exist although nothing is proposed in them.
        masks: False leaves the experts' masks out: automatic boxes come from stain and centroids alone.

    Raises:
        DataError: a row does not apply (unknown field or box, said twice, or "ok" beside a change).
    """
    rows: dict[str, list[Correction]] = {name: [] for name in sorted({*proposals, *names})}
    for row in corrections:
        if row.image not in rows:
            raise DataError(f"{row.where}: there is no field '{row.image}'.")
        rows[row.image].append(row)
    empty = FieldProposals("", (), ())
    return {name: _field(name, proposals.get(name, empty), own, masks=masks) for name, own in rows.items()}


def complaints(fields: Mapping[str, FieldAnnotation]) -> list[str]:
    """What keeps the annotation from being complete, a sentence each."""
    found = []
    for name, one in fields.items():
        if not one.looked:
            found.append(f"No row says that anybody has looked at {name}.")
        elif not one.notes and not any(marked.cell.kind in COUNTED for marked in one.boxes):
            found.append(f"{name} has no counted cell and no note that says why not.")
        if one.looked and one.unboxed:
            found.append(f"{name}: nothing is said about the stained objects {', '.join(one.unboxed)}.")
    return found


def _field(name: str, proposed: FieldProposals, rows: list[Correction], *, masks: bool) -> FieldAnnotation:
    draft = _Draft(
        cells={str(one.number): _cell(one, masks) for one in proposed.proposals},
        unboxed={letter(index): loose for index, loose in enumerate(proposed.unboxed)},
    )
    _refuse_contradiction(name, rows)
    for row in rows:
        _apply(draft, row)
    if not masks:
        draft.cells = {key: cell for key, cell in draft.cells.items() if cell.source not in MASKS}
    boxes = tuple(MarkedBox(key, cell) for key, cell in draft.cells.items())
    return FieldAnnotation(
        name,
        boxes,
        tuple(draft.exclusions),
        draft.unboxed,
        tuple(draft.notes),
        looked=bool(rows),
        deleted=tuple(draft.deleted),
    )


def _cell(one: Proposal, masks: bool) -> CellBox:
    if masks or one.source not in MASKS:
        return CellBox(one.kind, one.box, one.source)
    return CellBox(one.kind, one.plain, "stain")


def _refuse_contradiction(name: str, rows: list[Correction]) -> None:
    for ok in (row for row in rows if row.action == "ok"):
        change = next((row for row in rows if row.action in _CHANGES and row.later == ok.later), None)
        if change is not None:
            raise DataError(
                f"{ok.where}: {name} is said to be ok, yet {change.where} changes it. Drop the one or the other."
            )


def _apply(draft: _Draft, row: Correction) -> None:
    if row.action == "ok":
        if row.note:
            draft.notes.append(row.note)
    elif row.action == "add":
        draft.added += 1
        draft.cells[f"+{draft.added}"] = _hand(row, row.kind, row.box)
    elif row.action == "exclude":
        draft.exclusions.append(Exclusion(_place(draft, row), row.note))
    else:
        _change(draft, row)


def _change(draft: _Draft, row: Correction) -> None:
    """Relabel, move or delete the box that the row names."""
    if (row.later, row.action, row.id) in draft.done:
        raise DataError(f"{row.where}: '{row.action}' was already said of {row.id} in {row.image}.")
    draft.done.add((row.later, row.action, row.id))
    if row.id in draft.unboxed and row.action in {"relabel", "move"}:
        _box_the_unboxed(draft, row)
        return
    if row.id not in draft.cells:
        known = ", ".join([*draft.cells, *draft.unboxed]) or "none"
        raise DataError(f"{row.where}: there is no box {row.id} in {row.image}. Known: {known}.")
    old = draft.cells[row.id]
    if row.action == "delete":
        draft.deleted.append(Exclusion(old.box, row.note))
        del draft.cells[row.id]
    elif row.action == "relabel":
        draft.cells[row.id] = CellBox(row.kind or old.kind, row.box or old.box, HAND if row.box else old.source)
    else:
        draft.cells[row.id] = _hand(row, row.kind or old.kind, row.box)


def _box_the_unboxed(draft: _Draft, row: Correction) -> None:
    """A stained object becomes a cell, with the box that the row gives or its own."""
    automatic = draft.unboxed.pop(row.id)
    if row.kind is None:
        raise DataError(f"{row.where}: {row.id} has no class yet; the row must give one.")
    draft.cells[row.id] = CellBox(row.kind, row.box or automatic.box, HAND if row.box else automatic.source)


def _place(draft: _Draft, row: Correction) -> Box | Point:
    """What is excluded: an unboxed object by letter, or the row's own box or point."""
    if row.id:
        if row.id not in draft.unboxed:
            known = ", ".join(draft.unboxed) or "none"
            raise DataError(f"{row.where}: no stained object of {row.image} has the letter '{row.id}'. Known: {known}.")
        own = draft.unboxed.pop(row.id)
        return row.box or row.point or own.box
    place = row.box or row.point
    if place is None:
        raise DataError(f"{row.where}: 'exclude' needs a place.")
    return place


def _hand(row: Correction, kind: Kind | None, box: Box | None) -> CellBox:
    if kind is None or box is None:
        raise DataError(f"{row.where}: '{row.action}' needs a class and a box.")
    return CellBox(kind, box, HAND)
