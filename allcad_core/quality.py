"""Quality of a photograph: what lies outside what the models have seen, each as a warning with a code."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core.results import Note

RED_CELL_PX = (30.0, 280.0)
"""Diameters of red cells that the models can work with: half the smallest to one and a half of the largest seen."""
DARKEST_GROUND, BLACK_SHARE = 70.0, 0.2
"""Grey level under which the ground is too dark, and the share of black pixels that is too many."""
SHARP = 0.045
"""Least contrast of edges: the steepest permille of grey steps a px at the scale of the analysis, over the ground."""
LONG_SIDE = 1296
STRIDE = 4
"""Every fourth pixel each way is enough to see large black parts."""


def check(
    pixels: NDArray[np.uint8],
    ground: NDArray[np.float32],
    red_cell_diameter: float | None,
    nucleus: NDArray[np.bool_],
) -> tuple[Note, ...]:
    """Warnings about one picture.

    Args:
        pixels: uint8 (height, width, 3), RGB.
        ground: colour of the ground, (3,).
        red_cell_diameter: in px, ``None`` where no lone red cell was found.
        nucleus: bool (height, width), the mask of nuclei.
    """
    notes = []
    if sharpness(pixels, ground) < SHARP:
        notes.append(Note("blurred", "The picture is out of focus; cells can be missed or judged wrongly."))
    if float(ground.mean()) < DARKEST_GROUND:
        notes.append(Note("exposure", "The picture is too dark: its ground is nearly black."))
    elif float((pixels[::STRIDE, ::STRIDE] <= 2).all(axis=2).mean()) > BLACK_SHARE:
        notes.append(Note("exposure", "Large parts of the picture are black."))
    low, high = RED_CELL_PX
    if red_cell_diameter is not None and not low <= red_cell_diameter <= high:
        size = "smaller" if red_cell_diameter < low else "larger"
        notes.append(
            Note(
                "foreign_scale",
                f"Red cells measure {red_cell_diameter:.0f} px, {size} than the models know ({low:.0f} to {high:.0f} px).",
            )
        )
    if float(nucleus.mean()) > 0.5:
        notes.append(Note("no_ground", "Stain covers most of the picture; no empty ground could be found."))
    return tuple(notes)


def sharpness(pixels: NDArray[np.uint8], ground: NDArray[np.float32]) -> float:
    """Steepest edges (99.9th percentile of the grey gradient, Sobel) over the grey of the ground; larger is sharper."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    shrink = LONG_SIDE / max(grey.shape)
    if shrink < 1:
        grey = np.asarray(cv2.resize(grey, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
    across, down = (cv2.Sobel(grey, cv2.CV_32F, dx, 1 - dx, ksize=3, scale=1 / 8) for dx in (1, 0))
    steps = np.hypot(across, down)[::2, ::2]  # a quarter of some million steps tells the same quantile
    return float(np.quantile(steps, 0.999) / max(float(ground.mean()), 1.0))
