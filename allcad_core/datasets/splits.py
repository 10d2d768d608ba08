"""Splits without leakage: one implementation for fields, their boxes and their crops, and for the other data sets.

A fold number says in which fold a record is tested; in every other fold it is trained on. ``TRAIN_ONLY`` is never tested.
Orders come from SHA-256, not from a random generator, so that folds stay the same on every machine and version.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from allcad_core.datasets import allidb1
from allcad_core.datasets.base import CropRecord, FieldRecord, Record
from allcad_core.datasets.groups import tied
from allcad_core.errors import DataError, UnknownNameError

Split = Literal["random4", "random5", "chen17", "field", "session", "source"]
PROTOCOLS: tuple[str, ...] = get_args(Split)
LEAK_FREE = ("field", "session", "source")
"""Protocols in which nothing stands on both sides. The others repeat the papers' own tables, leaks included."""

TRAIN_ONLY = -1
FIELD_FOLDS = 5
SESSION_FOLDS = ("AEG", "BC", "DFH")
"""Whole acquisition sessions of ALL-IDB1 in three folds, each with both classes."""

SOURCES = (("ALL-IDB1", "ALL-IDB2"), ("Aria",), ("PBC",))
"""Data sets left out together in ``source``; further ones follow by name."""

CHEN17 = frozenset(
    {
        "Im003_1", "Im008_1", "Im009_1", "Im019_1", "Im027_1", "Im029_1", "Im040_0", "Im044_0", "Im047_0",
        "Im053_1", "Im066_0", "Im067_0", "Im071_0", "Im076_0", "Im088_0", "Im089_0", "Im095_0",
    }
)  # fmt: skip
"""The 17 test fields of Chen et al., as their notebooks list them."""

CHEN13 = CHEN17 - {"Im009_1", "Im019_1", "Im044_0", "Im089_0"}
"""Those of the 17 without a large overlap with a training field. ``overlapping_chen17`` is stricter: it also leaves out
Im003, which shares a strip of 7 % with Im002, and Im008, which hangs together with Im010 by way of Im009."""

PLACED_LAST = frozenset({6, 12, 16, 24, 31, 36, 42, 50, 55, 61, 69, 74, 82, 91, 99, 105})
"""Official fields that were not at hand when the folds were drawn: placed after the others, so that they move none."""

LABEL_WEIGHT, SESSION_WEIGHT, BLAST_WEIGHT = 40, 12, 1
"""What an uneven fold costs, a squared field of one label, a squared field of one session, a squared blast."""

TRIALS = 256
LABELS = (0, 1, None)

Features = NDArray[np.int64]


def folds(protocol: str, fields: Sequence[FieldRecord], *, seed: int = 0) -> dict[str, int]:
    """Fold of each field by name.

    Args:
        protocol: one of ``PROTOCOLS``. ``field``: five folds of groups, stratified by label, session and blast count.
            ``session``: three folds of whole sessions. ``source``: a whole data set left out. ``random4``,
            ``random5``: stratified by label only; ``chen17``: the 17 of Chen et al. in fold 0, all others
            ``TRAIN_ONLY``. These three leak and are for the papers' tables.
        fields: records with unique names. For ``field`` and ``session``, fields without ``group`` are compared by
            keypoints first, which reads their pixels.
        seed: another seed draws other folds (``field`` and ``random``).

    Raises:
        UnknownNameError: no such protocol.
        DataError: a name stands twice, or ``session`` is asked for fields of unknown session.
    """
    _check_names(fields)
    if protocol == "field":
        return _field(fields, seed)
    if protocol == "session":
        return _session(fields)
    return _ungrouped(protocol, fields, seed)


