"""The empty ground of a smear: its colour, and pictures balanced by it so that cameras and lamps look alike."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

BALANCED = 240
"""Grey level of the ground in a balanced picture."""
PEAK_WIDTH = 6
"""Grey levels around the peak that count as ground."""
SMALLEST_SHARE = float(np.finfo(np.float32).eps)
"""Less than this share of the pixels is no side of a threshold."""


def ground_colour(pixels: Pixels) -> NDArray[np.float32]:
    """Colour of the ground: the median of the pixels around the brightest peak of the grey histogram.

    Args:
        pixels: uint8 (height, width, 3), RGB.

    Returns:
        float32 (3,), 1..255.
    """
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    histogram = cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel()
    smooth = cv2.GaussianBlur(histogram[None].astype(np.float64), (0, 0), 3)[0]
    otsu = _otsu(histogram.tolist())
    peak = otsu + int(np.argmax(smooth[otsu:]))
    near = cv2.inRange(grey, peak - PEAK_WIDTH, peak + PEAK_WIDTH)
    if not near.any():
        near = cv2.inRange(grey, peak, 255)
    return np.array([max(_median(pixels, channel, near), 1) for channel in range(3)], np.float32)


def _otsu(histogram: list[float]) -> int:
    """Otsu's threshold of a histogram, step by step as OpenCV finds it, which would count the picture once more."""
    scale = 1 / sum(histogram)
    mean = sum(level * count for level, count in enumerate(histogram)) * scale
    low_mean = low_share = most = 0.0
    best = 0
    for level, count in enumerate(histogram):
        share = count * scale
        low_mean *= low_share
        low_share += share
        high_share = 1.0 - low_share
        if min(low_share, high_share) < SMALLEST_SHARE or max(low_share, high_share) > 1.0 - SMALLEST_SHARE:
            continue
        low_mean = (low_mean + level * share) / low_share
        high_mean = (mean - low_share * low_mean) / high_share
        between = low_share * high_share * (low_mean - high_mean) ** 2
        if between > most:
            most, best = between, level
    return best


def _median(pixels: Pixels, channel: int, mask: NDArray[Any]) -> float:
    """Median of one channel inside a mask, from its histogram."""
    reached = np.cumsum(cv2.calcHist([pixels], [channel], mask, [256], [0, 256]).ravel().astype(np.float64))
    middle = [(reached[-1] - 1) // 2, reached[-1] // 2]
    return float(np.searchsorted(reached, middle, side="right").mean())


def balance(pixels: Pixels, colour: NDArray[np.float32] | None = None) -> Pixels:
    """The picture with its ground turned grey: light through the slide divided by the light beside the cells.

    Args:
        pixels: uint8 (height, width, 3), RGB.
        colour: of the ground, float32 (3,); measured where it is not given.
    """
    colour = ground_colour(pixels) if colour is None else colour
    levels = np.arange(256, dtype=np.float32)[:, None] / colour[None] * BALANCED
    table = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(pixels, table[None]), np.uint8)
