"""Reader of any folder of pictures with boxes in YOLO text files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath

from allcad_core.datasets.base import FieldRecord, LabelledBox, pictures_below, read_lines, size_of, unique_names
from allcad_core.errors import DataError, quoted

PARTS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
"""Folder names that say which part of a data set a picture belongs to."""

_NAME_FILES = ("classes.txt", "obj.names", "data.yaml", "data.yml", "dataset.yaml")
_SLACK = 1e-3
"""Of the side of a picture. Rounded coordinates may stand this far outside it."""


def fields(
    root: Path, classes: Sequence[str] | None = None, *, dataset: str | None = None, label: int | None = None
) -> tuple[FieldRecord, ...]:
    """All pictures below ``root`` with their boxes, by name. A picture without a text file has no boxes.

    Args:
        root: a folder with ``images`` and ``labels`` (with or without train, val, test inside or outside them), or
            with text files beside the pictures.
        classes: names of the classes; read from ``classes.txt``, ``obj.names`` or ``data.yaml`` where not given, else
            the class numbers.
        dataset: name of the data set; that of the folder where not given.
        label: label that all pictures get.

    Raises:
        DataError: there are no pictures, or a text file is malformed (named with its line).
    """
    pictures = pictures_below(root)
    if not pictures:
        raise DataError(f"'{root}' holds no pictures.")
    known = tuple(classes) if classes is not None else read_classes(root)
    names = unique_names(root, pictures)
    return tuple(
        FieldRecord(
            name=name,
            path=path,
            dataset=dataset or root.name,
            label=label,
            points_known=False,
            boxes=read_boxes(text, size_of(path), known) if (text := label_file(root, path)).is_file() else (),
            part=part_of(path.relative_to(root)),
        )
        for name, path in sorted(zip(names, pictures, strict=True))
    )


def label_file(root: Path, picture: Path) -> Path:
    """Where the boxes of a picture would stand: in ``labels`` instead of ``images``, else beside it."""
    inside = list(picture.relative_to(root).parts)
    if "images" in inside[:-1]:
        inside[len(inside) - 1 - inside[::-1].index("images")] = "labels"
    return (root / Path(*inside)).with_suffix(".txt")


def part_of(path: PurePath) -> str | None:
    """``train``, ``val`` or ``test`` where a folder of the path says so."""
    return next((PARTS[folder.lower()] for folder in path.parts[:-1] if folder.lower() in PARTS), None)


def read_boxes(path: Path, size: tuple[int, int], classes: Sequence[str] = ()) -> tuple[LabelledBox, ...]:
    """Boxes of a YOLO text file, in pixels. Polygons become the box around them.

    Args:
        path: lines of ``class x y width height`` or ``class x1 y1 x2 y2 x3 y3 ...``, as shares of the picture.
        size: width and height of the picture in pixels.
        classes: names of the classes; numbers are kept as they are where there are none.

    Raises:
        DataError: a line is malformed, lies outside the picture or names an unknown class.
    """
    found = []
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():
            continue
        try:
            found.append(_box(line, size, classes))
        except ValueError as error:
            raise DataError(f"'{path}', line {number}: {error}") from error
    return tuple(found)


def read_classes(root: Path) -> tuple[str, ...]:
    """Names of the classes, from the usual files; empty where there is none. Raises DataError for a malformed file."""
    path = next((root / name for name in _NAME_FILES if (root / name).is_file()), None)
    if path is None:
        return ()
    if path.suffix in (".yaml", ".yml"):
        return _from_yaml(path)
    return tuple(line.strip() for line in read_lines(path) if line.strip())


def _box(line: str, size: tuple[int, int], classes: Sequence[str]) -> LabelledBox:
    parts = line.split()
    if len(parts) != 5 and (len(parts) < 7 or len(parts) % 2 == 0):
        raise ValueError(f"expected a class and four numbers, found '{quoted(line.strip())}'.")
    try:
        kind, values = int(parts[0]), [float(part) for part in parts[1:]]
    except ValueError as error:
        raise ValueError(f"expected a class number and coordinates, found '{quoted(line.strip())}'.") from error
    if kind < 0 or (classes and kind >= len(classes)):
        raise ValueError(f"there is no class {quoted(parts[0])}; there are {len(classes)} classes, counted from 0.")
    if len(values) == 4:
        x, y, width, height = values
        corners = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    else:
        corners = (min(values[::2]), min(values[1::2]), max(values[::2]), max(values[1::2]))
    if not all(-_SLACK <= value <= 1 + _SLACK for value in corners):
        raise ValueError(
            f"the box leaves the picture: '{quoted(line.strip())}'. Coordinates are shares between 0 and 1."
        )
    x0, y0, x1, y1 = (min(max(value, 0.0), 1.0) for value in corners)
    if x1 <= x0 or y1 <= y0:
        raise ValueError(f"the box has no area: '{quoted(line.strip())}'.")
    width_px, height_px = size
    box = (x0 * width_px, y0 * height_px, x1 * width_px, y1 * height_px)
    return LabelledBox(classes[kind] if classes else str(kind), box)


def _from_yaml(path: Path) -> tuple[str, ...]:
    import yaml  # type: ignore[import-untyped]

    try:
        content = yaml.safe_load("\n".join(read_lines(path)))
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:  # a date that is none, a list as a key
        raise DataError(f"'{path}' is not valid YAML.") from error
    names = content.get("names") if isinstance(content, dict) else None
    if isinstance(names, dict):
        if any(not isinstance(index, int) for index in names) or sorted(names) != list(range(len(names))):
            raise DataError(f"'{path}' must number its names from 0 without gaps.")
        names = [names[index] for index in range(len(names))]
    # A list within the list may be named again and again, and be endless as a text.
    if not isinstance(names, list) or not all(isinstance(name, str | int | float | None) for name in names):
        raise DataError(f"'{path}' lacks 'names', the list of classes.")
    return tuple(map(str, names))
