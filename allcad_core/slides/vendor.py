"""Slides of scanners (SVS, NDPI, MRXS, SCN, BIF, tiled TIFF), read by OpenSlide."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from allcad_core.slides.base import Pixels, Slide, SlideError, Window

COARSEST = 4096
"""Px of the longer side of the smallest level; where it is larger, an overview would read too much at once."""
WIDEST_STEP = 8.0
"""Times by which one level may be smaller than the next, for the same reason."""


def opened(path: Path, name: str, key: str) -> Slide | None:
    """The slide, or ``None`` where OpenSlide does not know the format or the file has no usable pyramid."""
    import openslide

    try:
        if openslide.OpenSlide.detect_format(path) is None:
            return None
        handle = openslide.OpenSlide(path)
    except (openslide.OpenSlideError, OSError) as error:
        raise SlideError(f"{name} is damaged or cut off. Copy it again from where it was scanned.") from error
    steps = [handle.level_downsamples[0], *handle.level_downsamples]
    if max(handle.level_dimensions[-1]) > COARSEST or any(
        lower / upper > WIDEST_STEP for upper, lower in pairwise(steps)
    ):
        handle.close()
        return None
    return VendorSlide(handle, name, key)


class VendorSlide(Slide):
    """A file that OpenSlide reads; it is safe to share by threads."""

    def __init__(self, handle: Any, name: str, key: str) -> None:
        self._handle = handle
        kind = str(handle.properties.get("openslide.vendor", "slide"))
        super().__init__(name, handle.dimensions, key, _um_per_px(handle.properties), kind)

    def _region(self, window: Window, shrink: int) -> Pixels:
        import openslide

        x0, y0, x1, y1 = window
        wanted = (-(-(x1 - x0) // shrink), -(-(y1 - y0) // shrink))
        level = self._handle.get_best_level_for_downsample(shrink * 1.01)
        step = self._handle.level_downsamples[level]
        size = (max(1, round((x1 - x0) / step)), max(1, round((y1 - y0) / step)))
        try:
            picture = np.asarray(self._handle.read_region((x0, y0), level, size))
        except openslide.OpenSlideError as error:
            raise SlideError(
                f"{self.name} is damaged at {x0}, {y0}. Copy it again from where it was scanned."
            ) from error
        share = picture[..., 3:].astype(np.float32) / 255
        pixels = picture[..., :3] if share.min() == 1 else np.uint8(picture[..., :3] * share + 255 * (1 - share))
        if size != wanted:
            pixels = cv2.resize(np.ascontiguousarray(pixels), wanted, interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(pixels, np.uint8)

    def close(self) -> None:
        """Let go of the file."""
        self._handle.close()


def _um_per_px(properties: Any) -> float | None:
    """Micrometres a pixel as the file says; nothing that cannot be a microscope's."""
    try:
        value = float(properties["openslide.mpp-x"])
    except (KeyError, ValueError):
        return None
    return value if 0.02 < value < 20 else None
