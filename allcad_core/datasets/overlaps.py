"""Fields that show the same cells: found by correlating each pair at every shift.

Every pair of fields of one camera is laid over each other at every shift (normalised cross-correlation over the shared
part, Padfield, "Masked Object Registration in the Fourier Domain", IEEE TIP 2012). A correlation counts where it is high
and certain: it lies ``CERTAINTY`` standard errors of Fisher's z above nothing, with as many independent pixels as the
pictures' own correlation leaves (Clifford, Richardson & Hemon, Biometrics 1989). Strips of 3 % of a field are found,
which matching of keypoints misses.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allcad_core.datasets.base import FieldRecord, Progress, grey_of, size_of

Plane = NDArray[np.float32]
Array = NDArray[Any]

WIDTH = 600
"""Pixels across to which the widest field of a camera is brought, if it is wider."""

CORRELATION, CERTAINTY = 0.65, 8.0
"""Overlapping pairs of ALL-IDB1 and Aria score 0.71 and 8.9 or more; no other pair there scores both of these."""

SMALLEST_SHARE = 0.02
"""Of a field. Smaller shared parts correlate by chance."""

FINE, COARSE = 0.7, 10.0
"""Sigmas in pixels of the band that is compared: edges of cells, neither noise nor illumination."""

_ALMOST_ONE = 0.999

CLIP = 40.0
"""Grey levels. Keeps one dark nucleus from outweighing the rest."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two fields that show the same cells: ``share`` of the first that both show, and the correlation there."""

    one: str
    other: str
    share: float
    correlation: float


def overlapping_pairs(fields: Sequence[FieldRecord], progress: Progress | None = None) -> list[tuple[str, str]]:
    """Names of fields that show the same cells, pair by pair. See :func:`find_overlaps`."""
    return [(overlap.one, overlap.other) for overlap in find_overlaps(fields, progress)]


def find_overlaps(fields: Sequence[FieldRecord], progress: Progress | None = None) -> list[Overlap]:
    """Pairs of fields that show the same cells, by name.

    Fields of different cameras or of different known sessions are not compared. Pictures are taken as unturned and
    alike in magnification, as those of one camera on one microscope are.

    Raises:
        DataError: a picture cannot be read.
    """
    if not fields:
        return []
    by_camera: dict[str | None, list[FieldRecord]] = defaultdict(list)
    for field in fields:
        by_camera[field.camera].append(field)
    pairs = [
        pair
        for together in by_camera.values()
        for pair in combinations(sorted(together, key=lambda field: field.name), 2)
        if None in (pair[0].session, pair[1].session) or pair[0].session == pair[1].session
    ]
    planes = {field.name: plane for together in by_camera.values() for field, plane in _planes(together)}
    spectra = _Spectra(planes)
    found = []
    done = 0
    for one, with_one in groupby(pairs, key=lambda pair: pair[0].name):
        for _, other in with_one:
            correlation, share = spectra.best(one, other.name)
            if correlation:
                found.append(Overlap(one, other.name, share, correlation))
            done += 1
            if progress is not None:
                progress("Comparing fields", done, len(pairs))
        spectra.forget(one)
    return found


