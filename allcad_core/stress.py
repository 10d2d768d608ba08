"""What a worse photograph of the same smear would look like: blur, stain, light, magnification, compression."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core.errors import AllcadError
from allcad_core.ground import ground_colour
from allcad_core.images import SmearImage
from allcad_core.results import Box

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Range:
    """What a kind of stress may be: ``low`` to ``high``, ``none`` where it changes nothing; all in the unit of the kind."""

    low: float
    high: float
    none: float

    def check(self, name: str, value: float) -> None:
        """Raise AllcadError where a value lies outside."""
        if not self.low <= value <= self.high:
            raise AllcadError(f"The stress '{name}' lies between {self.low:g} and {self.high:g}; {value:g} does not.")


RANGES: dict[str, Range] = {
    "blur": Range(0.0, 8.0, 0.0),
    "stain": Range(-0.5, 0.5, 0.0),
    "brightness": Range(0.4, 1.6, 1.0),
    "magnification": Range(0.4, 2.0, 1.0),
    "jpeg": Range(5, 100, 100),
}
"""By name of the field of ``Stress``."""


@dataclass(frozen=True, slots=True)
class Stress:
    """How a photograph is made worse, in the order in which a microscope and a camera would do it.

    Attributes:
        magnification: the picture's sides are multiplied by it.
        stain: the optical density of red light (which blue dye takes) is multiplied by 1 - stain, that of blue light (which
            red dye takes) by 1 + stain: above 0 the smear turns redder, below 0 bluer; the empty ground keeps its colour.
        blur: standard deviation of a Gaussian, px of the picture as it was.
        brightness: grey levels are multiplied by it and cut at white.
        jpeg: quality of a JPEG file that it is saved as; 100 leaves it as it is.
    """

    magnification: float = 1.0
    stain: float = 0.0
    blur: float = 0.0
    brightness: float = 1.0
    jpeg: int = 100

    def __post_init__(self) -> None:
        for name, allowed in RANGES.items():
            allowed.check(name, getattr(self, name))

    @property
    def active(self) -> tuple[str, ...]:
        """Names of the kinds that change something."""
        return tuple(entry.name for entry in fields(self) if getattr(self, entry.name) != RANGES[entry.name].none)


NO_STRESS = Stress()


def apply(pixels: Pixels, stress: Stress, ground: NDArray[np.float32] | None = None) -> Pixels:
    """The picture as it would be under a stress; the given one stays as it is.

    Args:
        pixels: uint8 (height, width, 3), RGB.
        stress: what is done to it.
        ground: colour of the empty ground, (3,), where it is known already.

    Returns:
        uint8, RGB; its sides are those of ``pixels`` times the magnification.
    """
    made = pixels
    if stress.magnification != 1:
        made = _resized(made, stress.magnification)
    if stress.stain or stress.brightness != 1:
        empty = ground_colour(pixels) if stress.stain and ground is None else ground
        made = _looked_up(made, stress, empty)
    if stress.blur:
        made = np.asarray(cv2.GaussianBlur(made, (0, 0), stress.blur * stress.magnification), np.uint8)
    if stress.jpeg != RANGES["jpeg"].none:
        made = _saved(made, stress.jpeg)
    return made.copy() if made is pixels else made


def stressed(image: SmearImage, stress: Stress, ground: NDArray[np.float32] | None = None) -> SmearImage:
    """A photograph under a stress, under the same name; itself where nothing changes."""
    if not stress.active:
        return image
    pixels = apply(image.pixels, stress, ground)
    pixels.setflags(write=False)
    digest = hashlib.sha256(f"{image.sha256} {stress}".encode()).hexdigest()
    return replace(image, pixels=pixels, source_format="generated", sha256=digest)


def at_original(box: Box, stress: Stress) -> Box:
    """A box of the stressed picture in pixels of the picture as it was."""
    x0, y0, x1, y1 = (side / stress.magnification for side in box)
    return x0, y0, x1, y1


def _resized(pixels: Pixels, factor: float) -> Pixels:
    height, width = pixels.shape[:2]
    size = max(1, round(width * factor)), max(1, round(height * factor))
    kind = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=kind), np.uint8)


def _looked_up(pixels: Pixels, stress: Stress, ground: NDArray[np.float32] | None) -> Pixels:
    """Stain and light by one table a channel: density is log10(ground / level) (Beer-Lambert)."""
    levels = np.arange(256, dtype=np.float64)
    tables = np.stack([levels] * 3, axis=-1)
    if stress.stain and ground is not None:
        empty = np.maximum(np.asarray(ground, np.float64), 1.0)
        share = np.maximum(tables, 0.5) / empty
        tables = empty * share ** np.array([1 - stress.stain, 1.0, 1 + stress.stain])
    tables = np.clip(np.rint(tables * stress.brightness), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(pixels, tables[None]), np.uint8)


def _saved(pixels: Pixels, quality: int) -> Pixels:
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    assert done
    back = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert back is not None
    return np.asarray(cv2.cvtColor(back, cv2.COLOR_BGR2RGB), np.uint8)
