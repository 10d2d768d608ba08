"""Reader of the Aria fields: blood of another hospital, with a label for the field only (Aria et al. 2021)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from allcad_core.datasets.base import FieldRecord, find_set, pictures_in
from allcad_core.datasets.groups import first_names
from allcad_core.errors import DataError

NAME = "Aria"
FOLDERS = ("Aria_ALL_fields", "Aria")
LABELS = {"Benign": 0, "Early": 1, "Pre": 1, "Pro": 1}
"""Label by class: benign are hematogones, which look like blasts; the others are kinds of leukaemia."""

_OVERLAPS: dict[str, tuple[tuple[int, int], ...]] = {
    "Benign": (
        (61, 64),
        (97, 100),
        (157, 160),
        (172, 175),
        (181, 184),
        (238, 241),
        (265, 268),
        (301, 304),
        (325, 328),
        (340, 343),
        (352, 355),
        (361, 364),
        (367, 370),
        (379, 382),
        (379, 385),
        (382, 385),
        (385, 388),
        (391, 394),
    ),
    "Early": (
        (1, 64),
        (183, 204),
        (491, 603),
        (848, 862),
    ),
    "Pre": (
        (512, 820),
        (533, 708),
    ),
    "Pro": (
        (271, 283),
        (433, 481),
        (457, 493),
        (547, 553),
    ),
}
_STEMS = {
    "Benign": "WBC-Benign",
    "Early": "WBC-Malignant-Early",
    "Pre": "WBC-Malignant-Pre",
    "Pro": "WBC-Malignant-Pro",
}

SAME_CELLS = tuple(
    (f"{_STEMS[kind]}-{one:03d}", f"{_STEMS[kind]}-{other:03d}")
    for kind, pairs in _OVERLAPS.items()
    for one, other in pairs
)
"""Fields that share 6 to 100 % of what they show, by class and number: most follow each other, some do not. Found by
correlating every pair at every shift, as in ``overlaps``; all score 0.82 and more, and none joins two classes."""


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
    groups = first_names((field.name for field in found), SAME_CELLS)
    return tuple(replace(field, group=groups[field.name]) for field in found)
