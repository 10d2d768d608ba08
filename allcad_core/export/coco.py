"""COCO JSON: boxes, outlines and classes in the form that annotation tools and ``allcad annotate merge`` read."""

from __future__ import annotations

import json
from collections.abc import Iterable

from allcad_core.export.places import clipped, in_file, polygon, polygon_area
from allcad_core.images import base_name
from allcad_core.results import Cell, FieldAnalysis, Label

CATEGORIES: dict[Label, tuple[int, str]] = {"blast": (1, "blast"), "healthy": (2, "healthy"), "unsure": (3, "ignore")}
"""Number and name. What a person cannot tell is named as allcad's own annotation has it: a cell that training and
scoring pass over; it carries ``iscrowd`` 1, which says the same to COCO's own scorer."""


def coco_json(analyses: Iterable[FieldAnalysis]) -> str:
    """One COCO document of all photographs with their shown cells, reviewed ones included.

    Each annotation has its cell's outline as ``segmentation`` where it is known, ``score``, and in ``attributes`` the
    blast probability and whether a person has reviewed it. ``area`` is that of the outline, else of the box, in px².
    """
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for number, analysis in enumerate(analyses, start=1):
        images.append(
            {
                "id": number,
                "file_name": in_file(base_name(analysis.image)),
                "width": analysis.width,
                "height": analysis.height,
                "sha256": analysis.sha256,
            }
        )
        for cell in analysis.cells:
            annotations.append({"id": len(annotations) + 1, "image_id": number, **_annotation(cell, analysis)})
    document = {
        "info": {"description": "White cells found by allcad. For research and teaching. Not a medical device."},
        "images": images,
        "annotations": annotations,
        "categories": [
            {"id": number, "name": name, "supercategory": "white cell"} for number, name in CATEGORIES.values()
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _annotation(cell: Cell, analysis: FieldAnalysis) -> dict[str, object]:
    x0, y0, x1, y1 = clipped(cell.box, analysis)
    outline = polygon(cell)
    return {
        "category_id": CATEGORIES[cell.label][0],
        "bbox": [x0, y0, round(x1 - x0, 2), round(y1 - y0, 2)],
        "area": round(polygon_area(outline) if outline else (x1 - x0) * (y1 - y0), 2),
        "iscrowd": int(cell.label == "unsure"),
        "segmentation": [[side for point in outline for side in point]] if outline else [],
        "score": float(cell.score),
        "attributes": {
            "p_blast": None if cell.p_blast is None else float(cell.p_blast),
            "flags": list(cell.flags),
            "reviewed": cell.reviewed,
        },
    }
