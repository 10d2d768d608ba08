"""Reader of TXL-PBC: healthy blood through phone cameras, boxes of white cells, red cells and platelets. MIT."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from allcad_core.datasets import yolo
from allcad_core.datasets.base import FieldRecord, find_set
from allcad_core.datasets.groups import first_names

NAME = "TXL-PBC"
FOLDERS = ("TXL-PBC",)
CLASSES = ("white cell", "red cell", "platelet")

SAME_CELLS = (
    ("2ff502cb-d976-5bfd-a50a-1274740d30a8", "a42832ad-14d9-5660-b6a9-99d25172d5b5"),
    ("3754bc03-ae3f-51da-8210-063c9c928f2f", "4851b184-4f70-5c09-a0a2-66143134ea0a"),
)
"""Pictures that were taken twice; ``allcad data check`` finds them."""


def fields(root: Path) -> tuple[FieldRecord, ...]:
    """All fields, by name, label 0. Raises DataError as :func:`yolo.fields` does."""
    found = yolo.fields(find_set(root, *FOLDERS), CLASSES, dataset=NAME, label=0)
    groups = first_names((field.name for field in found), SAME_CELLS)
    return tuple(replace(field, group=groups[field.name]) for field in found)
