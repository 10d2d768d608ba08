"""What was seen of a slide as files: for programs, for QuPath, for spreadsheets."""

from __future__ import annotations

import json

from allcad_core import export
from allcad_core.results import FieldAnalysis
from allcad_core.slides.looking import Looker
from allcad_core.slides.seen import Seen
from allcad_core.slides.summary import summary


def _analysis(seen: Seen, looker: Looker) -> FieldAnalysis:
    return seen.analysis(looker.models, str(looker.where), looker.backend)


def as_json(seen: Seen, looker: Looker) -> str:
    """Slide, tiles and the analysis of all cells."""
    form = {**summary(seen, looker), "analysis": export.to_dict(_analysis(seen, looker))}
    return json.dumps(form, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def as_geojson(seen: Seen, looker: Looker) -> str:
    """Cells as QuPath reads them."""
    return export.qupath_geojson(_analysis(seen, looker))


def as_csv(seen: Seen, looker: Looker) -> str:
    """A row a cell."""
    return export.table_csv([_analysis(seen, looker)])
