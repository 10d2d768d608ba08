"""Crops of single cells, and the one interface of all cell classifiers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core import devices
from allcad_core.classification.two_classes import TwoClasses
from allcad_core.ground import BALANCED
from allcad_core.results import Box

if TYPE_CHECKING:
    import torch

CONTEXT = 1.25
"""A crop shows this many times the longer side of the cell's box."""
BATCH = 64
STEP = 0.25
"""Boxes are taken to the nearest quarter of a px: what detectors differ by on two backends, a thousandth, changes no crop."""


def cut_cells(
    pixels: NDArray[np.uint8], boxes: Sequence[Box], size: int, context: float = CONTEXT
) -> NDArray[np.uint8]:
    """Square crops around boxes, the cell always equally large, what lies beyond the picture painted as ground.

    Args:
        pixels: uint8 (height, width, 3), RGB, balanced (``ground.balance``).
        boxes: x0, y0, x1, y1 in px.
        size: side of a crop in px.
        context: side of the crop over the longer side of the box.

    Returns:
        uint8 (number of boxes, size, size, 3).
    """
    crops = np.empty((len(boxes), size, size, 3), np.uint8)
    for index, (x0, y0, x1, y1) in enumerate(boxes):
        side = max(x1 - x0, y1 - y0, 1.0) * context
        scale = size / side
        # Shrinking by more than two would skip pixels: average first, then sample.
        if scale < 0.5:
            x, y = int((x0 + x1 - side) / 2), int((y0 + y1 - side) / 2)
            crops[index] = cv2.resize(_window(pixels, x, y, round(side)), (size, size), interpolation=cv2.INTER_AREA)
            continue
        offset = np.array([[scale, 0, size / 2 - scale * (x0 + x1) / 2], [0, scale, size / 2 - scale * (y0 + y1) / 2]])
        crops[index] = cv2.warpAffine(
            pixels, offset, (size, size), flags=cv2.INTER_LINEAR, borderValue=(BALANCED, BALANCED, BALANCED)
        )
    return crops


def crop_frame(box: Box, size: int, context: float = CONTEXT) -> tuple[NDArray[np.float64], float]:
    """Where a crop of ``cut_cells`` lies: its upper left corner (x, y) in px of the picture, and crop px a picture px."""
    x0, y0, x1, y1 = box
    side = max(x1 - x0, y1 - y0, 1.0) * context
    return np.array([(x0 + x1 - side) / 2, (y0 + y1 - side) / 2]), size / side


def _window(pixels: NDArray[np.uint8], x: int, y: int, side: int) -> NDArray[np.uint8]:
    """The square at x, y; ground where it leaves the picture."""
    height, width = pixels.shape[:2]
    window = np.full((side, side, 3), BALANCED, np.uint8)
    x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + side, width), min(y + side, height)
    if x1 > x0 and y1 > y0:
        window[y0 - y : y1 - y, x0 - x : x1 - x] = pixels[y0:y1, x0:x1]
    return window


def to_input(crops: NDArray[np.uint8], device: devices.Device) -> torch.Tensor:
    """Crops uint8 (n, size, size, 3) as network input: (n, 3, size, size), ground near 0, ink near -1."""
    import torch

    batch = torch.from_numpy(crops).to(str(device)).permute(0, 3, 1, 2)
    dtype = torch.float16 if devices.half_precision(device) else torch.float32
    return (batch.to(dtype) - BALANCED) / BALANCED


class CellClassifier(TwoClasses):
    """A trained cell classifier: boxes of a field in, calibrated blast probabilities out. Safe to share by threads."""

    LOOKS_FOR = "blast"

    def probabilities(self, balanced: NDArray[np.uint8], boxes: Sequence[Box]) -> NDArray[np.float64]:
        """Calibrated blast probability of the cell in each box.

        Args:
            balanced: uint8 (height, width, 3), RGB, balanced.
            boxes: in px of that picture.

        Returns:
            float64 (number of boxes,), 0..1.
        """
        return self.calibrated(self.log_odds(balanced, boxes))

    @property
    def context(self) -> float:
        """Side of a crop over the longer side of the cell's box."""
        return float(self.card.input["context"])

    def crops(self, balanced: NDArray[np.uint8], boxes: Sequence[Box]) -> NDArray[np.uint8]:
        """What the network is shown of each cell: uint8 (number of boxes, size, size, 3)."""
        return cut_cells(balanced, [_near(box) for box in boxes], int(self.card.input["size"]), self.context)

    def batch(self, balanced: NDArray[np.uint8], boxes: Sequence[Box]) -> torch.Tensor:
        """The same as the network's input, see ``to_input``."""
        return to_input(self.crops(balanced, boxes), self.device)

    def log_odds(self, balanced: NDArray[np.uint8], boxes: Sequence[Box]) -> NDArray[np.float64]:
        """Logit of blast minus logit of healthy for each box, float64 (number of boxes,), not calibrated."""
        if not boxes:
            return np.empty(0)
        crops = self.crops(balanced, boxes)
        logits = self._by_torch(crops) if self.runner is None else self.runner(crops)
        blast = self.positive
        return np.asarray(logits[:, blast] - logits[:, 1 - blast], np.float64)

    def _by_torch(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Logits (n, number of classes); the crops go to the device, nothing but the logits comes back."""
        import torch

        with self._lock, torch.inference_mode():
            logits = torch.cat([self._network(to_input(part, self.device)).float() for part in _batches(crops)])
        return np.asarray(logits.cpu().numpy(), np.float32)


def _near(box: Box) -> Box:
    x0, y0, x1, y1 = (STEP * round(side / STEP) for side in box)
    return x0, y0, x1, y1


def _batches(crops: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    return [crops[start : start + BATCH] for start in range(0, len(crops), BATCH)]
