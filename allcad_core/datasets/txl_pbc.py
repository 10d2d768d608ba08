"""Reader of TXL-PBC: healthy blood through phone cameras, boxes of white cells, red cells and platelets. MIT."""

from __future__ import annotations

from pathlib import Path

from allcad_core.datasets import yolo
from allcad_core.datasets.base import FieldRecord, find_set

NAME = "TXL-PBC"
FOLDERS = ("TXL-PBC",)
CLASSES = ("white cell", "red cell", "platelet")


def fields(root: Path) -> tuple[FieldRecord, ...]:
    """All fields, by name, label 0. Raises DataError as :func:`yolo.fields` does."""
    return yolo.fields(find_set(root, *FOLDERS), CLASSES, dataset=NAME, label=0)
