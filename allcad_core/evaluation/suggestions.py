"""How often each suggestion is given on fields that the models had not seen, by what is true of the patient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from allcad_core.datasets import FieldRecord, allidb1
from allcad_core.evaluation.detection import out_of_fold
from allcad_core.evaluation.points import require_all
from allcad_core.predictions import RESULTS
from allcad_core.recipes import recipe
from allcad_core.suggestion import Kind, suggest

TRUTHS = {1: "ALL patients", 0: "healthy people"}


def table(name: str, protocol: str, data: Path, results: Path = RESULTS) -> dict[str, dict[str, int]]:
    """Number of fields by truth and kind of suggestion; picture quality is not part of it.

    Raises:
        DataError: predictions or data are missing.
    """
    counts: dict[str, Counter[str]] = {truth: Counter() for truth in TRUTHS.values()}
    fields = allidb1.fields(data)
    for field, kind in zip(fields, kinds(name, protocol, fields, results), strict=True):
        counts[TRUTHS[int(field.label or 0)]][kind] += 1
    return {truth: dict(found) for truth, found in counts.items()}


def kinds(name: str, protocol: str, fields: Sequence[FieldRecord], results: Path = RESULTS) -> list[Kind]:
    """What is suggested of each field, by the counts at the recipe's own confidence. Errors as ``table``."""
    found, confidence = out_of_fold(name, protocol, results), recipe(name).default_confidence
    require_all(found, fields)
    said = []
    for field in fields:
        shown = [box.label for box in found[field.name] if box.score >= confidence]
        said.append(suggest(shown.count("blast"), shown.count("healthy")).kind)
    return said
