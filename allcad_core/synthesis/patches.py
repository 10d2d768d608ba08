"""A cell before it lies on the glass: how much of each stained substance each pixel of a small square holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from allcad_core.synthesis.scene import Scene
from allcad_core.synthesis.textures import Plane

HAEMOGLOBIN, CHROMATIN, CYTOPLASM, GRANULES = range(4)
SUBSTANCES = 4

Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True, eq=False)
class Patch:
    """One object, square, its middle in the middle.

    Attributes:
        substances: float32 (4, side, side), units of ``Stain``.
        cover: how far it hides what lies below, 0..1, float32 (side, side); ``None`` where light passes both.
        nucleus: its nucleus, bool (side, side); ``None`` for what is no white cell.
        body: nucleus and cytoplasm.
    """

    substances: Plane
    cover: Plane | None = None
    nucleus: Mask | None = None
    body: Mask | None = None

    @property
    def half(self) -> int:
        """Pixels from the middle to the edge."""
        return int(self.substances.shape[-1]) // 2


def blurred(plane: Plane, sigma: float) -> Plane:
    """Out of focus by a Gaussian of ``sigma`` pixels."""
    if sigma < 0.2:
        return plane
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), np.float32)


def focused(planes: Sequence[Plane], scene: Scene, rng: np.random.Generator) -> tuple[Plane, Plane]:
    """Planes of one object, blurred as far as it lies out of focus; the last one apart from the others."""
    sigma = scene.pixels(scene.defocus) * float(rng.uniform(1 - scene.focus_spread, 1 + scene.focus_spread))
    soft = [blurred(plane, sigma) for plane in planes]
    return np.stack(soft[:-1]), soft[-1]
