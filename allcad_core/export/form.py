"""The JSON form of an analysis: typed, so that its schema is generated; it only ever grows."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, NotRequired, cast

from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict  # pydantic asks for it below Python 3.12

from allcad_core import review
from allcad_core.results import SCHEMA_VERSION, Agreement, Box, Cell, FieldAnalysis, Label, Timing, in_micrometres
from allcad_core.suggestion import Kind

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Milliseconds = Annotated[float, Field(ge=0)]
BoxForm = Annotated[
    tuple[float, float, float, float],
    Field(description="x0, y0, x1, y1 in pixels of the picture as a person sees it"),
]

BOX_DECIMALS = 2
"""A hundredth of a pixel is far below what an edge of a cell means."""
TIME_DECIMALS = 1


class BlastFraction(TypedDict):
    """Share of blasts among counted white cells with its 95 % Wilson interval; null where nothing was counted."""

    value: Share | None
    low: Share | None
    high: Share | None


class CellForm(TypedDict):
    """One white cell."""

    box: BoxForm
    label: Annotated[Label, Field(description="unsure: a person cannot tell; such a cell leaves the counts")]
    score: Annotated[Share, Field(description="the detector's confidence in box and label")]
    p_blast: Annotated[Share | None, Field(description="calibrated blast probability by the classifier")]
    probabilities: Annotated[dict[str, Share], Field(description="blast probability by each model that spoke")]
    measures: Annotated[
        dict[str, float],
        Field(
            description="sizes in pixels, areas in square pixels, ratios in 0..1; where the scale is known also diameter_um, "
            "area_um2 and nucleus_area_um2"
        ),
    ]
    flags: Annotated[list[str], Field(description="why a person should look: disagree, uncertain, border, ...")]
    reviewed: Annotated[bool, Field(description="a person has set the label or drawn the box")]


class CountsForm(TypedDict):
    """Shown cells by label."""

    blast: Count
    healthy: Count
    unsure: Count


class ModelsForm(TypedDict):
    """Names of what looked at the picture; null where a step was not taken."""

    detector: str
    classifier: str | None
    segmenter: str | None


class NoteForm(TypedDict):
    """A warning."""

    code: Annotated[str, Field(description="stable, for programs")]
    message: Annotated[str, Field(description="one sentence for a person")]


class TimingForm(TypedDict):
    """Wall-clock milliseconds of each step."""

    read: Milliseconds
    segment: Milliseconds
    detect: Milliseconds
    classify: Milliseconds
    total: Milliseconds


class EditForm(TypedDict):
    """One step of a review: what a person did at a place of the picture."""

    kind: Literal["relabel", "add", "delete"]
    box: BoxForm
    label: NotRequired[Annotated[Label, Field(description="not there where the cell is deleted")]]


class ChangeForm(TypedDict):
    """What a review did to one cell in the end."""

    kind: review.ChangeKind
    box: BoxForm
    before: Annotated[Label | None, Field(description="the models' class; null where they found no cell")]
    after: Annotated[Label | None, Field(description="the person's class; null where the cell is deleted")]


class ReviewForm(TypedDict):
    """A person's review of the analysis, whose cells, counts and suggestion are those after it."""

    edits: Annotated[list[EditForm], Field(description="in order; 'allcad analyse --review' makes them again")]
    changes: list[ChangeForm]
    cells_reviewed: Annotated[Count, Field(description="shown cells that a person has looked at")]
    counts_by_models: CountsForm
    blast_fraction_by_models: BlastFraction


class QualityForm(TypedDict):
    """What a photograph is like as input; doubts stand among the warnings."""

    focus: Annotated[float, Field(description="contrast of the steepest edges over the ground; larger is sharper")]
    exposure: Annotated[float, Field(description="mean grey level of the empty ground, 0 to 255")]
    ground_cast: Annotated[Share, Field(description="how coloured the ground is")]
    stain: Annotated[
        tuple[float, float, float] | None,
        Field(description="share of red, green and blue in the optical density of nuclei; null without nuclei"),
    ]
    white_cells: Annotated[Count, Field(description="white cells that the segmentation found, at any score")]
    red_cell_px: Annotated[float | None, Field(description="median diameter of lone red cells in pixels")]
    um_per_px: Annotated[float | None, Field(description="micrometres a pixel, as given, else by that diameter")]


class OpinionForm(TypedDict):
    """What a model of whole fields makes of the same cells."""

    model: str
    probability: Annotated[Share, Field(description="calibrated probability that the patient has ALL")]
    threshold: Annotated[Share, Field(description="from which it says ALL, chosen out of fold")]
    agreement: Annotated[
        Agreement | None, Field(description="with the counts; null where these suggest neither blasts nor none")
    ]


class AnalysisForm(TypedDict):
    """What allcad says about one photograph. For research and teaching. Not a medical device."""

    schema_version: Annotated[int, Field(ge=1)]
    image: Annotated[str, Field(description="path or name of the picture as it was given")]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="digest of the file's bytes")]
    width: Annotated[int, Field(ge=1, description="pixels, EXIF orientation applied")]
    height: Annotated[int, Field(ge=1, description="pixels, EXIF orientation applied")]
    recipe: Annotated[str, Field(description="name of the model of 'allcad analyse'")]
    models: ModelsForm
    device: Annotated[str, Field(description="cpu, cuda:0, ...")]
    backend: Annotated[str, Field(description="torch, ...")]
    confidence: Annotated[Share, Field(description="cells with a lower score are left out, unless reviewed")]
    cells: Annotated[list[CellForm], Field(description="by falling score")]
    counts: CountsForm
    blast_fraction: BlastFraction
    suggestion: Annotated[str, Field(description="what the counts suggest, in words; no diagnosis")]
    suggestion_kind: Kind
    reasons: Annotated[list[str], Field(description="why this is suggested, a sentence each")]
    warnings: list[NoteForm]
    timing_ms: TimingForm
    quality: Annotated[
        QualityForm | None, Field(description="what the photograph is like as input; null where unknown")
    ]
    review: Annotated[ReviewForm | None, Field(description="null where nobody has reviewed it")]
    field_opinion: Annotated[
        OpinionForm | None, Field(description="of a model of whole fields; null where the recipe has none")
    ]


