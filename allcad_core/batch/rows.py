"""An analysis as rows of plain values, and back: one row a field, one row a cell at every score."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from allcad_core.results import Cell, FieldAnalysis, Models, Note, Quality, Timing

MEASURES = ("area", "nucleus_area", "nc_ratio", "roundness", "solidity", "diameter")
"""Measures that have a column: square pixels, ratios in 0..1, pixels."""
QUALITY = ("focus", "exposure", "ground_cast", "white_cells", "red_cell_px", "um_per_px")
STEPS = ("read", "segment", "detect", "classify", "total")

Row = dict[str, Any]


def field_row(number: int, name: str, analysis: FieldAnalysis) -> Row:
    """The row of a field.

    Args:
        number: of its file in the run.
        name: what the run calls the file.
        analysis: what was found.
    """
    counts, share, suggestion, seen = (
        analysis.counts,
        analysis.blast_fraction,
        analysis.suggestion,
        analysis.quality,
    )
    return {
        "field": number,
        "file": name,
        "sha256": analysis.sha256,
        "width": analysis.width,
        "height": analysis.height,
        "recipe": analysis.recipe,
        "detector": analysis.models.detector,
        "classifier": analysis.models.classifier,
        "segmenter": analysis.models.segmenter,
        "device": analysis.device,
        "backend": analysis.backend,
        "confidence": float(analysis.confidence),
        "blast": counts.blast,
        "healthy": counts.healthy,
        "unsure": counts.unsure,
        "to_review": sum(cell.to_review for cell in analysis.cells),
        "blast_share": share.value,
        "blast_share_low": share.low,
        "blast_share_high": share.high,
        "suggestion_kind": suggestion.kind,
        "suggestion": suggestion.text,
        "warnings": [note.code for note in analysis.warnings],
        "warning_texts": [note.message for note in analysis.warnings],
        "stain": None if seen is None or seen.stain is None else [_number(one) for one in seen.stain],
        **{name: None if seen is None else _number(getattr(seen, name)) for name in QUALITY},
        **{f"{step}_ms": float(getattr(analysis.timing_ms, step)) for step in STEPS},
    }


def cell_rows(number: int, name: str, analysis: FieldAnalysis) -> list[Row]:
    """A row for each cell at every score; ``cell`` counts from 1 in the order of the JSON form, shown ones first."""
    shown = {id(cell) for cell in analysis.cells}
    ordered = [*analysis.cells, *(cell for cell in analysis.every_cell if id(cell) not in shown)]
    return [
        {
            "field": number,
            "file": name,
            "cell": place,
            "shown": id(cell) in shown,
            **dict(zip(("x0", "y0", "x1", "y1"), map(float, cell.box), strict=True)),
            "label": cell.label,
            "score": float(cell.score),
            "p_blast": None if cell.p_blast is None else float(cell.p_blast),
            "probabilities": {model: float(value) for model, value in cell.probabilities.items()},
            "flags": list(cell.flags),
            **{measure: _number(cell.measures.get(measure)) for measure in MEASURES},
            "outline": [round(float(side), 2) for point in cell.outline for side in point],
        }
        for place, cell in enumerate(ordered, start=1)
    ]


def analysis_of(field: Mapping[str, Any], cells: Iterable[Mapping[str, Any]]) -> FieldAnalysis:
    """The analysis that these rows were made from; lengths in hundredths of a pixel, as far as 32 bits hold them."""
    quality = None
    if field["focus"] is not None:
        stain = field["stain"]
        known = {name: field[name] for name in QUALITY}
        quality = Quality(stain=None if stain is None else (stain[0], stain[1], stain[2]), **known)
    return FieldAnalysis(
        image=field["file"],
        width=field["width"],
        height=field["height"],
        sha256=field["sha256"],
        recipe=field["recipe"],
        models=Models(field["detector"], field["classifier"], field["segmenter"]),
        device=field["device"],
        backend=field["backend"],
        confidence=field["confidence"],
        every_cell=tuple(_cell(row) for row in cells),
        warnings=tuple(Note(code, text) for code, text in zip(field["warnings"], field["warning_texts"], strict=True)),
        timing_ms=Timing(*(field[f"{step}_ms"] for step in STEPS)),
        quality=quality,
    )


def _cell(row: Mapping[str, Any]) -> Cell:
    sides = row["outline"]
    return Cell(
        box=(row["x0"], row["y0"], row["x1"], row["y1"]),
        label=row["label"],
        score=row["score"],
        p_blast=row["p_blast"],
        probabilities=dict(row["probabilities"]),
        outline=tuple(zip(sides[::2], sides[1::2], strict=True)),
        measures={name: row[name] for name in MEASURES if row[name] is not None},
        flags=tuple(row["flags"]),
    )


def _number(value: float | None) -> float | None:
    """A plain number; ``None`` for what could not be measured."""
    return None if value is None or not math.isfinite(value) else float(value)
