"""Measures of regions in pixels and micrometres."""

from __future__ import annotations

import csv
import io

from allcad_core.segmentation import Region
from allcad_core.ui.lab import measures

REGION = Region(1, (10, 20, 60, 70), (35, 45), 2000, 1000, 50.0, 0.9, 0.98, 80, True, ((10, 20), (60, 20), (60, 70)))


def test_areas_grow_with_the_square_of_the_scale():
    px, um = measures.row(REGION, True, None), measures.row(REGION, True, 0.1)
    titles = [column.title for column in measures.columns(True, 0.1)]
    assert px[titles.index("Nucleus")] == 1000
    assert um[titles.index("Nucleus")] == 1000 * 0.1**2
    assert um[titles.index("Cell")] == 2000 * 0.1**2
    assert um[titles.index("N:C")] == px[titles.index("N:C")] == 0.5
    assert {column.unit for column in measures.columns(True, 0.1)} == {"\u00b5m\u00b2", "\u00b5m", ""}
    assert {column.unit for column in measures.columns(True, None)} == {"px\u00b2", "px", ""}


def test_a_method_without_cytoplasm_claims_no_ratio():
    assert "N:C" not in [column.title for column in measures.columns(False, None)]
    for knows in (True, False):
        assert len(measures.row(REGION, knows, None)) == len(measures.columns(knows, None))


def test_the_table_as_a_file_has_pixels_always_and_micrometres_where_known():
    (row,) = csv.DictReader(io.StringIO(measures.table_csv([REGION], 0.1)))
    assert (row["cell"], row["nucleus_px2"], row["nucleus_um2"], row["at_border"]) == ("1", "1000", "10", "1")
    (row,) = csv.DictReader(io.StringIO(measures.table_csv([REGION], None)))
    assert "nucleus_um2" not in row
    assert row["x1"] == "60.0"


def test_a_tag_says_how_large_the_cell_is():
    assert measures.tag(REGION, None) == "50 px across"
    assert measures.tag(REGION, 0.1) == "5.0 \u00b5m across"
