"""Public data sets as typed records: readers, splits without leakage, and the check of a data folder."""

from allcad_core.datasets.base import CellMasks, CropRecord, FieldRecord, LabelledBox, find_data

__all__ = ["CellMasks", "CropRecord", "FieldRecord", "LabelledBox", "find_data"]
