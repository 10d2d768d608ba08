"""The region detector: what a segmentation found becomes boxes, scored by how much it looks like one whole cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from allcad_core.detection.base import Detections
from allcad_core.results import Box

RAGGED, WHOLE = 0.60, 0.90
"""Solidity of a smudge cell, and from which a region counts as one whole cell; between them the score rises."""
NUCLEUS_TO_RED_CELL = 1.3
"""Typical diameter of a nucleus over that of a red cell."""
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

    @property
    def nucleus_area(self) -> float:
        """Area of the nucleus, px²."""


def propose(regions: Sequence[RegionLike]) -> Detections:
    """Boxes of all regions, best first; no labels."""
    boxes = np.array([region.box for region in regions], np.float64).reshape(-1, 4)
    solidity = np.array([region.solidity for region in regions], np.float64)
    scores = np.clip((solidity - RAGGED) / (WHOLE - RAGGED), LEAST, 1.0)
    order = np.argsort(-scores, kind="stable")
    return Detections(boxes[order], scores[order])


def scale(red_cell_diameter: float | None, regions: Sequence[RegionLike]) -> float | None:
    """Diameter of a red cell in px: measured, else guessed from the nuclei, else unknown.

    Where red cells lie too close to be measured, the white cells still tell the magnification within a factor of about 1.5.
    """
    if red_cell_diameter is not None:
        return red_cell_diameter
    nuclei = [region.nucleus_area for region in regions if region.solidity >= RAGGED and region.nucleus_area > 0]
    return float(2 * np.sqrt(np.median(nuclei) / np.pi)) / NUCLEUS_TO_RED_CELL if nuclei else None
