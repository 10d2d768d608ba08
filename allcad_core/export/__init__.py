"""What leaves allcad: JSON for programs, a table for spreadsheets, annotated pictures for people."""

from allcad_core.export.explained import explained_png
from allcad_core.export.form import as_json, json_schema, to_dict
from allcad_core.export.picture import annotated_jpeg, annotated_png
from allcad_core.export.table import table_csv

__all__ = ["annotated_jpeg", "annotated_png", "as_json", "explained_png", "json_schema", "table_csv", "to_dict"]
