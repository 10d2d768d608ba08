"""Quality of a photograph: what lies outside what the models have seen, each as a warning with a code."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core.results import Note, Quality

RED_CELL_PX = (30.0, 280.0)
"""Diameters of red cells that the models can work with: half the smallest to one and a half of the largest seen."""
DARKEST_GROUND, BLACK_SHARE = 70.0, 0.2
"""Grey level under which the ground is too dark, and the share of black pixels that is too many."""
BLACK = 2
"""Grey level that counts as no light."""
SHARP = 0.045
"""Least contrast of edges: the steepest permille of grey steps a px at the scale of the analysis, over the ground."""
STRONGEST_CAST = 0.3
"""Most coloured ground that the models know: photographs by day and lamp light reach 0.24, a yellow one 0.33 and more."""
KNOWN_STAIN = ((0.10, 0.60), (0.35, 0.85), (-0.30, 0.20))
"""Least and greatest share of red, green and blue in the density of nuclei, of ALL-IDB1, Aria, PBC and TXL-PBC, with room."""
MOST_NUCLEUS = 0.5
"""With nuclei on a larger share of the picture, no ground could be found."""
FEWEST_NUCLEUS = 50
"""Pixels of nuclei, of those looked at, that tell a stain."""
RED_CELL_UM = 7.2
"""Mean diameter of red cells on a dry smear, micrometres (Price-Jones 1933, "Red Blood Cell Diameters")."""
LONG_SIDE = 1296
STRIDE = 4
"""Every fourth pixel each way is enough to see large black parts."""


def check(
    pixels: NDArray[np.uint8],
    ground: NDArray[np.float32],
    red_cell_diameter: float | None,
    nucleus: NDArray[np.bool_],
    measured: Quality | None = None,
) -> tuple[Note, ...]:
    """Warnings about one picture.

    Args:
        pixels: uint8 (height, width, 3), RGB.
        ground: colour of the ground, (3,).
        red_cell_diameter: in px, ``None`` where no lone red cell was found.
        nucleus: bool (height, width), the mask of nuclei.
        measured: what ``measure`` said, so that nothing is measured twice.
    """
    notes = []
    quality = measured or measure(pixels, ground, red_cell_diameter, nucleus, 0)
    if quality.focus < SHARP:
        notes.append(Note("blurred", "The picture is out of focus; cells can be missed or judged wrongly."))
    if quality.exposure < DARKEST_GROUND:
        notes.append(Note("exposure", "The picture is too dark: its ground is nearly black."))
    elif _black(pixels[::STRIDE, ::STRIDE]) > BLACK_SHARE:
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
    covered = np.count_nonzero(nucleus) / nucleus.size
    if covered > MOST_NUCLEUS:
        notes.append(Note("no_ground", "Stain covers most of the picture; no empty ground could be found."))
    measurable = quality.exposure >= DARKEST_GROUND and covered <= MOST_NUCLEUS
    if measurable and foreign_stain(quality):
        notes.append(Note("foreign_stain", "The colours of stain or light differ from those that the models know."))
    return tuple(notes)


def _black(pixels: NDArray[np.uint8]) -> float:
    """Share of pixels without light."""
    red, green, blue = (pixels[..., channel] <= BLACK for channel in range(3))
    return np.count_nonzero(red & green & blue) / red.size


def measure(
    pixels: NDArray[np.uint8],
    ground: NDArray[np.float32],
    red_cell_diameter: float | None,
    nucleus: NDArray[np.bool_],
    white_cells: int,
    focus: float | None = None,
) -> Quality:
    """What a photograph is like as input.

    Args:
        pixels: uint8 (height, width, 3), RGB.
        ground: colour of the ground, (3,).
        red_cell_diameter: in px, ``None`` where no lone red cell was found.
        nucleus: bool (height, width), the mask of nuclei.
        white_cells: regions of the segmentation.
        focus: its ``sharpness``, where that is known.
    """
    brightest = max(float(ground.max()), 1.0)
    return Quality(
        focus=sharpness(pixels, ground) if focus is None else focus,
        exposure=float(ground.mean()),
        ground_cast=float(ground.max() - ground.min()) / brightest,
        stain=_stain(pixels, ground, nucleus),
        white_cells=white_cells,
        red_cell_px=red_cell_diameter,
        um_per_px=um_per_px(red_cell_diameter),
    )


def um_per_px(red_cell_diameter: float | None) -> float | None:
    """Micrometres a pixel where red cells measure so many px; ``None`` where none was seen."""
    return RED_CELL_UM / red_cell_diameter if red_cell_diameter else None


def _stain(
    pixels: NDArray[np.uint8], ground: NDArray[np.float32], nucleus: NDArray[np.bool_]
) -> tuple[float, float, float] | None:
    """Share of each channel in the median optical density of nuclei (Beer-Lambert); ``None`` where there are too few."""
    inside = pixels[::STRIDE, ::STRIDE][nucleus[::STRIDE, ::STRIDE]]
    if len(inside) < FEWEST_NUCLEUS:
        return None
    density = np.median(np.log10((ground + 1) / (inside.astype(np.float32) + 1)), axis=0)
    whole = float(density.sum())
    if whole <= 0:
        return None
    red, green, blue = (float(value) / whole for value in density)
    return red, green, blue


def foreign_stain(quality: Quality) -> bool:
    """Whether ground or nuclei have colours outside those of the sets that the models have seen."""
    if quality.ground_cast > STRONGEST_CAST:
        return True
    if quality.stain is None:
        return False
    return any(not low <= share <= high for share, (low, high) in zip(quality.stain, KNOWN_STAIN, strict=True))


def sharpness(pixels: NDArray[np.uint8], ground: NDArray[np.float32]) -> float:
    """Steepest edges (99.9th percentile of the grey gradient, Sobel) over the grey of the ground; larger is sharper."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    shrink = LONG_SIDE / max(grey.shape)
    if shrink < 1:
        grey = np.asarray(cv2.resize(grey, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
    across, down = (cv2.Sobel(grey, cv2.CV_32F, dx, 1 - dx, ksize=3, scale=1 / 8) for dx in (1, 0))
    steps = np.hypot(across[::2, ::2], down[::2, ::2])  # a quarter of some million steps tells the same quantile
    return float(np.quantile(steps, 0.999) / max(float(ground.mean()), 1.0))
