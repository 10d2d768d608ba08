"""The region detector: what a segmentation found becomes boxes, scored by how much it looks like one whole cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from allcad_core.detection.base import Detections
from allcad_core.results import Box

RAGGED, WHOLE = 0.60, 0.90
"""Solidity of a smudge cell, and from which a region counts as one whole cell; between them the score rises."""
LEAST = 0.2
"""Score of the most ragged region; it stays visible when someone lowers the score."""


class RegionLike(Protocol):
    """What the detector needs to know of a region; ``segmentation.Region`` is one."""

    @property
    def box(self) -> Box:
        """x0, y0, x1, y1 in px."""

    @property
    def solidity(self) -> float:
        """Area over area of the convex hull, 0..1."""


def propose(regions: Sequence[RegionLike]) -> Detections:
    """Boxes of all regions, best first; no labels."""
    boxes = np.array([region.box for region in regions], np.float64).reshape(-1, 4)
    solidity = np.array([region.solidity for region in regions], np.float64)
    scores = np.clip((solidity - RAGGED) / (WHOLE - RAGGED), LEAST, 1.0)
    order = np.argsort(-scores, kind="stable")
    return Detections(boxes[order], scores[order])
