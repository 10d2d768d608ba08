"""Reader of WBC_segmentation: crops of one white cell with masks of nucleus and cytoplasm (Zheng et al. 2018, GPL-3.0)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from allcad_core.datasets.base import CropRecord, find_set, pictures_in, read_lines
from allcad_core.datasets.groups import first_names
from allcad_core.errors import DataError

NAME = "WBC-segmentation"
FOLDERS = ("WBC_segmentation", "segmentation_WBC", "segmentation_WBC-master")
KINDS = {"1": "neutrophil", "2": "lymphocyte", "3": "monocyte", "4": "eosinophil", "5": "basophil"}
"""Kind of cell by the number in ``classes1.csv`` and ``classes2.csv``."""

PARTS = (("dataset1", "classes1.csv"), ("dataset2", "classes2.csv"))
SAME_CELLS = (("dataset1/112", "dataset1/139"), ("dataset1/157", "dataset1/158"), ("dataset1/166", "dataset1/171"),
              ("dataset1/167", "dataset1/169"))  # fmt: skip
"""Crops of one cell; ``allcad data check`` finds them."""

_MASK = "_mask"


def crops(root: Path) -> tuple[CropRecord, ...]:
    """All crops, named such as ``dataset1/001``. Dataset 1 is stained rapidly, dataset 2 as usual. No labels.

    Raises:
        DataError: the folder is missing, a crop has no mask, or a table of classes is malformed (named with its line).
    """
    folder = find_set(root, *FOLDERS)
    found = [crop for part, table in PARTS if (folder / part).is_dir() for crop in _part(folder, part, table)]
    if not found:
        raise DataError(f"'{folder}' holds no pictures in 'dataset1' or 'dataset2'.")
    groups = first_names((crop.name for crop in found), SAME_CELLS)
    return tuple(replace(crop, group=groups[crop.name]) for crop in found)


def _part(folder: Path, part: str, table: str) -> list[CropRecord]:
    kinds = _read_kinds(folder / table) if (folder / table).is_file() else {}
    found = []
    for path in pictures_in(folder / part):
        if path.stem.endswith(_MASK):
            continue
        mask = path.with_name(f"{path.stem}{_MASK}.png")
        if not mask.is_file():
            raise DataError(f"'{path}' has no mask '{mask.name}' beside it.")
        kind = kinds.get(int(path.stem)) if path.stem.isdecimal() else None
        found.append(CropRecord(name=f"{part}/{path.stem}", path=path, dataset=NAME, kind=kind, mask=mask))
    return found


def _read_kinds(path: Path) -> dict[int, str]:
    found = {}
    for number, line in enumerate(read_lines(path)[1:], start=2):
        if not line.strip():
            continue
        parts = line.split(",")
        if len(parts) != 2 or not parts[0].strip().isdecimal() or parts[1].strip() not in KINDS:
            raise DataError(f"'{path}', line {number}: expected a picture's number and a class from 1 to 5.")
        found[int(parts[0])] = KINDS[parts[1].strip()]
    return found
