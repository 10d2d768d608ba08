"""GeoJSON for QuPath: each cell as an annotation with its outline, class, colour and measurements."""

from __future__ import annotations

import json
import math
import uuid

from allcad_core.export.marks import COLOURS
from allcad_core.export.places import Polygon, clipped, polygon, signed_area
from allcad_core.results import Cell, FieldAnalysis, Label

NAMES: dict[Label, str] = {"blast": "Blast", "healthy": "Healthy", "unsure": "Cannot tell"}
"""Classes as QuPath shows them."""
MEASURES: dict[str, str] = {
    "area": "Cell area px^2",
    "nucleus_area": "Nucleus area px^2",
    "nc_ratio": "Nucleus/cell area ratio",
    "roundness": "Nucleus roundness",
    "solidity": "Nucleus solidity",
    "diameter": "Diameter px",
}
"""Names of the measures as QuPath writes its own; one without a name here keeps its own."""


def qupath_geojson(analysis: FieldAnalysis) -> str:
    """One photograph's shown cells as a GeoJSON FeatureCollection, in pixels of the picture, origin at the upper left.

    QuPath 0.4 and later read it by dropping the file on the open picture. A cell without an outline has its box. Rings
    run as RFC 7946 (section 3.1.6) asks, seen with y pointing up.
    """
    features = [_feature(number, cell, analysis) for number, cell in enumerate(analysis.cells, start=1)]
    document = {"type": "FeatureCollection", "features": features}
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _feature(number: int, cell: Cell, analysis: FieldAnalysis) -> dict[str, object]:
    return {
        "type": "Feature",
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{analysis.sha256} {number} {cell.box}")),
        "geometry": {"type": "Polygon", "coordinates": [_ring(polygon(cell) or _corners(cell, analysis))]},
        "properties": {
            "objectType": "annotation",
            "name": f"Cell {number}",
            "classification": {"name": NAMES[cell.label], "color": list(COLOURS[cell.label])},
            "isLocked": False,
            "measurements": _measurements(cell),
            "metadata": {"Reviewed": "yes" if cell.reviewed else "no", "Flags": " ".join(cell.flags)},
        },
    }


def _ring(points: Polygon) -> list[list[float]]:
    """Closed, and counter-clockwise where y points up."""
    turned = points if signed_area(points) > 0 else points[::-1]
    return [[x, y] for x, y in (*turned, turned[0])]


def _corners(cell: Cell, analysis: FieldAnalysis) -> Polygon:
    x0, y0, x1, y1 = clipped(cell.box, analysis)
    return (x0, y0), (x1, y0), (x1, y1), (x0, y1)


def _measurements(cell: Cell) -> dict[str, float]:
    known = {"Score": cell.score, "Reviewed": float(cell.reviewed)}
    if cell.p_blast is not None:
        known["Blast probability"] = cell.p_blast
    known |= {f"Blast probability: {model}": value for model, value in cell.probabilities.items()}
    known |= {MEASURES.get(name, name): value for name, value in cell.measures.items()}
    return {name: float(value) for name, value in known.items() if math.isfinite(value)}
