"""Reader of PBC: one white cell of healthy blood a picture, with its box (Acevedo et al. 2020, CC BY 4.0)."""

from __future__ import annotations

from pathlib import Path

from allcad_core.datasets import yolo
from allcad_core.datasets.base import CropRecord, FieldRecord, find_set
from allcad_core.errors import DataError

NAME = "PBC"
FOLDERS = ("PBC_cells", "PBC")

KINDS = {
    "BA": "basophil",
    "EO": "eosinophil",
    "ERB": "erythroblast",
    "IG": "immature_granulocyte",
    "MMY": "immature_granulocyte",
    "MY": "immature_granulocyte",
    "PMY": "immature_granulocyte",
    "LY": "lymphocyte",
    "MO": "monocyte",
    "BNE": "neutrophil",
    "SNE": "neutrophil",
    "NEUTROPHIL": "neutrophil",
}
"""Kind of cell by the prefix of the file's name."""


def crops(root: Path) -> tuple[CropRecord, ...]:
    """All pictures, by name, label 0; ``kind`` is that of the cell in the middle.

    Raises:
        DataError: the folder is missing, a text file is malformed, or the classes contradict the file's name.
    """
    return tuple(_crop(field) for field in yolo.fields(find_set(root, *FOLDERS), dataset=NAME, label=0))


def _crop(field: FieldRecord) -> CropRecord:
    named = KINDS.get(field.name.split("_")[0])
    kinds = {box.kind for box in field.boxes} | ({named} if named else set())
    if len(kinds) != 1:
        raise DataError(f"'{field.path}' must show one kind of cell; its name and boxes say {sorted(kinds) or 'none'}.")
    return CropRecord(
        name=field.name, path=field.path, dataset=NAME, label=field.label, kind=kinds.pop(), boxes=field.boxes
    )