def to_dict(analysis: FieldAnalysis) -> AnalysisForm:
    """The JSON form of one analysis at its confidence."""
    suggestion = analysis.suggestion
    return {
        "schema_version": SCHEMA_VERSION,
        "image": analysis.image,
        "sha256": analysis.sha256,
        "width": analysis.width,
        "height": analysis.height,
        "recipe": analysis.recipe,
        "models": {
            "detector": analysis.models.detector,
            "classifier": analysis.models.classifier,
            "segmenter": analysis.models.segmenter,
        },
        "device": analysis.device,
        "backend": analysis.backend,
        "confidence": float(analysis.confidence),
        "cells": [_cell(cell, analysis.um_per_px) for cell in analysis.cells],
        "counts": _counts(analysis),
        "blast_fraction": _share(analysis),
        "suggestion": suggestion.text,
        "suggestion_kind": suggestion.kind,
        "reasons": list(suggestion.reasons),
        "warnings": [{"code": note.code, "message": note.message} for note in analysis.warnings],
        "timing_ms": _timing(analysis.timing_ms),
        "quality": _quality(analysis),
        "review": _review(analysis),
        "field_opinion": _opinion(analysis),
    }


def _opinion(analysis: FieldAnalysis) -> OpinionForm | None:
    found = analysis.opinion
    if found is None:
        return None
    return {
        "model": found.model,
        "probability": found.probability,
        "threshold": found.threshold,
        "agreement": analysis.agreement,
    }


def _quality(analysis: FieldAnalysis) -> QualityForm | None:
    found = analysis.quality
    if found is None:
        return None
    return {
        "focus": round(found.focus, 4),
        "exposure": round(found.exposure, 1),
        "ground_cast": round(min(max(found.ground_cast, 0.0), 1.0), 4),
        "stain": None
        if found.stain is None
        else cast("tuple[float, float, float]", tuple(round(one, 4) for one in found.stain)),
        "white_cells": found.white_cells,
        "red_cell_px": None if found.red_cell_px is None else round(found.red_cell_px, 2),
        "um_per_px": None if found.um_per_px is None else round(found.um_per_px, 5),
    }


def as_json(analyses: Iterable[FieldAnalysis]) -> str:
    """One JSON array of all analyses, as ``allcad analyse --json`` prints it; valid against :func:`json_schema`.

    Raises:
        ValueError: a score or probability is not a number.
    """
    forms = [to_dict(analysis) for analysis in analyses]
    text = json.dumps(forms, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    # A file name that is no valid UTF-8 holds lone surrogates; so they become JSON's own escapes.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of what :func:`as_json` writes, generated from the types above."""
    schema = TypeAdapter(list[AnalysisForm]).json_schema(mode="serialization")
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "allcad analyse --json",
        "description": "An array with one element a photograph. It only grows: readers ignore what they do not know.",
    }
    return head | schema


def _counts(analysis: FieldAnalysis) -> CountsForm:
    counts = analysis.counts
    return {"blast": counts.blast, "healthy": counts.healthy, "unsure": counts.unsure}


def _share(analysis: FieldAnalysis) -> BlastFraction:
    share = analysis.blast_fraction
    return {"value": share.value, "low": share.low, "high": share.high}


def _review(analysis: FieldAnalysis) -> ReviewForm | None:
    if not analysis.edits:
        return None
    return {
        "edits": [cast("EditForm", review.edit_form(edit)) for edit in analysis.edits],
        "changes": [
            {"kind": change.kind, "box": _box(change.box), "before": change.before, "after": change.after}
            for change in review.changes(analysis)
        ],
        "cells_reviewed": analysis.reviewed,
        "counts_by_models": _counts(analysis.by_models),
        "blast_fraction_by_models": _share(analysis.by_models),
    }


def _box(box: Box) -> BoxForm:
    x0, y0, x1, y1 = (round(float(edge), BOX_DECIMALS) for edge in box)
    return x0, y0, x1, y1


def _cell(cell: Cell, um_per_px: float | None) -> CellForm:
    return {
        "box": _box(cell.box),
        "label": cell.label,
        "score": float(cell.score),
        "p_blast": None if cell.p_blast is None else float(cell.p_blast),
        "probabilities": _finite(cell.probabilities),
        "measures": _finite({**cell.measures, **in_micrometres(cell.measures, um_per_px)}),
        "flags": list(cell.flags),
        "reviewed": cell.reviewed,
    }


def _timing(timing: Timing) -> TimingForm:
    return {
        "read": round(float(timing.read), TIME_DECIMALS),
        "segment": round(float(timing.segment), TIME_DECIMALS),
        "detect": round(float(timing.detect), TIME_DECIMALS),
        "classify": round(float(timing.classify), TIME_DECIMALS),
        "total": round(float(timing.total), TIME_DECIMALS),
    }


def _finite(values: Mapping[str, float]) -> dict[str, float]:
    """Plain numbers; what could not be measured is left out, as JSON has no word for it."""
    return {name: float(value) for name, value in values.items() if math.isfinite(value)}
