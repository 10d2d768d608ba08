"""Pictures that are there twice: the same pixels, or nearly the same, within a data set and across data sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from allcad_core.datasets.base import Progress, grey_of, open_picture
from allcad_core.errors import DataError

THUMBNAIL, FREQUENCIES = 32, 8
"""Sides of the thumbnail and of the block of low frequencies that make the perceptual hash (Zauner 2010, pHash)."""

DISTANCE = 6
"""Bits of 63 in which the hashes of near copies may differ."""

CORRELATION = 0.95
"""Of the thumbnails of near copies."""

CLOSE_SIDE, CLOSE_MARGIN, CLOSE_BAND = 128, 16, (1.0, 4.0)
"""Pixels, pixels and sigmas of the closer look: fine structure of the middle, found within a margin of the other."""

CLOSE_CORRELATION = 0.75
"""In the closer look, copies of the sets at hand reach 0.83 and more, two cells of one shape at most 0.65."""

_ROWS = 1024
"""Hashes that are compared at once with all others."""


@dataclass(frozen=True, slots=True)
class Twin:
    """Two pictures that are copies, by their place in the list, and whether every pixel is the same."""

    one: int
    other: int
    exact: bool
    correlation: float


def thumbnail(path: Path) -> NDArray[np.float32]:
    """Small grey version of a picture, float32 (32, 32). Raises DataError where the picture cannot be read."""
    small = Image.fromarray(grey_of(path, scale=_reduced(path)))
    return np.asarray(small.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX), np.float32)


def hashes(thumbnails: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Perceptual hash of each thumbnail, bool (count, 63): low frequencies above their median."""
    from scipy.fft import dctn

    low = dctn(thumbnails, axes=(1, 2), norm="ortho")[:, :FREQUENCIES, :FREQUENCIES]
    low = np.asarray(low).reshape(len(thumbnails), -1)[:, 1:]
    return np.asarray(low > np.median(low, axis=1, keepdims=True))


def twins(paths: Sequence[Path], thumbnails: NDArray[np.float32], progress: Progress | None = None) -> list[Twin]:
    """Pairs of pictures that are copies of each other.

    Args:
        paths: files of the pictures.
        thumbnails: float32 (count, 32, 32), from :func:`thumbnail`. Pictures of one even colour have no twins.
        progress: told about the comparison.
    """
    if not len(paths):
        return []
    signs = np.where(hashes(thumbnails), 1, -1).astype(np.float32)
    flat = thumbnails.reshape(len(paths), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    flat = flat / np.maximum(length, 1.0)
    found = []
    for start in range(0, len(paths), _ROWS):
        rows = slice(start, start + _ROWS)
        distance = (signs.shape[1] - signs[rows] @ signs.T) / 2
        correlation = flat[rows] @ flat.T
        near = np.argwhere((distance <= DISTANCE) & (correlation >= CORRELATION))
        for row, other in near:
            one = start + int(row)
            if one < other:
                exact = same_pixels(paths[one], paths[other])
                if exact or close_look(paths[one], paths[other]) >= CLOSE_CORRELATION:
                    found.append(Twin(one, int(other), exact, float(correlation[row, other])))
        if progress is not None:
            progress("Looking for copies", min(start + _ROWS, len(paths)), len(paths))
    return found


def same_pixels(one: Path, other: Path) -> bool:
    """Whether two pictures have the same pixels, whatever their files look like."""
    left, right = _colours(one), _colours(other)
    return left.shape == right.shape and bool((left == right).all())


def close_look(one: Path, other: Path) -> float:
    """Correlation of the fine structure of two pictures at the best small shift, -1 to 1."""
    import cv2

    planes = [_fine(path) for path in (one, other)]
    inner = slice(CLOSE_MARGIN, -CLOSE_MARGIN)
    return float(cv2.matchTemplate(planes[0], planes[1][inner, inner], cv2.TM_CCOEFF_NORMED).max())


def _fine(path: Path) -> NDArray[np.float32]:
    from scipy import ndimage

    side = (CLOSE_SIDE, CLOSE_SIDE)
    small = np.asarray(Image.fromarray(grey_of(path)).resize(side, Image.Resampling.BOX), np.float32)
    fine, coarse = (ndimage.gaussian_filter(small, sigma) for sigma in CLOSE_BAND)
    return np.asarray(fine - coarse, np.float32)


def _reduced(path: Path) -> float:
    with open_picture(path) as picture:
        return min(1.0, 2 * THUMBNAIL / min(picture.size))


def _colours(path: Path) -> NDArray[np.uint8]:
    with open_picture(path) as picture:
        try:
            return np.asarray(picture.convert("RGB"))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise DataError(f"'{path}' cannot be read as a picture.") from error
