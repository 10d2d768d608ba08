"""An analysis of a field that nobody photographed, for tests of what is made of one."""

from __future__ import annotations

from typing import Any

from allcad_core.results import Cell, FieldAnalysis, Models, Timing


def analysis(*cells: Cell, **facts: Any) -> FieldAnalysis:
    """An analysis with these cells at every score; ``facts`` are what matters to the test of all else it says."""
    plain: dict[str, Any] = {
        "image": "smear.png",
        "width": 640,
        "height": 480,
        "sha256": "ab" * 32,
        "recipe": "regions",
        "models": Models("regions", "lightweight", "stain"),
        "device": "cpu",
        "backend": "torch",
        "confidence": 0.25,
        "warnings": (),
        "timing_ms": Timing(),
    }
    return FieldAnalysis(**{**plain, **facts}, every_cell=cells)