def crop_folds(
    protocol: str, crops: Sequence[CropRecord], fields: Sequence[FieldRecord], *, seed: int = 0
) -> dict[str, int]:
    """Fold of each crop by name: that of its source field, in ``field``, ``session`` and ``chen17``.

    In ``random4``, ``random5`` and ``source`` crops are drawn themselves, as the papers did. Crops of unknown origin
    are looked for in ``fields`` first, which reads pixels.

    Raises:
        DataError: the source field of a crop is not among ``fields``.
    """
    _check_names(crops)
    if protocol not in ("field", "session", "chen17"):
        return _ungrouped(protocol, crops, seed)
    if not all(crop.fields for crop in crops):
        from allcad_core.datasets.crop_search import with_origins

        crops = with_origins(crops, fields)
    return inherit(folds(protocol, fields, seed=seed), crops)


def inherit(of_fields: Mapping[str, int], crops: Iterable[CropRecord]) -> dict[str, int]:
    """Fold of each crop from the folds of fields. Raises DataError where it has none, or two different ones."""
    found: dict[str, int] = {}
    for crop in crops:
        numbers = {of_fields[name] for name in crop.fields if name in of_fields}
        if not numbers:
            raise DataError(f"The field that crop '{crop.name}' was cut from is not known here.")
        if len(numbers) > 1:
            raise DataError(f"Crop '{crop.name}' lies in fields of different folds: {', '.join(crop.fields)}.")
        found[crop.name] = numbers.pop()
    return found


