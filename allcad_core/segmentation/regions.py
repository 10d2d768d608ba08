"""From masks to regions: components, their measures and outlines."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core.segmentation.base import Mask, Pixels, Region

OUTLINE_TOLERANCE = 0.005
"""Outlines are simplified to this share of their length: some 30 points a cell."""


Window = tuple[slice, slice]
"""Rows and columns."""
Windows = Mapping[int, Window]
"""Where each numbered region lies, in the order of the numbers."""


def label_components(mask: Mask, smallest: float) -> NDArray[np.int32]:
    """Number the 8-connected components of at least ``smallest`` pixels, from 1, in reading order of their tops."""
    return components(mask, smallest)[0]


def components(mask: Mask, smallest: float) -> tuple[NDArray[np.int32], Windows]:
    """The same, and where each lies.

    Args:
        mask: bool (height, width).
        smallest: pixels; smaller components are specks.
    """
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    kept = 1 + np.flatnonzero(stats[1:, cv2.CC_STAT_AREA] >= smallest)
    boxes = [[int(value) for value in stats[piece, :4]] for piece in kept]
    windows = {number: (slice(y, y + h), slice(x, x + w)) for number, (x, y, w, h) in enumerate(boxes, start=1)}
    if sum(w * h for *_, w, h in boxes) > mask.size:  # many windows over each other: all pixels at once are quicker
        numbers = np.zeros(count, np.int32)
        numbers[kept] = np.arange(1, kept.size + 1)
        return np.asarray(numbers[pieces], np.int32), windows
    labels = np.zeros(mask.shape, np.int32)
    for piece, (number, window) in zip(kept, windows.items(), strict=True):
        labels[window][pieces[window] == piece] = number
    return labels, windows


def describe(
    labels: NDArray[np.int32],
    nucleus: Mask,
    grey: NDArray[np.uint8],
    scale: float = 1.0,
    windows: Windows | None = None,
) -> tuple[Region, ...]:
    """Measure every region.

    Args:
        labels: int32 (height, width), 0 for none.
        nucleus: bool (height, width).
        grey: uint8 (height, width).
        scale: pixels of the picture for one pixel of ``labels``, where those were made on a smaller copy.
        windows: where each region lies, where that is known; without, it is found.
    """
    height, width = labels.shape
    found = []
    for number, (rows, columns) in (windows_of(labels) if windows is None else windows).items():
        y0, y1, x0, x1 = rows.start, rows.stop, columns.start, columns.stop
        inside = labels[y0:y1, x0:x1] == number
        core = inside & nucleus[y0:y1, x0:x1]
        shades = grey[y0:y1, x0:x1][core if core.any() else inside]
        contour = _longest_contour(inside)
        hull = cv2.contourArea(cv2.convexHull(contour)) or 1.0
        enclosed = cv2.contourArea(contour)
        length = cv2.arcLength(contour, closed=True) or 1.0
        moments = cv2.moments(inside.view(np.uint8), binaryImage=True)
        area = float(inside.sum())
        points = cv2.approxPolyDP(contour, OUTLINE_TOLERANCE * length, closed=True)[:, 0, :]
        found.append(
            Region(
                label=number,
                box=(x0 * scale, y0 * scale, x1 * scale, y1 * scale),
                centroid=((moments["m10"] / area + x0 + 0.5) * scale, (moments["m01"] / area + y0 + 0.5) * scale),
                area=area * scale**2,
                nucleus_area=float(core.sum()) * scale**2,
                diameter=float(np.sqrt(4 * area / np.pi)) * scale,
                roundness=min(1.0, float(4 * np.pi * enclosed / length**2)),
                solidity=min(1.0, float(enclosed / hull)),
                mean_stain=float(shades.mean()),
                at_border=x0 == 0 or y0 == 0 or x1 == width or y1 == height,
                outline=tuple(((float(x) + x0 + 0.5) * scale, (float(y) + y0 + 0.5) * scale) for x, y in points),
            )
        )
    return tuple(found)


def windows_of(labels: NDArray[np.int32]) -> Windows:
    """Where each number lies, from 1 on; numbers that are left out have no window."""
    from scipy.ndimage import find_objects

    return {number: window for number, window in enumerate(find_objects(labels), start=1) if window is not None}


def _longest_contour(mask: Mask) -> NDArray[np.int32]:
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(max(contours, key=len), np.int32)


def upscale(mask: Mask, shape: tuple[int, int]) -> Mask:
    """A mask made on a smaller copy, at the size (height, width) of the picture, with smooth edges."""
    if mask.shape == shape:
        return mask
    large: Pixels = np.asarray(
        cv2.resize(mask.view(np.uint8) * 255, shape[::-1], interpolation=cv2.INTER_LINEAR), np.uint8
    )
    return large > 127
