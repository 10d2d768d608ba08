"""The boxes in the forms that other tools read, COCO and YOLO, and back from them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from allcad_core.datasets import coco, yolo
from allcad_core.datasets.base import LabelledBox
from allcad_core.datasets.boxes import COUNTED, KINDS, CellBox
from allcad_core.errors import DataError

COCO_FILE = "allidb1_coco.json"
LABELS, IGNORED, CLASSES = "labels", "ignored", "classes.txt"
"""Parts of a YOLO folder; ``ignored`` has the same form as ``labels`` and holds what training must not see as a cell."""

Size = tuple[int, int]
"""Width and height in pixels."""

_FIELD = re.compile(r"Im\d{3}_[01]")


def coco_text(boxes: Mapping[str, Iterable[CellBox]], sizes: Mapping[str, Size], files: Mapping[str, str]) -> str:
    """All boxes as one COCO document.

    ``ignore`` is a category of its own, so that an annotation tool shows it, and carries ``iscrowd`` 1.

    Args:
        boxes: by name of the field; fields without any are listed, too.
        sizes: of the pictures of all annotated fields.
        files: names of the pictures' files.
    """
    numbers = {kind: number for number, kind in enumerate(KINDS, start=1)}
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for index, name in enumerate(sorted(sizes), start=1):
        width, height = sizes[name]
        images.append({"id": index, "file_name": files[name], "width": width, "height": height})
        for cell in boxes.get(name, ()):
            x0, y0, x1, y1 = cell.box
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": index,
                    "category_id": numbers[cell.kind],
                    "bbox": [x0, y0, x1 - x0, y1 - y0],
                    "area": (x1 - x0) * (y1 - y0),
                    "iscrowd": int(cell.kind not in COUNTED),
                    "segmentation": [],
                }
            )
    categories = [{"id": number, "name": kind, "supercategory": "white cell"} for kind, number in numbers.items()]
    return json.dumps({"images": images, "annotations": annotations, "categories": categories}, indent=1) + "\n"


def yolo_files(boxes: Mapping[str, Iterable[CellBox]], sizes: Mapping[str, Size]) -> dict[str, str]:
    """The same as a YOLO folder: texts by path within it.

    ``labels`` holds the counted classes, as training wants them; the boxes to ignore lie beside it, in ``ignored``.
    """
    files = {CLASSES: "".join(f"{kind}\n" for kind in COUNTED)}
    for name in sorted(sizes):
        own = list(boxes.get(name, ()))
        files[f"{LABELS}/{name}.txt"] = _lines((cell for cell in own if cell.kind in COUNTED), sizes[name])
        files[f"{IGNORED}/{name}.txt"] = _lines((cell for cell in own if cell.kind not in COUNTED), sizes[name])
    return files


def _lines(cells: Iterable[CellBox], size: Size) -> str:
    width, height = size
    lines = []
    for cell in cells:
        x0, y0, x1, y1 = cell.box
        shares = ((x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height)
        lines.append(" ".join([str(KINDS.index(cell.kind)), *(f"{share:.8f}" for share in shares)]) + "\n")
    return "".join(lines)


def read_corrected(path: Path, sizes: Mapping[str, Size]) -> dict[str, tuple[CellBox, ...]]:
    """Boxes that a tool gives back, by name of the field.

    Args:
        path: a COCO file, or a YOLO folder (``labels`` in it, or the text files themselves). A field is spoken of
            where the file lists its picture, or where it has a text file. Pictures' names may carry what a tool put
            around them, such as ``1a2b3c-Im001_1.jpg``.
        sizes: of the pictures, by name of the field.

    Raises:
        DataError: it cannot be read, names an unknown field or class, or speaks of a field twice.
    """
    found: dict[str, tuple[CellBox, ...]] = {}
    for where, boxes in _read(path, sizes):
        name = field_of(where)
        if name not in sizes:
            raise DataError(f"'{path}' speaks of '{where}', which is no annotated field.")
        if name in found:
            raise DataError(f"'{path}' speaks of {name} twice.")
        found[name] = tuple(_cell(box, f"'{path}', {where}") for box in boxes)
    if not found:
        raise DataError(f"'{path}' speaks of no field.")
    return found


def field_of(file: str) -> str:
    """Name of the field in a file's name; the file's own name without suffix where there is none.

    >>> field_of("tool/1a2b3c-Im001_1.jpg")
    'Im001_1'
    """
    stem = PurePosixPath(file).stem
    named = _FIELD.search(stem)
    return named.group() if named else stem


def says_ignore(path: Path) -> bool:
    """Whether boxes to ignore can stand in what a tool gives back: where they cannot, their absence means nothing."""
    return not path.is_dir() or (path / IGNORED).is_dir() or "ignore" in yolo.read_classes(path)


def _read(path: Path, sizes: Mapping[str, Size]) -> list[tuple[str, tuple[LabelledBox, ...]]]:
    if not path.is_dir():
        return list(coco.read_boxes(path).items())
    folder = path / LABELS if (path / LABELS).is_dir() else path
    classes = yolo.read_classes(path) or KINDS
    found = []
    for file in sorted(file for file in folder.glob("*.txt") if file.name != CLASSES):
        size = sizes.get(field_of(file.name), (1, 1))
        ignored = path / IGNORED / file.name
        beside = yolo.read_boxes(ignored, size, KINDS) if ignored.is_file() else ()
        found.append((file.name, (*yolo.read_boxes(file, size, classes), *beside)))
    return found


def _cell(box: LabelledBox, where: str) -> CellBox:
    kind = next((kind for kind in KINDS if kind == box.kind), None)
    if kind is None:
        raise DataError(f"{where}: '{box.kind}' is no class. Known: {', '.join(KINDS)}.")
    return CellBox(kind, box.box, "")
