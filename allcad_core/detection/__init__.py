"""Detectors: where the white cells of a field are, with or without a label of their own."""

from allcad_core.detection.base import Detections, match
from allcad_core.detection.regions import propose, scale

__all__ = ["Detections", "match", "propose", "scale"]
