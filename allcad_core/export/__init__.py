"""What leaves allcad: JSON for programs, a table for spreadsheets, boxes for other tools, pictures and a report for people."""

from allcad_core.export.coco import coco_json
from allcad_core.export.explained import explained_png, why_png
from allcad_core.export.form import as_json, json_schema, to_dict
from allcad_core.export.geojson import qupath_geojson
from allcad_core.export.picture import annotated_jpeg, annotated_png
from allcad_core.export.report import report_pdf
from allcad_core.export.table import table_csv
from allcad_core.export.yolo import yolo_zip

__all__ = [
    "annotated_jpeg",
    "annotated_png",
    "as_json",
    "coco_json",
    "explained_png",
    "json_schema",
    "qupath_geojson",
    "report_pdf",
    "table_csv",
    "to_dict",
    "why_png",
    "yolo_zip",
]
