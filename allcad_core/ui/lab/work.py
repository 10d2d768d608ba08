"""What the lab computes on a smear, once each: grey levels, what a method finds, the scale, pictures for the browser."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from time import perf_counter
from typing import Literal, TypeVar, cast

import cv2
import numpy as np
import streamlit as st
from numpy.typing import NDArray

from allcad_core.segmentation import Cluster, Region, Segmentation, segment
from allcad_core.ui import media, state
from allcad_core.ui.state import Smear

Made = TypeVar("Made")
Mask = NDArray[np.bool_]
Plane = NDArray[np.uint8]
Part = Literal["nucleus", "cell"]
"""Nuclei, or whole cells: nucleus and cytoplasm."""

OUTSIDE, CYTOPLASM, NUCLEUS = 0, 1, 2
"""Codes of a plane."""
LONGEST_PLANE = 2592
"""Pixels. Planes are made smaller beyond this, so that a browser colours them within a frame."""
WARM_SIDE = 96
"""Pixels a side of the corner on which a method is run before it is timed."""
STAIN = "stain"
"""The method that looks at the stain's colour, and measures red cells on its way."""
MOST_PURPLE = 0.4
"""Purple density of the deepest nuclei: the dark end of its picture."""
MOST_OWN = 3
"""Results at thresholds set by hand that are kept for a visitor."""


@dataclass(frozen=True, eq=False)
class Brightness:
    """Grey levels of a smear: uint8 (height, width), how many pixels each has, int64 (256,), and their three clusters."""

    grey: Plane
    histogram: NDArray[np.int64]
    clusters: tuple[Cluster, ...]


@dataclass(frozen=True, eq=False)
class Found:
    """What a method found, kept small.

    Attributes:
        method: its name.
        plane: uint8 (height, width), ``OUTSIDE``, ``CYTOPLASM`` or ``NUCLEUS``.
        regions: one a cell.
        threshold: highest grey level of the mask, where it is one of grey levels.
        lowest_cluster: whether that threshold ends the darkest cluster.
        red_cell_diameter: px, where the method measures it.
        milliseconds: that it took, its network loaded.
    """

    method: str
    plane: Plane
    regions: tuple[Region, ...]
    threshold: int | None
    lowest_cluster: bool
    red_cell_diameter: float | None
    milliseconds: float

    def mask(self, part: Part) -> Mask:
        """The mask of nuclei or of whole cells, bool (height, width)."""
        return mask_of(self.plane, part)

    @property
    def knows_cytoplasm(self) -> bool:
        """Whether the method has a mask of whole cells beside that of nuclei."""
        return bool((self.plane == CYTOPLASM).any())


def mask_of(plane: Plane, part: Part) -> Mask:
    """The mask of nuclei or of whole cells, bool (height, width), that a plane holds."""
    return np.asarray(plane == NUCLEUS if part == "nucleus" else plane > OUTSIDE)


@st.cache_resource(show_spinner=False)
def _of_samples() -> dict[Hashable, object]:
    return {}


def once(smear: Smear, key: Hashable, make: Callable[[], Made]) -> Made:
    """Compute something once: for all visitors on a sample, for its visitor on a photograph of their own."""
    if smear.sample is None:
        return state.remember(("lab", smear.key, key), make)
    known = _of_samples()
    if (smear.key, key) not in known:
        known[smear.key, key] = make()
    return cast("Made", known[smear.key, key])


def brightness(smear: Smear) -> Brightness:
    """Grey levels of the smear."""
    return once(smear, "brightness", lambda: _brightness(smear.image.pixels))


def _brightness(pixels: Plane) -> Brightness:
    from allcad_core import devices
    from allcad_core.segmentation.paper import LEVELS, grey_levels, three_means

    grey = grey_levels(pixels, devices.choose()).cpu().numpy()
    histogram = np.bincount(grey.ravel(), minlength=LEVELS).astype(np.int64)
    return Brightness(grey, histogram, three_means(histogram))


def found(smear: Smear, method: str) -> Found:
    """What a method finds on the smear.

    Raises:
        AllcadError: the method cannot be used.
    """
    return once(smear, ("found", method), lambda: _found(smear, method))


