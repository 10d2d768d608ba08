"""Reader of the Aria fields: blood of another hospital, with a label for the field only (Aria et al. 2021)."""

from __future__ import annotations

from pathlib import Path

from allcad_core.datasets.base import FieldRecord, find_set, pictures_in
from allcad_core.errors import DataError

NAME = "Aria"
FOLDERS = ("Aria_ALL_fields", "Aria")
LABELS = {"Benign": 0, "Early": 1, "Pre": 1, "Pro": 1}
"""Label by class: benign are hematogones, which look like blasts; the others are kinds of leukaemia."""


def fields(root: Path) -> tuple[FieldRecord, ...]:
    """All fields, a class at a time and by name in it; ``kind`` is the class. Raises DataError where there are none."""
    folder = find_set(root, *FOLDERS)
    found = [
        FieldRecord(name=path.stem, path=path, dataset=NAME, label=label, kind=kind, points_known=False)
        for kind, label in LABELS.items()
        if (folder / kind).is_dir()
        for path in pictures_in(folder / kind)
    ]
    if not found:
        raise DataError(f"'{folder}' holds no pictures in {', '.join(LABELS)}.")
    return tuple(found)
