"""What was seen of a slide in plain types, with how much of it that is: what files of a slide begin with."""

from __future__ import annotations

from typing import Any

from allcad_core.slides.base import TILE
from allcad_core.slides.grid import shape
from allcad_core.slides.looking import Looker
from allcad_core.slides.seen import Seen


def summary(seen: Seen, looker: Looker) -> dict[str, Any]:
    """Slide, look, tiles seen and counts; the cells stand in the analysis."""
    columns, rows = shape(seen.slide)
    counts, share = seen.counts, seen.blast_fraction
    return {
        "schema_version": 1,
        "slide": {
            "name": seen.slide.name,
            "sha256": seen.slide.key,
            "kind": seen.slide.kind,
            "width": seen.slide.width,
            "height": seen.slide.height,
            "um_per_px": seen.slide.um_per_px,
            "red_cell_px": round(looker.red_cell_px, 2),
        },
        "look": {"name": looker.look.name, "confidence": seen.confidence},
        "seen": {
            "tile_px": TILE,
            "columns": columns,
            "rows": rows,
            "share": round(seen.coverage, 6),
            "tiles": [list(tile) for tile in seen.tiles],
        },
        "counts": {"blast": counts.blast, "healthy": counts.healthy, "to_review": seen.to_review},
        "blast_fraction": {"value": share.value, "low": share.low, "high": share.high},
    }
