"""The check of a data folder: what is there, what is missing, and what would falsify an evaluation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from allcad_core.datasets import allidb1, allidb2, catalogue, check_allidb, splits
from allcad_core.datasets.base import CropRecord, FieldRecord, Progress, size_of
from allcad_core.datasets.check_report import CheckReport, Copies, Problem, SetSummary, problem, render
from allcad_core.datasets.duplicates import Twin, thumbnail, twins
from allcad_core.errors import DataError

__all__ = ["CheckReport", "render", "run"]

AnyRecord = FieldRecord | CropRecord


@dataclass
class _Loaded:
    """A data set that was read, and those of its records whose pictures can be read."""

    found: catalogue.Found
    records: list[AnyRecord]
    thumbnails: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.found.spec.name

    @property
    def readable(self) -> list[AnyRecord]:
        return [record for record in self.records if record.name in self.thumbnails]


def run(root: Path, progress: Progress | None = None) -> CheckReport:
    """Check every data set in a folder. Nothing is written.

    Args:
        root: a folder of data sets, or one data set.
        progress: told what is being done, the number of the step and the number of steps.

    Raises:
        DataError: ``root`` is no folder, or no pictures lie in it.
    """
    problems: list[Problem] = []
    sets = _load(catalogue.find(root), problems)
    _look(sets, root, problems, progress)
    for entry in sets:
        problems += _missing(entry)
        problems += _boxes_and_masks(entry, root)
    fields = [record for record in _records(sets, allidb1.NAME) if isinstance(record, FieldRecord)]
    crops = [record for record in _records(sets, allidb2.NAME) if isinstance(record, CropRecord)]
    all_idb = check_allidb.check(fields, crops, progress)
    copies, of_copies = _copies(sets, root, all_idb.folds, progress)
    return CheckReport(
        root=str(root),
        sets=tuple(_summary(entry, root) for entry in sets),
        sittings=all_idb.sittings,
        copies=copies,
        overlaps=all_idb.overlaps,
        groups=all_idb.groups,
        crops=all_idb.places,
        problems=tuple(sorted((*problems, *all_idb.problems, *of_copies), key=lambda entry: not entry.falsifies)),
    )


def _load(found: Sequence[catalogue.Found], problems: list[Problem]) -> list[_Loaded]:
    sets = []
    for entry in found:
        try:
            sets.append(_Loaded(entry, list(entry.spec.read(entry.folder))))
        except DataError as error:
            problems.append(problem("unreadable-set", f"{entry.spec.name} cannot be read: {error}", falsifies=True))
    return sets


def _look(sets: Sequence[_Loaded], root: Path, problems: list[Problem], progress: Progress | None) -> None:
    """Read every picture once, small; note those that cannot be read."""
    total, done = sum(len(entry.records) for entry in sets), 0
    broken = []
    for entry in sets:
        for record in entry.records:
            try:
                entry.thumbnails[record.name] = thumbnail(record.path)
            except DataError:
                broken.append(_shown(record.path, root))
            done += 1
            if progress is not None:
                progress("Reading pictures", done, total)
    if broken:
        message = f"{len(broken)} of {total} pictures cannot be read. Copy them again."
        problems.append(problem("unreadable-picture", message, broken, falsifies=True))


def _records(sets: Sequence[_Loaded], name: str) -> list[AnyRecord]:
    return [record for entry in sets if entry.name == name for record in entry.readable]


def _missing(entry: _Loaded) -> list[Problem]:
    missing = _missing_names(entry)
    if not missing:
        return []
    message = f"{len(missing)} of the {entry.found.spec.official_count} official pictures of {entry.name} are missing."
    return [problem("missing", message, missing, falsifies=False)]


def _missing_names(entry: _Loaded) -> list[str]:
    count = entry.found.spec.official_count or 0
    there = {allidb1.number_of(record.name) for record in entry.records}
    return [f"Im{number:03d}" for number in range(1, count + 1) if number not in there]


def _boxes_and_masks(entry: _Loaded, root: Path) -> list[Problem]:
    outside, wrong = [], []
    for record in entry.readable:
        width, height = size_of(record.path)
        if any(box.box[2] > width + 1 or box.box[3] > height + 1 or min(box.box) < -1 for box in record.boxes):
            outside.append(_shown(record.path, root))
        masks = (record.white_mask, record.red_mask) if isinstance(record, FieldRecord) else (record.mask,)
        wrong += [_shown(mask, root) for mask in masks if mask is not None and not _fits(mask, (width, height))]
    found = []
    if outside:
        message = f"{entry.name}: boxes of {len(outside)} pictures leave the picture."
        found.append(problem("box-outside", message, outside, falsifies=True))
    if wrong:
        message = f"{entry.name}: {len(wrong)} masks cannot be read or differ in size from their picture."
        found.append(problem("mask", message, wrong, falsifies=True))
    return found


def _fits(mask: Path, size: tuple[int, int]) -> bool:
    try:
        thumbnail(mask)
        return size_of(mask) == size
    except DataError:
        return False


def _copies(
    sets: Sequence[_Loaded], root: Path, of_all_idb: Mapping[tuple[str, str], int], progress: Progress | None
) -> tuple[tuple[Copies, ...], list[Problem]]:
    """Copies within and across sets, and what they would falsify."""
    every = [(entry, record) for entry in sets for record in entry.readable]
    if not every:
        return (), []
    planes = np.stack([entry.thumbnails[record.name] for entry, record in every])
    folds = {(entry.name, name): block for entry in sets for name, block in splits.blocks(entry.records).items()}
    folds |= of_all_idb
    copies: list[Copies] = []
    kept: dict[str, list[str]] = {"copy-across-sets": [], "copy-label": [], "copy-apart": [], "copy-unscored": []}
    for twin in twins([record.path for _, record in every], planes, progress):
        code = _verdict(every, twin, folds)
        one, other = (_shown(every[index][1].path, root) for index in (twin.one, twin.other))
        copies.append(Copies(one, other, twin.exact, round(twin.correlation, 4), apart=code is not None))
        if code is not None:
            kept[code].append(f"{one} = {other}")
    return tuple(copies), [
        problem(code, text.format(len(pairs)), pairs, falsifies=code != "copy-unscored")
        for (code, pairs), text in zip(kept.items(), _COPY_TEXTS, strict=True)
        if pairs
    ]


_COPY_TEXTS = (
    "{} pairs of copies stand in two data sets: leaving one data set out would not leave the picture out.",
    "{} pairs of copies carry two different labels.",
    "{} pairs of copies stand in two different folds.",
    "{} pairs of copies stand in two different blocks of a set that is only trained on; tie them before scoring on it.",
)


def _verdict(
    every: Sequence[tuple[_Loaded, AnyRecord]], twin: Twin, folds: Mapping[tuple[str, str], int]
) -> str | None:
    """Code of the problem that two copies make; None where they do no harm."""
    (set_one, one), (set_other, other) = every[twin.one], every[twin.other]
    both_all_idb = {set_one.name, set_other.name} <= {allidb1.NAME, allidb2.NAME}
    if set_one.name != set_other.name and not both_all_idb:
        return "copy-across-sets"
    if None not in (one.label, other.label) and one.label != other.label:
        return "copy-label"
    if folds.get((set_one.name, one.name)) == folds.get((set_other.name, other.name)):
        return None
    return "copy-apart" if set_one.found.spec.scored else "copy-unscored"


def _summary(entry: _Loaded, root: Path) -> SetSummary:
    spec, records = entry.found.spec, entry.records
    fields = [record for record in records if isinstance(record, FieldRecord)]
    crops = [record for record in records if isinstance(record, CropRecord)]
    return SetSummary(
        name=spec.name,
        folder=_shown(entry.found.folder, root),
        pictures=len(records),
        labels=dict(Counter("none" if record.label is None else str(record.label) for record in records)),
        kinds=dict(Counter(record.kind for record in records if record.kind is not None)),
        boxes=sum(len(record.boxes) for record in records),
        points=sum(len(record.blast_points) for record in fields),
        masks=sum(record.white_mask is not None for record in fields)
        + sum(record.mask is not None for record in crops),
        missing=tuple(_missing_names(entry)),
        licence=spec.licence,
        cite=spec.cite,
    )


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
