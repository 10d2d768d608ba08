"""Classifiers: a crop of one white cell, or a whole field, to the probability of a blast."""

from allcad_core.classification.aggregate import CellAggregate
from allcad_core.classification.cells import CellClassifier, cut_cells
from allcad_core.classification.crops import central, central_box
from allcad_core.classification.fields import FieldClassifier, letterbox
from allcad_core.classification.masking import mask_out

__all__ = [
    "CellAggregate",
    "CellClassifier",
    "FieldClassifier",
    "central",
    "central_box",
    "cut_cells",
    "letterbox",
    "mask_out",
]
