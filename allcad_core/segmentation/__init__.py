"""Segmentation of white cells by colour and threshold: every method gives one ``Segmentation``."""

from allcad_core.segmentation.base import Cluster, Region, Segmentation, methods, segment

__all__ = ["Cluster", "Region", "Segmentation", "methods", "segment"]
