"""Hand measures of the cell in the middle of a crop: size, shape, colour and texture, as before networks."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core.classification.crops import central
from allcad_core.ground import balance
from allcad_core.segmentation import segment
from allcad_core.segmentation.base import Mask, Pixels, Region, Segmentation

METHOD = "stain"
SIZES = ("area", "nucleus_area", "nc_ratio", "roundness", "solidity", "diameter")
NUCLEUS_SHAPE = ("nucleus_parts", "nucleus_eccentricity", "nucleus_solidity", "nucleus_extent")
COLOURS = tuple(
    f"{part}_{channel}_{statistic}"
    for part in ("nucleus", "cytoplasm")
    for channel in ("red", "green", "blue")
    for statistic in ("mean", "std")
)
TEXTURES = ("contrast", "dissimilarity", "homogeneity", "energy", "correlation")
"""Of the grey-level co-occurrence matrix (Haralick, Shanmugam & Dinstein 1973)."""
NAMES = (*SIZES, *NUCLEUS_SHAPE, *COLOURS, *TEXTURES)
"""What ``measure`` gives, in order."""

LEVELS = 16
"""Grey levels of the co-occurrence matrix inside the nucleus; level 0 is kept for what lies outside."""
STEPS = (1, 3)
"""Distances of co-occurring pixels, px."""
LEAST_PIXELS = 16
"""A part of a cell with fewer pixels has no colour or texture."""


def measure(pixels: Pixels) -> NDArray[np.float64]:
    """Measures of the cell in the middle.

    Sizes are in pixels, as in the literature, which takes the crops of ALL-IDB2 as they are: the red cells by which they
    could be scaled are seldom whole in a crop.

    Args:
        pixels: uint8 (height, width, 3), RGB, a crop.

    Returns:
        float64 (len(NAMES),); not a number where the crop does not show it.
    """
    found = segment(pixels, METHOD)
    region = central_region(found)
    if region is None:
        return np.full(len(NAMES), np.nan)
    balanced = balance(pixels)
    cell = found.labels == region.label
    nucleus = cell & found.nucleus
    measures = region.measures
    return np.array(
        [
            *(measures[name] for name in SIZES),
            *_shape(nucleus),
            *_colours(balanced, nucleus),
            *_colours(balanced, cell & ~nucleus),
            *_texture(np.asarray(cv2.cvtColor(balanced, cv2.COLOR_RGB2GRAY), np.uint8), nucleus),
        ]
    )


def central_region(found: Segmentation) -> Region | None:
    """The region that a crop of one cell is about; ``None`` where there are no regions."""
    height, width = found.labels.shape
    boxes, areas = [region.box for region in found.regions], [region.area for region in found.regions]
    index = central(boxes, areas, width, height)
    return None if index is None else found.regions[index]


def _shape(nucleus: Mask) -> list[float]:
    """Number of parts that count, then eccentricity, solidity and extent of the largest."""
    from skimage.measure import label, regionprops

    parts = [part for part in regionprops(label(nucleus)) if part.area >= LEAST_PIXELS]
    if not parts:
        return [np.nan] * len(NUCLEUS_SHAPE)
    largest = max(parts, key=lambda part: float(part.area))
    return [len(parts), float(largest.eccentricity), float(largest.solidity), float(largest.extent)]


def _colours(balanced: Pixels, part: Mask) -> list[float]:
    """Mean and standard deviation of each channel, each in turn."""
    inside = balanced[part].astype(np.float64)
    if len(inside) < LEAST_PIXELS:
        return [np.nan] * 6
    return [float(value) for pair in zip(inside.mean(axis=0), inside.std(axis=0), strict=True) for value in pair]


def _texture(grey: NDArray[np.uint8], nucleus: Mask) -> list[float]:
    """Properties of the co-occurrence matrix of the nucleus, the mean over steps and four directions."""
    from skimage.feature import graycomatrix, graycoprops

    if nucleus.sum() < LEAST_PIXELS:
        return [np.nan] * len(TEXTURES)
    rows, columns = np.flatnonzero(nucleus.any(axis=1)), np.flatnonzero(nucleus.any(axis=0))
    window = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    levels = np.where(nucleus[window], grey[window] // (256 // LEVELS) + 1, 0).astype(np.uint8)
    angles = [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4]
    pairs = graycomatrix(levels, STEPS, angles, levels=LEVELS + 1, symmetric=True)[1:, 1:].astype(np.float64)
    pairs /= np.maximum(pairs.sum(axis=(0, 1)), 1)
    return [float(graycoprops(pairs, name).mean()) for name in TEXTURES]
