"""What a run leaves beside its tables: a summary for spreadsheets, a report to read, files for other tools."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from allcad_core.batch import tables
from allcad_core.batch.report import write_report
from allcad_core.batch.store import DONE, FAILED, Store, Told
from allcad_core.files import whole_text
from allcad_core.intervals import wilson

FORMATS = ("coco", "geojson", "fiftyone")
"""What other tools read, each written when asked for."""
SUMMARY = "summary.csv"
COLUMNS = (
    "field", "file", "status", "white_cells", "blast", "healthy", "unsure", "to_review", "blast_share", "share_low",
    "share_high", "suggestion", "warnings", "milliseconds", "sha256", "error",
)  # fmt: skip
STATUS = {DONE: "done", FAILED: "failed"}
STEM = 80
"""Letters of a file's name that its GeoJSON keeps."""


def write(store: Store, folder: Path, formats: Collection[str] = ()) -> None:
    """Write summary, report and what else is asked for, each whole or not at all.

    Raises:
        DataError: a file cannot be written.
    """
    write_summary(store, folder)
    write_report(store, folder)
    writers: dict[str, Callable[[Store, Path], None]] = {
        "coco": write_coco,
        "geojson": write_geojson,
        "fiftyone": write_fiftyone,
    }
    for name in FORMATS:
        if name in formats:
            writers[name](store, folder)


def write_summary(store: Store, folder: Path) -> None:
    """``summary.csv``: one row a file, by path, also where it failed."""
    with whole_text(folder / SUMMARY) as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_NONNUMERIC)
        writer.writerow(COLUMNS)
        writer.writerows(_summary_row(told) for told in store.told())


def _summary_row(told: Told) -> tuple[object, ...]:
    from allcad_core.export.table import harmless

    total = (told.blast or 0) + (told.healthy or 0)
    share = wilson(told.blast or 0, total)
    ends = ["" if one is None else round(one, 4) for one in (share.value, share.low, share.high)]
    counts = [total, told.blast, told.healthy, told.unsure, told.review]
    return (
        told.number,
        harmless(told.name),
        STATUS.get(told.status, "waiting"),
        *([""] * len(counts) if told.status != DONE else counts),
        *ends,
        told.kind or "",
        harmless(told.warnings or ""),
        "" if told.ms is None else round(told.ms, 1),
        told.sha256 or "",
        harmless(told.error or ""),
    )


def write_coco(store: Store, folder: Path) -> None:
    """``coco.json``: one COCO document of all fields and their shown cells; a field's number is its image's ``id``."""
    from allcad_core.export import coco_json

    head: dict[str, Any] = {}
    count = 0
    with whole_text(folder / "coco.json") as stream, whole_text(folder / "coco.images.json") as images:
        stream.write('{"annotations": [')
        for place, (number, analysis) in enumerate(tables.analyses(store, folder)):
            head = json.loads(coco_json([analysis]))
            (image,) = head.pop("images")
            images.write(",\n" if place else "")
            images.write(json.dumps(image | {"id": number, "file_name": analysis.image}, ensure_ascii=False))
            for one in head.pop("annotations"):
                stream.write(",\n" if count else "")
                count += 1
                stream.write(json.dumps(one | {"id": count, "image_id": number}, ensure_ascii=False))
        images.flush()
        stream.write('],\n"images": [')
        with Path(images.name).open(encoding="utf-8") as written:
            for line in written:
                stream.write(line)
        head = head or {name: json.loads(coco_json([]))[name] for name in ("info", "categories")}
        stream.write(f'],\n"info": {json.dumps(head["info"])},\n"categories": {json.dumps(head["categories"])}}}\n')
    (folder / "coco.images.json").unlink()


def write_geojson(store: Store, folder: Path) -> None:
    """``geojson/NUMBER-NAME.geojson``: one file a field, to be dropped on the picture in QuPath."""
    from allcad_core.export import qupath_geojson

    place = folder / "geojson"
    place.mkdir(exist_ok=True)
    for number, analysis in tables.analyses(store, folder):
        stem = re.sub(r"[^\w.-]+", "-", Path(analysis.image).stem)[:STEM]
        with whole_text(place / f"{number:06}-{stem}.geojson") as stream:
            stream.write(qupath_geojson(analysis))


def write_fiftyone(store: Store, folder: Path) -> None:
    """``fiftyone``: a ``FiftyOneImageDetectionDataset``, ``data.json`` with the files' paths and ``labels.json``.

    FiftyOne opens files, so pictures in ZIP files are left out. The layout is that of FiftyOne's documentation: boxes as
    left, top, width, height in parts of the picture.
    """
    place = folder / "fiftyone"
    place.mkdir(exist_ok=True)
    with whole_text(place / "data.json") as data, whole_text(place / "labels.json") as labels:
        data.write("{")
        labels.write('{"classes": ["blast", "healthy", "unsure"], "labels": {')
        first = True
        for number, analysis in tables.analyses(store, folder):
            item = store.item(number)
            if item.member:
                continue
            comma = "" if first else ",\n"
            first = False
            name = json.dumps(f"{number:06}")
            data.write(f"{comma}{name}: {json.dumps(item.path)}")
            labels.write(f"{comma}{name}: {json.dumps([_fiftyone(cell, analysis) for cell in analysis.cells])}")
        data.write("}\n")
        labels.write("}}\n")


def _fiftyone(cell: Any, analysis: Any) -> dict[str, Any]:
    from allcad_core.export.places import clipped

    x0, y0, x1, y1 = clipped(cell.box, analysis)
    width, height = analysis.width, analysis.height
    return {
        "label": cell.label,
        "bounding_box": [x0 / width, y0 / height, (x1 - x0) / width, (y1 - y0) / height],
        "confidence": cell.score,
        "attributes": {"p_blast": cell.p_blast, "flags": " ".join(cell.flags)},
    }
