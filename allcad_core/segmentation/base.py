"""What every segmentation method gives, and the list of methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from allcad_core import compiled, devices
from allcad_core.errors import UnknownNameError

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster of grey levels: ``low`` to ``high`` inclusive, their mean, and how many pixels it holds."""

    low: int
    high: int
    mean: float
    pixels: int


@dataclass(frozen=True, slots=True)
class Region:
    """One segmented object, in pixels of the picture.

    Attributes:
        label: its number in ``Segmentation.labels``.
        box: x0, y0, x1, y1; x1 and y1 lie one past the last pixel.
        centroid: x, y.
        area: of the whole cell, px².
        nucleus_area: of the nucleus inside it, px².
        diameter: of the circle of equal area, px.
        roundness: 4 pi area / perimeter², 1 for a circle.
        solidity: area / area of the convex hull.
        mean_stain: mean grey level of the nucleus, 0..255.
        at_border: touches the edge of the picture.
        outline: closed polygon, (x, y).
    """

    label: int
    box: tuple[float, float, float, float]
    centroid: tuple[float, float]
    area: float
    nucleus_area: float
    diameter: float
    roundness: float
    solidity: float
    mean_stain: float
    at_border: bool
    outline: tuple[tuple[float, float], ...]

    @property
    def nc_ratio(self) -> float:
        """Nucleus area / cell area, 0..1."""
        return self.nucleus_area / self.area if self.area else 0.0

    @property
    def measures(self) -> Mapping[str, float]:
        """The measures that a ``Cell`` carries."""
        return {
            "area": self.area,
            "nucleus_area": self.nucleus_area,
            "nc_ratio": self.nc_ratio,
            "roundness": self.roundness,
            "solidity": self.solidity,
            "diameter": self.diameter,
        }


@dataclass(frozen=True, eq=False)
class Segmentation:
    """What a method found.

    Attributes:
        method: its name.
        nucleus: bool (height, width).
        cell: bool (height, width), nucleus and cytoplasm; the nucleus mask again where a method has no other.
        labels: int32 (height, width), 0 for none, else the number of a region.
        regions: one a cell, in the order of their numbers.
        threshold: the highest grey level inside the mask, for methods that have one.
        histogram: int64 (256,), grey levels of the picture, likewise.
        clusters: of the grey levels, darkest first, likewise.
        red_cell_diameter: median diameter of lone red cells in px, where red cells show one.
    """

    method: str
    nucleus: Mask
    cell: Mask
    labels: NDArray[np.int32]
    regions: tuple[Region, ...]
    threshold: int | None = None
    histogram: NDArray[np.int64] | None = None
    clusters: tuple[Cluster, ...] = ()
    red_cell_diameter: float | None = None


Method = Callable[[Pixels, devices.Device], Segmentation]

_METHODS: Mapping[str, str] = {
    "paper": "allcad_core.segmentation.paper:paper",
    "darkest": "allcad_core.segmentation.paper:darkest",
    "stain": "allcad_core.segmentation.stain:stain",
    "unet": "allcad_core.segmentation.unet:unet",
}
"""Name -> module:function; loaded when used. A new method is one file and one line here."""


LEARNED = frozenset({"unet"})
"""Methods that are networks, under the names of their cards: they may answer compiled."""


def methods() -> list[str]:
    """Names of all methods."""
    return list(_METHODS)


def segment(pixels: Pixels, method: str = "paper", device: str | devices.Device | None = None) -> Segmentation:
    """Segment the white cells of a field or crop.

    Args:
        pixels: uint8 (height, width, 3), RGB.
        method: one of ``methods()``.
        device: where the arithmetic runs; see ``devices.choose`` for its name.

    Raises:
        UnknownNameError: no such method.
        DeviceError: no such device.
    """
    if method not in _METHODS:
        raise UnknownNameError("segmentation method", method, methods())
    module, function = _METHODS[method].split(":")
    run: Method = getattr(import_module(module), function)
    if device is None or isinstance(device, str):
        device = compiled.choose(device, None, [method]) if method in LEARNED else devices.choose(device)
    return run(pixels, device)