class _Spectra:
    """Correlation of pairs of planes over all shifts; what belongs to one plane is computed once."""

    def __init__(self, planes: dict[str, Plane]) -> None:
        from scipy import fft

        self._fft = fft
        height, width = (max(plane.shape[axis] for plane in planes.values()) for axis in (0, 1))
        self._size = (fft.next_fast_len(2 * height, real=True), fft.next_fast_len(2 * width, real=True))
        self._planes = planes
        self._kept: dict[tuple[object, ...], Array] = {}

    def best(self, one: str, other: str) -> tuple[float, float]:
        """Correlation at the most certain shift and the share of ``one`` there; nothing where none is certain."""
        shape_one, shape_other = self._planes[one].shape, self._planes[other].shape
        shared = self._keep(("shared", shape_one, shape_other), lambda: self._shared(shape_one, shape_other))
        energy_one = self._keep(("first", one, shape_other), lambda: self._energy(one, shape_other))
        energy_other = self._keep(("second", shape_one, other), lambda: self._energy_behind(shape_one, other))
        product = self._back(self._spectrum(one) * np.conj(self._spectrum(other)))
        smallest = SMALLEST_SHARE * min(math.prod(shape_one), math.prod(shape_other))
        energy = np.sqrt(np.maximum(energy_one, 1) * np.maximum(energy_other, 1))
        high = np.flatnonzero((shared >= smallest) & (product >= CORRELATION * energy))
        if not high.size:
            return 0.0, 0.0
        correlation = np.minimum(product.flat[high] / energy.flat[high], _ALMOST_ONE)
        independent = shared.flat[high] / self._patch(one, other)
        certainty = np.arctanh(correlation) * np.sqrt(independent)
        at = certainty.argmax()
        if certainty[at] < CERTAINTY:
            return 0.0, 0.0
        return float(product.flat[high[at]] / energy.flat[high[at]]), float(
            shared.flat[high[at]] / math.prod(shape_one)
        )

    def forget(self, name: str) -> None:
        """Drop what was kept for a plane that is not needed again."""
        self._kept = {key: value for key, value in self._kept.items() if name not in key}

    def _keep(self, key: tuple[object, ...], make: Callable[[], Array]) -> Array:
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def _spectrum(self, name: str) -> Array:
        return self._keep(("plane", name), lambda: self._forth(self._planes[name]))

    def _power(self, name: str) -> Array:
        """Power spectrum over the energy: the spectrum of the plane's correlation with itself."""
        energy = float((self._planes[name] ** 2).sum())
        return self._keep(("power", name), lambda: np.abs(self._spectrum(name)) ** 2 / max(energy, 1.0))

    def _patch(self, one: str, other: str) -> float:
        """Pixels that vary as one: the product of both planes' correlations with themselves, summed over all shifts."""
        summed = self._power(one) * self._power(other)
        inner = slice(1, -1 if self._size[1] % 2 == 0 else None)
        both_halves = summed.sum(dtype=float) + summed[:, inner].sum(dtype=float)
        pixels: float = both_halves / math.prod(self._size)
        return max(1.0, pixels)

    def _mask(self, shape: tuple[int, ...]) -> Array:
        return self._keep(("mask", shape), lambda: self._forth(np.ones(shape, np.float32)))

    def _shared(self, one: tuple[int, ...], other: tuple[int, ...]) -> Array:
        return self._back(self._mask(one) * np.conj(self._mask(other)))

    def _energy(self, one: str, other: tuple[int, ...]) -> Array:
        return self._back(self._forth(self._planes[one] ** 2) * np.conj(self._mask(other)))

    def _energy_behind(self, one: tuple[int, ...], other: str) -> Array:
        return self._back(self._mask(one) * np.conj(self._forth(self._planes[other] ** 2)))

    def _forth(self, plane: Plane) -> Array:
        return np.asarray(self._fft.rfft2(plane, self._size), np.complex64)

    def _back(self, spectrum: Array) -> Array:
        return np.asarray(self._fft.irfft2(spectrum, self._size), np.float32)


def _planes(fields: Sequence[FieldRecord]) -> list[tuple[FieldRecord, Plane]]:
    """Small band-passed grey planes of the fields of one camera, all at one scale."""
    from scipy import ndimage

    grey = {}
    widest = max(size_of(field.path)[0] for field in fields)
    for field in fields:
        plane = np.asarray(grey_of(field.path, min(1.0, WIDTH / widest)), np.float32)
        band = ndimage.gaussian_filter(plane, FINE) - ndimage.gaussian_filter(plane, COARSE)
        band = np.clip(band, -CLIP, CLIP)
        grey[field.name] = np.asarray(band - band.mean(), np.float32)
    return [(field, grey[field.name]) for field in fields]
