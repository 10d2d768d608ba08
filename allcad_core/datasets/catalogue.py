"""Every data set that allcad reads, one entry each, and which of them lie in a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from allcad_core.datasets import (
    allidb1,
    allidb2,
    aria,
    class_folders,
    coco,
    pbc,
    txl_pbc,
    voc,
    wbc_segmentation,
    yolo,
)
from allcad_core.datasets.base import CropRecord, FieldRecord, pictures_below
from allcad_core.errors import DataError

Records = Sequence[FieldRecord] | Sequence[CropRecord]


@dataclass(frozen=True, slots=True)
class Spec:
    """A data set.

    Attributes:
        name: as records and reports call it.
        folders: names that its folder may have.
        read: the reader; it takes the folder itself.
        official_count: pictures of the official release, where it is numbered from 1 without gaps.
        scored: evaluations are scored on it, so that its folds must be clean.
        licence: under which terms it is given.
        cite: paper to cite.
    """

    name: str
    folders: tuple[str, ...]
    read: Callable[[Path], Records]
    official_count: int | None = None
    scored: bool = False
    licence: str = "unknown"
    cite: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A data set that lies in a folder."""

    spec: Spec
    folder: Path


_ON_REQUEST = "research, on request from the University of Milan"

SPECS: tuple[Spec, ...] = (
    Spec(allidb1.NAME, allidb1.FOLDERS, allidb1.fields, allidb1.OFFICIAL_COUNT, scored=True, licence=_ON_REQUEST,
         cite="Labati, Piuri & Scotti, ICIP 2011"),
    Spec(allidb2.NAME, allidb2.FOLDERS, allidb2.crops, allidb2.OFFICIAL_COUNT, scored=True, licence=_ON_REQUEST,
         cite="Labati, Piuri & Scotti, ICIP 2011; masks: Loddo & Putzu 2022"),
    Spec(aria.NAME, aria.FOLDERS, aria.fields, scored=True, licence="not stated, research", cite="Aria et al. 2021"),
    Spec(pbc.NAME, pbc.FOLDERS, pbc.crops, scored=True, licence="CC BY 4.0", cite="Acevedo et al. 2020"),
    Spec(txl_pbc.NAME, txl_pbc.FOLDERS, txl_pbc.fields, licence="MIT", cite="TXL-PBC 2024"),
    Spec(wbc_segmentation.NAME, wbc_segmentation.FOLDERS, wbc_segmentation.crops, licence="GPL-3.0",
         cite="Zheng et al. 2018"),
)  # fmt: skip


def find(root: Path) -> list[Found]:
    """Data sets in ``root``: known ones by the names of their folders, any other folder of pictures by its content.

    Raises:
        DataError: ``root`` is no folder, or no picture lies in it.
    """
    if not root.is_dir():
        raise DataError(f"There is no folder '{root}'.")
    for around in (root, root / "ALL_IDB"):
        known = [Found(spec, around / name) for spec in SPECS for name in spec.folders if (around / name).is_dir()]
        if known:
            taken = {found.folder for found in known}
            others = sorted(path for path in around.iterdir() if path.is_dir() and path not in taken)
            return known + [Found(guess(path), path) for path in others if _has_pictures(path)]
    itself = next((spec for spec in SPECS if root.resolve().name in spec.folders), None)
    if itself is None and not _has_pictures(root):
        raise DataError(f"No pictures lie in '{root}'.")
    return [Found(itself or guess(root), root)]


def guess(folder: Path) -> Spec:
    """A spec for a folder of unknown name, by what lies in it: Pascal VOC, COCO, YOLO, or a folder a class."""
    name = folder.resolve().name
    if next(folder.rglob("*.xml"), None) is not None:
        return Spec(name, (name,), lambda root: voc.fields(root, dataset=name))
    annotation = next((path for path in sorted(folder.rglob("*.json")) if coco.is_coco(path)), None)
    if annotation is not None:
        return Spec(name, (name,), lambda _: coco.fields(annotation, dataset=name))
    pictures = pictures_below(folder)
    if any(yolo.label_file(folder, path).is_file() for path in pictures):
        return Spec(name, (name,), lambda root: yolo.fields(root, dataset=name))
    if pictures and not any(path.parent == folder for path in pictures):
        return Spec(name, (name,), lambda root: class_folders.crops(root, dataset=name))
    return Spec(name, (name,), lambda root: yolo.fields(root, dataset=name))


def _has_pictures(folder: Path) -> bool:
    return not folder.name.startswith(".") and bool(pictures_below(folder))
