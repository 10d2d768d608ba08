"""The nucleus of each cell, parted from its cytoplasm by the colours of that very cell.

Nuclei absorb more green than cytoplasm, so Otsu's threshold of the green light gives a first guess. From its two sides
Fisher's discriminant (Fisher 1936, "The use of multiple measurements in taxonomic problems") finds the direction among
red, green and blue that parts them best: red for eosinophils with their pink grains, green and blue for blue cytoplasm. A
second threshold along it draws the nucleus.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core.segmentation.base import Mask, Pixels
from allcad_core.segmentation.constants import Constants
from allcad_core.segmentation.regions import Windows, windows_of
from allcad_core.segmentation.splitting import area_of, disc, fill_holes, numbered

SMOOTHEST, SMALLEST_PART = 0.2, 0.2
"""Threads of a nucleus thinner than the first and pieces smaller than the second, in red-cell diameters, are none."""
RIDGE = 30.0
"""Variance, in squared grey levels, that is added to each channel, so that noise and few pixels tell no direction."""
FEWEST = 16
"""With fewer pixels a cell is not parted."""
TAIL = 0.002
"""Share of the pixels at either end of the discriminant that its 256 levels leave out."""
GREEN = 1

Floats = NDArray[np.float64]


def nuclei(
    smooth: Pixels,
    sure: Mask,
    labels: NDArray[np.int32],
    unit: float,
    constants: Constants,
    windows: Windows | None = None,
) -> Mask:
    """The nuclei of labelled cells.

    Args:
        smooth: uint8 (height, width, 3), RGB, slightly smoothed.
        sure: bool (height, width), purple enough for a nucleus.
        labels: int32 (height, width), one number a cell, 0 for none.
        unit: diameter of a red cell, px.
        constants: see ``Constants``.
        windows: where each cell lies, where that is known; without, it is found.

    Returns:
        bool (height, width), inside the labelled cells.
    """
    nucleus = np.zeros(labels.shape, np.uint8)
    outside = np.flatnonzero(labels == 0)
    ground = float(np.median(smooth.reshape(-1, 3)[outside[::16], GREEN])) if outside.size > FEWEST else 255.0
    for number, window in (windows_of(labels) if windows is None else windows).items():
        inside = labels[window] == number
        nucleus[window][inside] = _parted(smooth[window][inside], sure[window][inside], ground, constants)
    return _cleaned(nucleus.astype(bool), labels > 0, unit, constants)


def _parted(colours: Pixels, sure: Mask, ground: float, constants: Constants) -> Mask:
    """Which pixels of one cell are its nucleus, bool (n,).

    Args:
        colours: uint8 (n, 3) of its pixels.
        sure: bool (n,), purple enough for a nucleus.
        ground: green light of the empty ground.
        constants: see ``Constants``.
    """
    green = colours[:, GREEN]
    whole = np.ones(len(green), bool)
    if green.size < FEWEST or np.ptp(green) == 0:
        return whole
    pale = green > _otsu(green)
    dark, light = float(green[~pale].mean()), float(green[pale].mean())
    if light - dark < constants.contrast * (ground - dark) and sure[pale].mean() > 0.5:
        return whole
    level = _discriminant(colours, pale)
    threshold = _otsu(level)
    pale = level > threshold
    return np.asarray(level <= threshold + constants.margin * float(level[pale].mean() - level[~pale].mean()))


def _otsu(values: NDArray[np.uint8]) -> float:
    """Otsu's threshold; values on both sides of it where there are two."""
    from skimage.filters import threshold_otsu

    return float(threshold_otsu(values))


def _discriminant(colours: Pixels, pale: Mask) -> NDArray[np.uint8]:
    """Where each pixel lies on Fisher's discriminant between the dark and the pale ones: uint8 (n,), 0 the darkest."""
    values = colours.astype(np.float64)
    parts = values[pale], values[~pale]
    middles = tuple(_middle(part) for part in parts)
    spreads = (_spread(part, middle) for part, middle in zip(parts, middles, strict=True))
    within = sum(spreads, start=RIDGE * np.eye(3))
    place = values @ np.linalg.solve(within, middles[0] - middles[1])
    low, high = np.quantile(place, (TAIL, 1 - TAIL))
    return np.asarray(np.clip((place - low) * (255 / max(high - low, 1e-9)), 0, 255), np.uint8)


def _middle(part: Floats) -> Floats:
    """Mean of colours, float64 (3,). Sums of grey levels are whole, hence exact in any order; a product is quickest."""
    return np.asarray(np.ones(len(part)) @ part / len(part))


def _spread(part: Floats, middle: Floats) -> Floats:
    """Covariance of colours around their mean, float64 (3, 3)."""
    apart = part - middle
    return np.asarray(apart.T @ apart / max(len(part) - 1, 1))


def _cleaned(nucleus: Mask, cells: Mask, unit: float, constants: Constants) -> Mask:
    """Holes filled, threads and specks removed; nothing outside the cells."""
    filled = fill_holes(nucleus, area_of(constants.nucleus_hole * unit))
    thread = round(SMOOTHEST * unit / 2)
    if thread:
        filled = np.asarray(cv2.morphologyEx(filled, cv2.MORPH_OPEN, disc(2 * thread)), np.uint8)
    pieces = np.asarray(cv2.connectedComponents(filled)[1], np.int32)
    places, numbers = numbered(pieces)
    large = np.bincount(numbers) >= area_of(SMALLEST_PART * unit)
    kept = np.zeros(cells.shape, bool)
    kept.ravel()[places[large[numbers]]] = True
    return kept & cells
