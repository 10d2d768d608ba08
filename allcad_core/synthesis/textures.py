"""Noise that looks like something: periodic random fields, made once for each grain size."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

Plane = np.ndarray[Any, np.dtype[np.float32]]

PERIOD = 512
_SEED = 20110911
"""The fields are the same for all smears; what differs is the place where each cell cuts its piece."""


@lru_cache(maxsize=32)
def _field(quarter_pixels: int) -> Plane:
    """Gaussian noise of unit variance, blurred by a quarter of ``quarter_pixels``; repeats after ``PERIOD``."""
    rng = np.random.default_rng([_SEED, quarter_pixels])
    frequency = np.fft.fftfreq(PERIOD)
    sigma = quarter_pixels / 4.0
    blur = np.exp(-2.0 * (np.pi * sigma * frequency) ** 2)
    spectrum = np.fft.fft2(rng.standard_normal((PERIOD, PERIOD))) * blur[:, None] * blur[None, :]
    field = np.fft.ifft2(spectrum).real
    field -= field.mean()
    return np.asarray(field / field.std(), np.float32)


def grain(rng: np.random.Generator, shape: tuple[int, int], sigma: float) -> Plane:
    """A piece of noise of unit variance whose blobs measure about ``sigma`` pixels.

    Args:
        rng: says where the piece is cut.
        shape: height, width.
        sigma: standard deviation of the blur, pixels.
    """
    field = _field(max(0, min(160, round(4 * sigma))))
    top, left = rng.integers(0, PERIOD, 2)
    rows, columns = (np.arange(top, top + shape[0]) % PERIOD, np.arange(left, left + shape[1]) % PERIOD)
    return np.asarray(field[rows][:, columns], np.float32)
