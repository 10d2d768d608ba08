"""Reader of any folder of pictures with boxes in Pascal VOC files."""

from __future__ import annotations

from math import inf
from pathlib import Path
from xml.etree import ElementTree as ET

from allcad_core.datasets.base import PICTURE_SUFFIXES, FieldRecord, LabelledBox, read_text, unique_names
from allcad_core.datasets.yolo import part_of
from allcad_core.errors import DataError, quoted

_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_BESIDE = {"Annotations": ("JPEGImages", "images", "Images"), "annotations": ("images", "JPEGImages", "Images")}
"""Where the pictures lie, by the folder of their XML files."""


def fields(root: Path, *, dataset: str | None = None, label: int | None = None) -> tuple[FieldRecord, ...]:
    """All pictures below ``root`` that have an XML file, with their boxes in pixels, by name.

    Args:
        root: a folder with ``Annotations`` and ``JPEGImages``, or with XML files beside the pictures.
        dataset: name of the data set; that of the folder where not given.
        label: label that all pictures get.

    Raises:
        DataError: there are no XML files, one is malformed (named with its line), or its picture is missing.
    """
    files = sorted(path for path in root.rglob("*.xml") if not path.name.startswith("."))
    if not files:
        raise DataError(f"'{root}' holds no XML files.")
    names = unique_names(root, files)
    return tuple(
        FieldRecord(
            name=name,
            path=picture_of(path),
            dataset=dataset or root.name,
            label=label,
            points_known=False,
            boxes=read_boxes(path),
            part=part_of(path.relative_to(root)),
        )
        for name, path in sorted(zip(names, files, strict=True))
    )


def read_boxes(path: Path) -> tuple[LabelledBox, ...]:
    """Boxes of a Pascal VOC file, whose pixels count from 1. Raises DataError with the file's name."""
    found = []
    for number, thing in enumerate(_root(path).iter("object"), start=1):
        kind, box = thing.findtext("name"), thing.find("bndbox")
        try:
            x0, y0, x1, y1 = (float((box.findtext(corner) if box is not None else None) or "") for corner in _CORNERS)
        except ValueError as error:
            raise DataError(f"'{path}', object {number}: the box needs four numbers: {', '.join(_CORNERS)}.") from error
        if not kind or not kind.strip():
            raise DataError(f"'{path}', object {number}: the name of its class is missing.")
        if not (-inf < x0 <= x1 < inf and -inf < y0 <= y1 < inf):
            raise DataError(f"'{path}', object {number}: the box has no area.")
        found.append(LabelledBox(kind.strip(), (max(x0 - 1, 0.0), max(y0 - 1, 0.0), x1, y1)))
    return tuple(found)


def picture_of(path: Path) -> Path:
    """The picture that an XML file speaks of. Raises DataError where it is missing."""
    named = (_root(path).findtext("filename") or "").replace("\\", "/").rsplit("/", 1)[-1]
    folders = [path.parent]
    for parent in path.parents:
        inside = path.parent.relative_to(parent)
        folders += [parent.parent / beside / inside for beside in _BESIDE.get(parent.name, ())]
    for folder in folders:
        if named and (folder / named).is_file():
            return folder / named
        for suffix in sorted(PICTURE_SUFFIXES):
            if (folder / path.name).with_suffix(suffix).is_file():
                return (folder / path.name).with_suffix(suffix)
    raise DataError(f"'{path}' names the picture '{quoted(named or path.stem)}', which is not there.")


def _root(path: Path) -> ET.Element:
    text = read_text(path)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise DataError(f"'{path}' declares a document type, which annotations do not need; it is not read.")
    try:
        root = ET.fromstring(text)  # noqa: S314  # nosec B314  no declarations are let through, see above
    except ET.ParseError as error:
        raise DataError(f"'{path}', line {error.position[0]}: not valid XML.") from error
    if root.tag != "annotation":
        raise DataError(f"'{path}' is no Pascal VOC file: it begins with '{quoted(root.tag)}', not with 'annotation'.")
    return root
