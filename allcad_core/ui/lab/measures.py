"""The measures of regions as the lab shows and exports them, in pixels and, where the scale is known, in micrometres."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from allcad_core.segmentation import Region
from allcad_core.ui.region_table import Column

CUT = "The edge of the picture cuts it"


def columns(knows_cytoplasm: bool, micrometres: float | None) -> list[Column]:
    """The columns of the table; what a method cannot tell has none.

    Args:
        knows_cytoplasm: whether cells are more than their nuclei.
        micrometres: of a pixel.
    """
    area, length = ("px\u00b2", "px") if micrometres is None else ("\u00b5m\u00b2", "\u00b5m")
    places = 0 if micrometres is None else 1
    cell = [
        Column("Cell", area, "Area of the whole cell"),
        Column("N:C", "", "Area of the nucleus over that of the cell", 2),
    ]
    return [
        Column("Nucleus", area, "Area of the nucleus"),
        *(cell if knows_cytoplasm else ()),
        Column("\u2300", length, "Diameter of the circle of equal area", places),
        Column("Round", "", "Roundness, 4 pi area over perimeter squared: 1 for a circle", 2),
        Column("Solid", "", "Solidity, area over that of the convex hull: less with lobes and dents", 2),
        Column("Grey", "", "Mean grey level of the nucleus: lower is more deeply stained"),
    ]


def row(region: Region, knows_cytoplasm: bool, micrometres: float | None) -> list[float]:
    """The values of ``columns`` for a region."""
    unit = micrometres or 1.0
    cell = [region.area * unit**2, region.nc_ratio] if knows_cytoplasm else []
    return [
        region.nucleus_area * unit**2,
        *cell,
        region.diameter * unit,
        region.roundness,
        region.solidity,
        region.mean_stain,
    ]


def tag(region: Region, micrometres: float | None) -> str:
    """A region in a few words, as its tag in the viewer says it."""
    if micrometres is None:
        return f"{region.diameter:.0f} px across"
    return f"{region.diameter * micrometres:.1f} \u00b5m across"


def table_csv(regions: Sequence[Region], micrometres: float | None) -> str:
    """All measures of all regions, a row each, in pixels and, where the scale is known, in micrometres."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [
        "cell",
        "x0",
        "y0",
        "x1",
        "y1",
        "nucleus_px2",
        "cell_px2",
        "diameter_px",
        "nc_ratio",
        "roundness",
        "solidity",
    ]
    scaled = ["nucleus_um2", "cell_um2", "diameter_um"] if micrometres is not None else []
    writer.writerow([*names, "mean_grey", "at_border", *scaled])
    for number, region in enumerate(regions, start=1):
        values = [region.nucleus_area, region.area, region.diameter, region.nc_ratio, region.roundness, region.solidity]
        unit = micrometres or 1.0
        sizes = [region.nucleus_area * unit**2, region.area * unit**2, region.diameter * unit] if scaled else []
        writer.writerow(
            [
                number,
                *(f"{edge:.1f}" for edge in region.box),
                *(f"{value:.4g}" for value in (*values, region.mean_stain)),
                int(region.at_border),
                *(f"{size:.4g}" for size in sizes),
            ]
        )
    return text.getvalue()
