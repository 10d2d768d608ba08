"""Reader of any COCO annotation file with the pictures that it names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import inf, isfinite
from pathlib import Path, PurePosixPath
from typing import Any

from allcad_core.datasets.base import FieldRecord, LabelledBox, read_text
from allcad_core.datasets.yolo import part_of
from allcad_core.errors import DataError, quoted


def fields(
    annotation: Path, pictures: Path | None = None, *, dataset: str | None = None, label: int | None = None
) -> tuple[FieldRecord, ...]:
    """All pictures that a COCO file names, with their boxes in pixels.

    Args:
        annotation: JSON with ``images``, ``annotations`` and ``categories``.
        pictures: folder of the pictures; that of the file, or ``images`` in it or beside it, where not given.
        dataset: name of the data set; that of the file's folder where not given.
        label: label that all pictures get.

    Raises:
        DataError: the file is no COCO file, an entry is malformed (named), or a picture is missing.
    """
    found = []
    for listed, boxes in read_boxes(annotation).items():
        name = PurePosixPath(listed)
        found.append(
            FieldRecord(
                name=str(name.with_suffix("")),
                path=_find(annotation, pictures, name),
                dataset=dataset or annotation.resolve().parent.name,
                label=label,
                points_known=False,
                boxes=boxes,
                part=part_of(name),
            )
        )
    return tuple(sorted(found, key=lambda record: record.name))


def read_boxes(annotation: Path) -> dict[str, tuple[LabelledBox, ...]]:
    """Boxes in pixels by the picture's file name as the file has it, with forward slashes; no picture is looked for.

    Raises:
        DataError: the file is no COCO file, or an entry is malformed (named).
    """
    content = _load(annotation)
    categories = {
        _need(entry, "id", annotation): str(_need(entry, "name", annotation)) for entry in content["categories"]
    }
    names = {
        _need(entry, "id", annotation): str(_need(entry, "file_name", annotation)).replace("\\", "/")
        for entry in content["images"]
    }
    boxes: dict[str, list[LabelledBox]] = {name: [] for name in names.values()}
    for entry in content["annotations"]:
        image = _need(entry, "image_id", annotation)
        if image not in names:
            raise DataError(
                f"'{annotation}', annotation {quoted(entry.get('id'))}: there is no picture {quoted(image)}."
            )
        boxes[names[image]].append(_box(entry, categories, annotation))
    return {name: tuple(own) for name, own in boxes.items()}


def is_coco(path: Path) -> bool:
    """Whether a JSON file has the three lists of COCO."""
    try:
        _load(path)
    except DataError:
        return False
    return True


def _load(path: Path) -> dict[str, list[Any]]:
    try:
        content = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise DataError(f"'{path}', line {error.lineno}: not valid JSON ({error.msg}).") from error
    except ValueError as error:
        raise DataError(f"'{path}' is no COCO file: a number in it is too long.") from error
    except RecursionError as error:
        raise DataError(f"'{path}' is nested too deeply for a COCO file.") from error
    for key in ("images", "annotations", "categories"):
        entries = content.get(key) if isinstance(content, dict) else None
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise DataError(f"'{path}' is no COCO file: it lacks a list of '{key}'.")
    return dict(content)


def _box(entry: Mapping[str, Any], categories: Mapping[object, str], path: Path) -> LabelledBox:
    where = f"'{path}', annotation {quoted(entry.get('id'))}"
    category = _need(entry, "category_id", path)
    if category not in categories:
        raise DataError(f"{where}: there is no category {quoted(category)}.")
    try:
        x, y, width, height = map(float, entry["bbox"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{where}: 'bbox' must be four numbers: x, y, width, height.") from error
    if not (inf > width > 0 and inf > height > 0 and isfinite(x) and isfinite(y)):
        raise DataError(f"{where}: the box has no area.")
    return LabelledBox(categories[category], (x, y, x + width, y + height))


def _need(entry: Mapping[str, Any], key: str, path: Path) -> Any:
    value = entry.get(key)
    if not isinstance(value, int | str):
        raise DataError(f"'{path}': an entry lacks '{key}': {quoted(entry)}.")
    return value


def _find(annotation: Path, pictures: Path | None, name: PurePosixPath) -> Path:
    here = annotation.parent
    folders = [pictures] if pictures is not None else [here, here / "images", here.parent / "images", here.parent]
    for folder in folders:
        path = folder / name
        if path.is_file() and path.resolve().is_relative_to(folder.resolve()):
            return path
    raise DataError(f"'{annotation}' names the picture '{quoted(name)}', which is not there.")