def is_known(smear: Smear, method: str) -> bool:
    """Whether the method ran already, so that its answer comes at once."""
    if smear.sample is not None:
        return (smear.key, ("found", method)) in _of_samples()
    return ("lab", smear.key, ("found", method)) in st.session_state.get("memory", {})


@st.cache_resource(show_spinner=False)
def _warm(method: str) -> str:
    """Load what a method needs, so that the time of its first picture is that of its second."""
    corner = np.full((WARM_SIDE, WARM_SIDE, 3), 220, np.uint8)
    corner[30:60, 30:60] = (90, 50, 140)
    return segment(corner, method).method


def _found(smear: Smear, method: str) -> Found:
    _warm(method)
    start = perf_counter()
    result = segment(smear.image.pixels, method)
    return _kept(method, result, 1000 * (perf_counter() - start))


def _kept(method: str, result: Segmentation, milliseconds: float) -> Found:
    plane = result.cell.astype(np.uint8)
    plane[result.nucleus] = NUCLEUS
    filled = [cluster for cluster in result.clusters if cluster.pixels]
    lowest = result.threshold is None or not filled or result.threshold == filled[0].high
    return Found(
        method,
        plane,
        result.regions,
        result.threshold,
        lowest,
        result.red_cell_diameter,
        milliseconds,
    )


def at_threshold(smear: Smear, threshold: int) -> Found:
    """What a threshold set by hand finds: everything up to that grey level, in regions as the paper's methods have them."""
    kept = cast("dict[tuple[str, int], Found]", st.session_state.setdefault("lab-own", {}))
    result = kept.pop((smear.key, threshold), None) or _at_threshold(smear, threshold)
    kept[smear.key, threshold] = result
    while len(kept) > MOST_OWN:
        kept.pop(next(iter(kept)))
    return result


def _at_threshold(smear: Smear, threshold: int) -> Found:
    from allcad_core.segmentation.paper import SMALLEST_SHARE
    from allcad_core.segmentation.regions import describe, label_components

    start = perf_counter()
    grey = brightness(smear).grey
    mask = np.asarray(grey <= threshold)
    regions = describe(label_components(mask, SMALLEST_SHARE * mask.size), mask, grey)
    spent = 1000 * (perf_counter() - start)
    return Found("own", mask.astype(np.uint8) * NUCLEUS, regions, threshold, True, None, spent)


def purple(smear: Smear) -> Plane:
    """What the method ``stain`` looks at, uint8 (height, width): purple density, 255 the deepest; at most its own size."""
    return once(smear, "purple", lambda: _purple(smear.image.pixels))


def _purple(pixels: Plane) -> Plane:
    from allcad_core.segmentation.stain import LONG_SIDE, optical_density

    shrink = min(1.0, LONG_SIDE / max(pixels.shape[:2]))
    size = (max(1, round(pixels.shape[1] * shrink)), max(1, round(pixels.shape[0] * shrink)))
    small = pixels if shrink == 1 else np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    red, green, blue = optical_density(small)
    return np.asarray(np.clip(((red + green) / 2 - blue) * (255 / MOST_PURPLE), 0, 255), np.uint8)


def photograph(smear: Smear) -> bytes:
    """The photograph as the browser gets it."""
    return state.remember(("jpeg", smear.key), lambda: media.jpeg(smear.image.pixels))


def png(plane: Plane, *, whole: bool = False) -> bytes:
    """A plane as a file with every value kept; for the browser at most ``LONGEST_PLANE`` long.

    Args:
        plane: uint8 (height, width).
        whole: keep its size, however large.
    """
    shrink = 1.0 if whole else LONGEST_PLANE / max(plane.shape)
    if shrink < 1:
        size = (max(1, round(plane.shape[1] * shrink)), max(1, round(plane.shape[0] * shrink)))
        plane = np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    done, data = cv2.imencode(".png", plane, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    assert done
    return data.tobytes()


def grey_png(smear: Smear) -> bytes:
    """Grey levels for the browser."""
    return once(smear, "grey.png", lambda: png(brightness(smear).grey))


def purple_png(smear: Smear) -> bytes:
    """Purple density for the browser."""
    return once(smear, "purple.png", lambda: png(purple(smear)))


def plane_png(smear: Smear, result: Found) -> bytes:
    """The mask of a method for the browser."""
    return once(smear, ("plane.png", result.method), lambda: png(result.plane))
