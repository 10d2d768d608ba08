"""White cells by a learned network: nucleus and cytoplasm a pixel, touching cells split as in ``stain``.

The network (``network.py``) sees the picture balanced by its ground, fields at a size at which red cells measure
``FIELD_RED_CELL``, crops of one cell at a length of ``CROP_SIDE``. Red cells and, where there are none, nuclei by their
stain give the scale.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core import compiled, devices, models
from allcad_core.ground import BALANCED, balance
from allcad_core.segmentation.base import Mask, Pixels, Segmentation
from allcad_core.segmentation.paper import grey_array
from allcad_core.segmentation.regions import describe
from allcad_core.segmentation.splitting import (
    CROP,
    area_of,
    disc,
    fill_holes,
    is_crop,
    join_lobes,
    keep_nucleated,
    split,
    without_neighbours,
)

NAME = "unet"
CROP_SIDE = 160
"""Crops of one cell are worked on at this length of their long side."""
FIELD_RED_CELL = 36.0
"""Fields are worked on at the size at which a red cell measures this many px."""
LONGEST = 1536
"""Longest side that is worked on, so that no scale, however wrong, takes minutes."""
LARGEST_HOLE, THREAD = 0.6, 0.12
"""Holes of cells under the first are filled and threads under the second removed, in red-cell diameters."""
MULTIPLE = 16
"""Sides of the network's input are multiples of this."""


class Segmenter(models.Served):
    """A trained network of the learned segmentation. Safe to share by threads."""

    def chances(self, balanced: Pixels) -> NDArray[np.float32]:
        """Chance of ground, nucleus and cytoplasm of each pixel.

        Args:
            balanced: uint8 (height, width, 3), RGB, balanced, at working size.

        Returns:
            float32 (3, height, width), summing to 1 over the first axis.
        """
        height, width = balanced.shape[:2]
        below, right = -height % MULTIPLE, -width % MULTIPLE
        padded = cv2.copyMakeBorder(balanced, 0, below, 0, right, cv2.BORDER_CONSTANT, value=(BALANCED,) * 3)
        if self.runner is not None:
            return self.runner(np.asarray(padded, np.uint8)[None])[0, :, :height, :width]
        return self._by_torch(np.asarray(padded, np.uint8))[:, :height, :width]

    def _by_torch(self, padded: Pixels) -> NDArray[np.float32]:
        import torch

        assert isinstance(self.device, torch.device)
        dtype = torch.float16 if devices.half_precision(self.device) else torch.float32
        batch = devices.to_tensor(padded, self.device).permute(2, 0, 1)[None].to(dtype)
        with self._lock, torch.inference_mode():
            logits = self._network(batch.contiguous(memory_format=torch.channels_last))
            chance = torch.softmax(logits[0].float(), 0)
        return np.asarray(chance.cpu().numpy(), np.float32)


@cache
def segmenter(device: devices.Device) -> Segmenter:
    """The shipped network on a device. Raises ModelError."""
    if isinstance(device, devices.CompiledCpu):
        return Segmenter(models.card(NAME), None, device, compiled.load(NAME))
    return Segmenter.load(NAME, device)


def unet(pixels: Pixels, device: devices.Device) -> Segmentation:
    """Nucleus and whole cell by the shipped network. Raises ModelError where its weights are missing or damaged."""
    return with_network(pixels, segmenter(device))


def with_network(pixels: Pixels, network: Segmenter) -> Segmentation:
    """Nucleus and whole cell by a network.

    Args:
        pixels: uint8 (height, width, 3), RGB.
        network: the shipped one, or that of a fold.
    """
    from allcad_core.segmentation.stain import scale_of

    height, width = pixels.shape[:2]
    diameter, guess = scale_of(pixels)
    shrink = _shrink(max(height, width), diameter or guess)
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    how = cv2.INTER_AREA if shrink < 1 else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(pixels, size, interpolation=how), np.uint8)
    chance = network.chances(balance(small))
    return _segmentation(chance, small, (height, width), shrink, diameter, (diameter or guess) * shrink, network)


def _shrink(longest: int, red_cell: float) -> float:
    """Working size over the size of the picture."""
    wanted = CROP_SIDE / longest if longest < CROP * red_cell else FIELD_RED_CELL / red_cell
    return min(max(wanted, CROP_SIDE / longest), LONGEST / longest)


def _segmentation(
    chance: NDArray[np.float32],
    small: Pixels,
    shape: tuple[int, int],
    shrink: float,
    diameter: float | None,
    unit: float,
    network: Segmenter,
) -> Segmentation:
    """Masks, cells and regions from the chances of each pixel."""
    ground, nucleus, _ = chance
    filled = fill_holes(ground < 0.5, area_of(LARGEST_HOLE * unit))
    cell = cv2.morphologyEx(filled, cv2.MORPH_OPEN, disc(THREAD * unit)).astype(bool)
    core = (nucleus > 0.5) & cell
    labels = keep_nucleated(join_lobes(split(cell, unit), unit), core, unit)
    if is_crop(labels.shape, unit):
        labels = without_neighbours(labels)
    core &= labels > 0
    grey = grey_array(small, network.device)
    return Segmentation(
        NAME,
        _smooth(nucleus, core, shape),
        _smooth(np.maximum(1 - ground, filled), labels > 0, shape),
        np.asarray(cv2.resize(labels, shape[::-1], interpolation=cv2.INTER_NEAREST), np.int32),
        describe(labels, core, grey, 1 / shrink),
        red_cell_diameter=diameter,
    )


def _smooth(chance: NDArray[np.float32], kept: Mask, shape: tuple[int, int]) -> Mask:
    """Where a chance exceeds one half at the size of the picture, near what is kept of it."""
    near = cv2.dilate(kept.view(np.uint8), np.ones((3, 3), np.uint8))
    large = cv2.resize(np.asarray(chance * near, np.float32), shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(large > 0.5)
