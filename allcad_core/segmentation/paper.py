"""The three-cluster histogram threshold of Zaiter & Zwiggelaar, and its mended rule.

"Acute Lymphocytic Leukemia Detection Using Deep Learning Methods": the grey histogram of a smear has three peaks
(white cells, red cells, ground). The pixels are clustered into three sets; the set with the fewest pixels is taken for
the white cells; its highest grey level is the threshold; the mask is everything at or below it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core.devices import Device, to_tensor
from allcad_core.segmentation.base import Cluster, Pixels, Segmentation
from allcad_core.segmentation.regions import components, describe

if TYPE_CHECKING:
    import torch

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green, blue in grey (ITU-R BT.601), as the usual grey conversion has them."""
BITS, HALF = 16, 32768
"""Grey levels are computed in whole numbers of this many bits after the point; one half in them."""
LEVELS = 256
ROWS_AT_ONCE = 128
"""Bands of this height stay in the processor's cache while they turn grey."""
SMALLEST_SHARE = 0.0002
"""Components under this share of the picture are specks (about 1000 px of a 2592 x 1944 field), no regions."""


def grey_array(pixels: Pixels, device: Device) -> Pixels:
    """Grey levels 0..255, uint8 (height, width), computed on the device; on the CPU without torch."""
    if device.type != "cpu":
        return np.asarray(grey_levels(pixels, device).cpu().numpy(), np.uint8)
    # Whole numbers under 2**24 over a power of two: single precision holds them exactly, so that cutting off is a shift.
    weights = np.array([[*_weights(), HALF]], np.float32) / 2**BITS
    grey = np.empty(pixels.shape[:2], np.uint8)
    for top in range(0, len(pixels), ROWS_AT_ONCE):
        band = slice(top, top + ROWS_AT_ONCE)
        grey[band] = np.asarray(cv2.transform(np.asarray(pixels[band], np.float32), weights)).astype(np.uint8)
    return grey


def _weights() -> tuple[int, ...]:
    return tuple(round(weight * 2**BITS) for weight in LUMA)


def grey_levels(pixels: Pixels, device: Device) -> torch.Tensor:
    """Grey levels 0..255, uint8 (height, width), on the device."""
    import torch

    red, green, blue = _weights()

    def grey(band: torch.Tensor) -> torch.Tensor:
        # Whole numbers, in parts of 65536, give the same result on every device.
        total = band[..., 0].int().mul_(red).add_(band[..., 1], alpha=green).add_(band[..., 2], alpha=blue)
        return total.add_(HALF).bitwise_right_shift_(BITS).to(torch.uint8)

    image = to_tensor(np.ascontiguousarray(pixels), device)
    return torch.cat([grey(band) for band in torch.split(image, ROWS_AT_ONCE)])


def three_means(histogram: NDArray[np.int64]) -> tuple[Cluster, Cluster, Cluster]:
    """The exact optimum of three-means on a histogram.

    In one dimension optimal clusters are intervals, so all pairs of cuts are tried at once: the sum of squared
    distances within [a, b) is S2 - S1² / S0 with the moments taken from running sums.

    Args:
        histogram: int (256,), number of pixels of each grey level.

    Returns:
        The clusters, darkest first. Fewer than three grey levels in use give empty clusters.
    """
    weight = histogram.astype(np.float64)
    levels = np.arange(LEVELS, dtype=np.float64)
    moments = np.stack([weight, weight * levels, weight * levels**2])
    sums = np.concatenate([np.zeros((3, 1)), np.cumsum(moments, axis=1)], axis=1)

    count, first, second = sums[:, None, :] - sums[:, :, None]  # of [row, column)
    spread = second - first**2 / np.maximum(count, 1.0)
    total = spread[0][:, None] + spread + spread[:, LEVELS][None]
    total[np.tril_indices(LEVELS + 1, -1)] = np.inf
    one, two = np.unravel_index(int(np.argmin(total)), total.shape)
    cuts = (0, int(one), int(two), LEVELS)
    return tuple(_cluster(histogram, low, high) for low, high in pairwise(cuts))  # type: ignore[return-value]


def _cluster(histogram: NDArray[np.int64], low: int, high: int) -> Cluster:
    """The cluster of levels low..high-1, its ends drawn in to the levels that occur."""
    inside = histogram[low:high]
    used = np.flatnonzero(inside)
    if used.size == 0:
        return Cluster(low, max(low, high - 1), float(low), 0)
    count = int(inside.sum())
    mean = float((inside * np.arange(low, high)).sum() / count)
    return Cluster(low + int(used[0]), low + int(used[-1]), mean, count)


def _histogram(levels: Pixels) -> NDArray[np.int64]:
    """How many pixels have each grey level, int64 (256,)."""
    total = np.zeros(LEVELS, np.int64)
    for top in range(0, len(levels), LEVELS):  # OpenCV counts in single precision: exact up to 2**24 pixels at once
        band = np.ascontiguousarray(levels[top : top + LEVELS])
        total += cv2.calcHist([band], [0], None, [LEVELS], [0, LEVELS]).ravel().astype(np.int64)
    return total


def paper(pixels: Pixels, device: Device) -> Segmentation:
    """As published: the cluster with the fewest pixels gives the threshold."""
    return _by_threshold(pixels, device, "paper", lambda cluster: cluster.pixels)


def darkest(pixels: Pixels, device: Device) -> Segmentation:
    """The mended rule: the darkest cluster gives the threshold, however many pixels it holds."""
    return _by_threshold(pixels, device, "darkest", lambda cluster: cluster.mean)


def _by_threshold(pixels: Pixels, device: Device, name: str, rank: object) -> Segmentation:
    assert callable(rank)
    if device.type == "cpu":
        levels = grey_array(pixels, device)
        histogram = _histogram(levels)
    else:
        import torch

        grey = grey_levels(pixels, device)
        histogram = torch.bincount(grey.flatten(), minlength=LEVELS).cpu().numpy().astype(np.int64)
        levels = grey.cpu().numpy()
    clusters = three_means(histogram)
    threshold = min((cluster for cluster in clusters if cluster.pixels), key=rank).high
    mask = np.asarray(levels <= threshold)
    labels, windows = components(mask, SMALLEST_SHARE * mask.size)
    regions = describe(labels, mask, levels, windows=windows)
    return Segmentation(name, mask, mask, labels, regions, threshold, histogram, clusters)
