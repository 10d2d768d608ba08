"""Reader of ALL-IDB2: crops of one white cell, cut from ALL-IDB1 (Labati, Piuri & Scotti, ICIP 2011)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from allcad_core.datasets.allidb1 import label_of, number_of
from allcad_core.datasets.base import CropRecord, find_set, pictures_in, read_rows
from allcad_core.errors import DataError

NAME = "ALL-IDB2"
FOLDERS = ("ALL_IDB2", "ALL-IDB2")
OFFICIAL_COUNT = 260
NUCLEUS, CYTOPLASM = (0, 255, 255), (0, 0, 255)
"""Colours of the expert masks of Loddo & Putzu 2022."""

_ORIGIN_COLUMNS = {"crop", "field", "x0", "y0", "width", "height"}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a crop lies: names of the fields that hold it, and x0, y0, x1, y1 in their pixels."""

    fields: tuple[str, ...]
    box: tuple[int, int, int, int]


def crops(root: Path) -> tuple[CropRecord, ...]:
    """All crops, by name.

    Args:
        root: the data folder, or the folder ALL_IDB2 itself, in the official layout (``img``). ``gt`` and
            ``crop_origin.csv`` are used where they are there.

    Raises:
        DataError: the folder or its pictures are missing, or ``crop_origin.csv`` is malformed (named with its line).
    """
    folder = find_set(root, *FOLDERS)
    paths = [path for path in pictures_in(folder / "img") if number_of(path.stem) is not None]
    if not paths:
        raise DataError(f"'{folder / 'img'}' holds no picture called ImNNN_0 or ImNNN_1.")
    masks = {path.stem: path for path in pictures_in(folder / "gt")} if (folder / "gt").is_dir() else {}
    table = folder / "crop_origin.csv"
    origins = read_origins(table) if table.is_file() else {}
    return tuple(_record(path, masks.get(path.stem), origins.get(path.stem)) for path in paths)


def read_origins(path: Path) -> dict[str, Origin]:
    """Where each crop of ``crop_origin.csv`` lies. Raises DataError with file and line."""
    found: dict[str, Origin] = {}
    for where, row in read_rows(path, _ORIGIN_COLUMNS):
        try:
            x0, y0, width, height = (int(row[column]) for column in ("x0", "y0", "width", "height"))
        except (TypeError, ValueError) as error:
            raise DataError(f"{where}: expected whole numbers of pixels.") from error
        box = (x0, y0, x0 + width, y0 + height)
        known = found.get(row["crop"])
        if known is not None and known.box != box:
            raise DataError(f"{where}: '{row['crop']}' lies at two different places.")
        found[row["crop"]] = Origin((*(known.fields if known else ()), row["field"]), box)
    return found


def _record(path: Path, mask: Path | None, origin: Origin | None) -> CropRecord:
    return CropRecord(
        name=path.stem,
        path=path,
        dataset=NAME,
        label=label_of(path.stem),
        fields=origin.fields if origin else (),
        origin=origin.box if origin else None,
        mask=mask,
        nucleus_colour=NUCLEUS,
        cytoplasm_colour=CYTOPLASM,
    )