def blocks(records: Sequence[Record], count: int = FIELD_FOLDS, ties: Iterable[tuple[str, str]] = ()) -> dict[str, int]:
    """Block of each record of a data set beside ALL-IDB; block k is tested in fold k.

    Aria is numbered in order of patients, so it is cut into consecutive parts, a class at a time. All others are cut
    by a hash of the file name, which does not move when pictures are added. Records that share a ``group`` or hang
    together by ``ties`` (pairs of names, such as copies that the check found) all go to the block of the first.
    """
    _check_names(records)
    classes: dict[str, list[str]] = defaultdict(list)
    found: dict[str, int] = {}
    for record in records:
        if record.dataset == "Aria":
            classes[record.kind or ""].append(record.name)
        else:
            found[record.name] = _hash(record.name) % count
    for names in classes.values():
        found.update({name: index * count // len(names) for index, name in enumerate(sorted(names, key=_natural))})
    for together in tied(found, [*_group_ties(records), *ties]):
        found |= dict.fromkeys(together, found[min(together)])
    return found


def overlapping_chen17(fields: Sequence[FieldRecord]) -> frozenset[str]:
    """Test fields of ``chen17`` that show cells of a training field: left out of the second, clean scoring."""
    sets = tied((field.name for field in fields), _ties(fields))
    return frozenset(name for names in sets if names - CHEN17 for name in names & CHEN17)


def _field(fields: Sequence[FieldRecord], seed: int) -> dict[str, int]:
    """Place groups of fields by the best of ``TRIALS`` greedy draws, then the late fields without moving the others."""
    ties = _ties(fields)
    early = [field for field in fields if not _is_late(field)]
    features = _features(fields)
    sums = np.zeros((FIELD_FOLDS, len(next(iter(features.values())))), np.int64)
    found = _draw(tied((field.name for field in early), ties), features, sums, seed)
    for names in tied((field.name for field in fields), ties):
        placed = sorted(found[name] for name in names if name in found)
        fold = max(placed, key=placed.count) if placed else _cheapest(_sum(features, names), sums)
        for name in names:
            if found.get(name) != fold:
                sums[fold] += features[name]
            if name in found and found[name] != fold:
                sums[found[name]] -= features[name]
            found[name] = fold
    return {field.name: found[field.name] for field in fields}


def _draw(
    groups: Sequence[frozenset[str]], features: Mapping[str, Features], sums: Features, seed: int
) -> dict[str, int]:
    """Fold of each name of ``groups``, from the best of ``TRIALS`` draws; ``sums`` is left as the draw makes it."""
    vectors = {group: _sum(features, group) for group in groups}
    best_cost, best = None, dict[frozenset[str], int]()
    for trial in range(TRIALS):
        trial_sums, placed = np.zeros_like(sums), dict[frozenset[str], int]()
        for group in sorted(groups, key=lambda group: (-len(group), _hash(seed, trial, *sorted(group)))):
            placed[group] = fold = _cheapest(vectors[group], trial_sums)
            trial_sums[fold] += vectors[group]
        cost = int((trial_sums**2 * _weights(sums.shape[1])).sum())
        if best_cost is None or cost < best_cost:
            best_cost, best = cost, placed
            sums[:] = trial_sums
    return {name: fold for group, fold in best.items() for name in group}


def _cheapest(vector: Features, sums: Features) -> int:
    """Fold whose squared counts grow least by ``vector``; the lowest number among equals."""
    return int((sums * _weights(len(vector)) @ vector).argmin())


def _features(fields: Sequence[FieldRecord]) -> dict[str, Features]:
    """Counts that folds even out: blasts, one column a label, one a session. Whole numbers, so that ties are exact."""
    sessions = sorted({str(field.session) for field in fields})
    found = {}
    for field in fields:
        labels = [int(field.label == label) for label in LABELS]
        found[field.name] = np.array(
            [len(field.blast_points), *labels, *(int(str(field.session) == session) for session in sessions)], np.int64
        )
    return found


def _weights(columns: int) -> Features:
    labels = [LABEL_WEIGHT] * len(LABELS)
    return np.array([BLAST_WEIGHT, *labels, *[SESSION_WEIGHT] * (columns - 1 - len(labels))], np.int64)


def _sum(features: Mapping[str, Features], names: Iterable[str]) -> Features:
    total: Features = np.array([features[name] for name in names], np.int64).sum(axis=0)
    return total


def _session(fields: Sequence[FieldRecord]) -> dict[str, int]:
    found = {}
    for field in fields:
        fold = next((fold for fold, letters in enumerate(SESSION_FOLDS) if str(field.session) in letters), None)
        if fold is None:
            raise DataError(
                f"The acquisition session of '{field.name}' is not known, so it belongs to no session fold."
            )
        found[field.name] = fold
    for names in tied((field.name for field in fields), _ties(fields)):
        first = found[min(names)]
        found |= dict.fromkeys(names, first)
    return found


def _ungrouped(protocol: str, records: Sequence[Record], seed: int) -> dict[str, int]:
    if protocol == "chen17":
        return {record.name: 0 if record.name in CHEN17 else TRAIN_ONLY for record in records}
    if protocol == "source":
        return _source(records)
    if protocol not in PROTOCOLS:
        raise UnknownNameError("protocol", protocol, list(PROTOCOLS))
    count = int(protocol.removeprefix("random"))
    order = sorted(records, key=lambda record: (str(record.label), _hash(seed, record.name)))
    return {record.name: index % count for index, record in enumerate(order)}


def _source(records: Sequence[Record]) -> dict[str, int]:
    known = {name: fold for fold, names in enumerate(SOURCES) for name in names}
    others = sorted({record.dataset for record in records} - set(known))
    known |= {name: len(SOURCES) + index for index, name in enumerate(others)}
    return {record.name: known[record.dataset] for record in records}


def _ties(fields: Sequence[FieldRecord]) -> list[tuple[str, str]]:
    """Pairs of fields that may not be parted: of one group, or alike by keypoints where a group is missing."""
    ties = _group_ties(fields)
    if any(field.group is None for field in fields):
        from allcad_core.datasets.overlaps import overlapping_pairs

        ties += overlapping_pairs(fields)
    return ties


def _group_ties(records: Sequence[Record]) -> list[tuple[str, str]]:
    first: dict[str, str] = {}
    return [
        (first.setdefault(record.group, record.name), record.name) for record in records if record.group is not None
    ]


def _is_late(field: FieldRecord) -> bool:
    return field.dataset == allidb1.NAME and allidb1.number_of(field.name) in PLACED_LAST


def _check_names(records: Sequence[Record]) -> None:
    if not records:
        raise DataError("There is nothing to split: no records were given.")
    names = [record.name for record in records]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"'{twice}' stands there twice: names must be unique within a split.")


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort key in which 9 comes before 10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def _hash(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256(":".join(map(str, parts)).encode()).digest()[:8], "big")
