"""A map as a person sees it: inferno over the grey crop, for the class colours mean something else."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SOFT = 0.02
"""Standard deviation, as a share of the longer side, by which a map is blurred for the eye; figures use the map itself."""
STRONGEST = 0.85
"""Opacity of the map at its peak; at 0 the crop alone is seen."""


def overlay(crop: NDArray[np.uint8], heat: NDArray[np.float32], side: int | None = None) -> NDArray[np.uint8]:
    """The crop in grey, the map over it the denser the more it says.

    Args:
        crop: uint8 (height, width, 3), RGB.
        heat: float32 (height, width), 0..1, of the same frame.
        side: longer side of the result in px; the crop's own without it.

    Returns:
        uint8 (height, width, 3), RGB.
    """
    height, width = crop.shape[:2]
    scale = 1.0 if side is None else side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    grey = cv2.resize(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_CUBIC)
    large = np.clip(cv2.resize(_softened(heat), size, interpolation=cv2.INTER_CUBIC), 0, 1)
    colours = cv2.applyColorMap((255 * large).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
    opacity = STRONGEST * np.sqrt(large)[..., None]
    mixed = (1 - opacity) * grey[..., None] + opacity * colours
    return np.asarray(np.rint(mixed), np.uint8)


def _softened(heat: NDArray[np.float32]) -> NDArray[np.float32]:
    soft = cv2.GaussianBlur(heat, (0, 0), SOFT * max(heat.shape))
    return np.asarray(soft / max(float(soft.max()), 1e-6), np.float32)
