"""YOLO: a zip with one text file a photograph and the names of the classes, laid out as training tools expect it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from allcad_core.export.places import clipped, in_file
from allcad_core.images import base_name
from allcad_core.results import Cell, FieldAnalysis, Label

CLASSES: tuple[Label, ...] = ("blast", "healthy")
IGNORED_CLASS = 2
"""Number of what a person cannot tell, in a folder of its own; allcad's own annotation is laid out the same."""
_WRITTEN = (1980, 1, 1, 0, 0, 0)
"""The same cells give the same bytes, whenever they are written."""


def yolo_zip(analyses: Iterable[FieldAnalysis], stems: Sequence[str] | None = None) -> bytes:
    """``classes.txt``, ``labels/NAME.txt`` and ``ignored/NAME.txt`` for each photograph, with its shown cells.

    A line is ``class x y width height``, the middle and the sides as shares of the picture. Cells that a person cannot
    tell stand in ``ignored`` alone, so that no training takes them for a class.

    Args:
        analyses: of the photographs.
        stems: NAME of each; that of the photograph's file where not given.

    Raises:
        ValueError: two photographs have one name.
    """
    every = list(analyses)
    names = [in_file(stem) for stem in stems or (PurePath(base_name(one.image)).stem for one in every)]
    if len(set(names)) < len(every):
        raise ValueError("Two photographs have the same name: give each a stem of its own.")
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        _put(archive, "classes.txt", "".join(f"{name}\n" for name in CLASSES))
        for name, analysis in zip(names, every, strict=True):
            counted = [cell for cell in analysis.cells if cell.label in CLASSES]
            passed_over = [cell for cell in analysis.cells if cell.label not in CLASSES]
            _put(archive, f"labels/{name}.txt", _lines(counted, analysis))
            _put(archive, f"ignored/{name}.txt", _lines(passed_over, analysis))
    return memory.getvalue()


def _lines(cells: Sequence[Cell], analysis: FieldAnalysis) -> str:
    width, height = analysis.width, analysis.height
    lines = []
    for cell in cells:
        x0, y0, x1, y1 = clipped(cell.box, analysis)
        kind = CLASSES.index(cell.label) if cell.label in CLASSES else IGNORED_CLASS
        shares = ((x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height)
        lines.append(" ".join([str(kind), *(f"{share:.8f}" for share in shares)]) + "\n")
    return "".join(lines)


def _put(archive: zipfile.ZipFile, name: str, text: str) -> None:
    entry = zipfile.ZipInfo(name, _WRITTEN)
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, text)
