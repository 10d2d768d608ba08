"""Classifiers: a crop of one white cell, or a whole field, to the probability of a blast."""

from allcad_core.classification.cells import CellClassifier, cut_cells

__all__ = ["CellClassifier", "cut_cells"]
