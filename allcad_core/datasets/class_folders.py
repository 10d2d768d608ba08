"""Reader of any folder that holds one folder of pictures a class."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from allcad_core.datasets.base import CropRecord, pictures_below, unique_names
from allcad_core.datasets.yolo import PARTS
from allcad_core.errors import DataError


def crops(root: Path, labels: Mapping[str, int] | None = None, *, dataset: str | None = None) -> tuple[CropRecord, ...]:
    """All pictures below ``root``, by name; ``kind`` is the folder that holds them.

    Args:
        root: a folder with a folder a class, or with ``train``, ``val`` and ``test`` that hold them.
        labels: label (1 blast, 0 healthy) by class; others stay None.
        dataset: name of the data set; that of the folder where not given.

    Raises:
        DataError: there are no such pictures.
    """
    folders = class_folders(root)
    paths = [path for folder in folders for path in pictures_below(folder)]
    kinds = [folder.name for folder in folders for _ in pictures_below(folder)]
    if not paths:
        raise DataError(f"'{root.name}' holds no folders of pictures, one a class, such as 'blast' and 'healthy'.")
    names = unique_names(root, paths)
    return tuple(
        CropRecord(name=name, path=path, dataset=dataset or root.name, label=(labels or {}).get(kind), kind=kind)
        for name, path, kind in sorted(zip(names, paths, kinds, strict=True))
    )


def class_folders(root: Path) -> list[Path]:
    """Folders of the classes: those in ``root``, or those in its train, val and test."""
    inside = _folders(root)
    parts = [folder for folder in inside if folder.name.lower() in PARTS]
    return [folder for part in parts for folder in _folders(part)] if parts else inside


def _folders(root: Path) -> list[Path]:
    if not root.is_dir():
        raise DataError(f"There is no folder '{root}'.")
    return sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
