"""The part of the check that knows ALL-IDB: centroids, sittings, overlapping fields, and where crops were cut."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from allcad_core.datasets import allidb1, allidb2, splits
from allcad_core.datasets.base import CropRecord, FieldRecord, Progress, size_of
from allcad_core.datasets.check_report import CropPlace, Problem, SharedCells, SittingRow, problem
from allcad_core.datasets.crop_search import Place, locate
from allcad_core.datasets.groups import tied
from allcad_core.datasets.overlaps import find_overlaps
from allcad_core.datasets.sessions import exif_of, known_session, sittings
from allcad_core.errors import DataError


@dataclass(frozen=True)
class AllIdbFindings:
    """What was found in ALL-IDB. ``folds``: fold by data set and name, in the protocol ``field``."""

    sittings: tuple[SittingRow, ...]
    overlaps: tuple[SharedCells, ...]
    groups: tuple[tuple[str, ...], ...]
    places: tuple[CropPlace, ...]
    folds: Mapping[tuple[str, str], int]
    problems: tuple[Problem, ...]


def check(
    fields: Sequence[FieldRecord], crops: Sequence[CropRecord], progress: Progress | None = None
) -> AllIdbFindings:
    """Check the readable fields of ALL-IDB1 and crops of ALL-IDB2 against each other and against themselves."""
    problems = [*_points(fields), *_names(fields), *_names(crops), *_sessions(fields)]
    overlaps = find_overlaps(fields, progress) if fields else []
    pairs = [(overlap.one, overlap.other) for overlap in overlaps]
    problems += _groups(fields, pairs)
    places = locate(crops, fields, progress) if crops and fields else {}
    problems += _crops(fields, crops, places)
    return AllIdbFindings(
        sittings=_sitting_rows(fields),
        overlaps=tuple(
            SharedCells(entry.one, entry.other, round(entry.share, 4), round(entry.correlation, 4))
            for entry in overlaps
        ),
        groups=tuple(tuple(sorted(names)) for names in _sets(fields, pairs) if len(names) > 1),
        places=tuple(
            CropPlace(name, tuple(place.field for place in found), found[0].box, round(found[0].correlation, 4))
            for name, found in places.items()
            if found
        ),
        folds=_folds(fields, crops, pairs, places),
        problems=tuple(problems),
    )


def _points(fields: Sequence[FieldRecord]) -> list[Problem]:
    lost = [field.name for field in fields if field.label == 1 and not field.points_known]
    empty = [field.name for field in fields if field.label == 1 and field.points_known and not field.blast_points]
    wrong = [field.name for field in fields if field.label == 0 and field.blast_points]
    outside = [field.name for field in fields if field.blast_points and not _inside(field)]
    texts = (
        (lost, "no-centroids", "{} fields of patients have no file of centroids, so their blasts would count as none.", True),
        (wrong, "label-conflict", "{} fields of healthy persons have centroids of blasts.", True),
        (outside, "centroid-outside", "Centroids of {} fields lie outside the picture.", True),
        (empty, "no-blasts", "{} fields of patients have an empty file of centroids.", False),
    )  # fmt: skip
    return [
        problem(code, text.format(len(names)), names, falsifies=falsifies)
        for names, code, text, falsifies in texts
        if names
    ]


def _inside(field: FieldRecord) -> bool:
    width, height = size_of(field.path)
    return all(0 <= x <= width and 0 <= y <= height for x, y in field.blast_points)


def _names(records: Sequence[FieldRecord] | Sequence[CropRecord]) -> list[Problem]:
    by_number: dict[int | None, list[str]] = defaultdict(list)
    for record in records:
        by_number[allidb1.number_of(record.name)].append(record.name)
    twice = [name for names in by_number.values() if len(names) > 1 for name in names]
    message = f"{len(twice)} pictures share a number, some with both labels."
    return [problem("name-conflict", message, twice, falsifies=True)] if twice else []


def _sessions(fields: Sequence[FieldRecord]) -> list[Problem]:
    """Fields whose camera, time or sitting in ``sessions.csv`` contradicts their EXIF."""
    wrong = []
    for field in fields:
        camera, taken = exif_of(field.path)
        session = known_session(camera, taken)
        said = (field.camera, field.taken, field.session)
        if any(a is not None and b is not None and a != b for a, b in zip(said, (camera, taken, session), strict=True)):
            wrong.append(field.name)
    unknown = [field.name for field in fields if field.session is None]
    found = []
    if wrong:
        message = f"'sessions.csv' contradicts camera, time or sitting in the EXIF of {len(wrong)} fields."
        found.append(problem("session-conflict", message, wrong, falsifies=True))
    if unknown:
        message = f"The sitting of {len(unknown)} fields is not known: they cannot be split by session."
        found.append(problem("session-unknown", message, unknown, falsifies=False))
    return found


def _groups(fields: Sequence[FieldRecord], pairs: Sequence[tuple[str, str]]) -> list[Problem]:
    """Overlaps that the groups of the records do not know, and groups that no overlap confirms."""
    group = {field.name: field.group for field in fields}
    apart = [f"{one}, {other}" for one, other in pairs
             if None not in (group[one], group[other]) and group[one] != group[other]]  # fmt: skip
    found = []
    if apart:
        message = f"{len(apart)} pairs of fields show the same cells but stand in different groups."
        found.append(problem("overlap-apart", message, apart, falsifies=True))
    seen = {name: names for names in tied(group, pairs) for name in names}
    unseen = sorted(
        {str(group[field.name]) for field in fields for other in fields
         if group[field.name] is not None and group[field.name] == group[other.name]
         and other.name not in seen[field.name]}
    )  # fmt: skip
    if unseen:
        message = f"{len(unseen)} groups hold fields whose overlap was not seen; they stay together."
        found.append(problem("overlap-unseen", message, unseen, falsifies=False))
    return found


def _crops(
    fields: Sequence[FieldRecord], crops: Sequence[CropRecord], places: Mapping[str, Sequence[Place]]
) -> list[Problem]:
    label = {field.name: field.label for field in fields}
    lost, wrong, labels = [], [], []
    for crop in crops:
        found = {place.field: place.box for place in places.get(crop.name, ())}
        if not found and not set(crop.fields) & set(label):
            lost.append(crop.name)
        if (
            found
            and crop.fields
            and (set(found) != set(crop.fields) & set(label) or set(found.values()) != {crop.origin})
        ):
            wrong.append(crop.name)
        if any(label[name] != crop.label for name in found):
            labels.append(crop.name)
    texts = (
        (lost, "crop-lost", "{} crops were not found in any field here, so they belong to no fold."),
        (wrong, "origin-conflict", "'crop_origin.csv' contradicts where {} crops were found."),
        (labels, "label-conflict", "{} crops carry another label than their field."),
    )
    return [problem(code, text.format(len(names)), names, falsifies=True) for names, code, text in texts if names]


def _sets(fields: Sequence[FieldRecord], pairs: Sequence[tuple[str, str]]) -> list[frozenset[str]]:
    first: dict[str, str] = {}
    listed = [(first.setdefault(field.group, field.name), field.name) for field in fields if field.group is not None]
    return tied((field.name for field in fields), [*listed, *pairs])


def _folds(
    fields: Sequence[FieldRecord],
    crops: Sequence[CropRecord],
    pairs: Sequence[tuple[str, str]],
    places: Mapping[str, Sequence[Place]],
) -> dict[tuple[str, str], int]:
    """Folds as `splits` gives them; crops that belong to no fold are left out."""
    if not fields:
        return {}
    group = {name: min(names) for names in _sets(fields, pairs) for name in names}
    grouped = [replace(field, group=field.group or f"found-{group[field.name]}") for field in fields]
    of_fields = splits.folds("field", grouped)
    found = {(allidb1.NAME, name): fold for name, fold in of_fields.items()}
    for crop in crops:
        names = crop.fields or tuple(place.field for place in places.get(crop.name, ()))
        try:
            fold = splits.inherit(of_fields, [replace(crop, fields=names)])[crop.name]
        except DataError:
            continue
        found[allidb2.NAME, crop.name] = fold
    return found


def _sitting_rows(fields: Sequence[FieldRecord]) -> tuple[SittingRow, ...]:
    by_sitting: dict[str, list[FieldRecord]] = defaultdict(list)
    names = sittings(fields)
    for field in fields:
        if field.name in names:
            by_sitting[names[field.name]].append(field)
    return tuple(
        SittingRow(
            session=name,
            camera=inside[0].camera or "",
            first=min(field.taken or "" for field in inside),
            last=max(field.taken or "" for field in inside),
            leukaemia=sum(field.label == 1 for field in inside),
            healthy=sum(field.label == 0 for field in inside),
        )
        for name, inside in sorted(by_sitting.items())
    )
