"""What stands before and after a detector's network, without torch: the picture resized and padded, boxes suppressed."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from allcad_core.ground import BALANCED


def letterboxed(balanced: NDArray[np.uint8], wide: int, high: int, stride: int) -> NDArray[np.uint8]:
    """A picture resized to (wide, high) and padded with ground to multiples of ``stride``.

    Pillow's antialiased bilinear filter is the one that torch follows, so both see the same picture within a grey level.

    Args:
        balanced: uint8 (height, width, 3), RGB, balanced.
        wide: width before padding, px.
        high: height, likewise.
        stride: px.

    Returns:
        uint8 (1, padded height, padded width, 3).
    """
    small = np.asarray(Image.fromarray(balanced).resize((wide, high), Image.Resampling.BILINEAR))
    canvas = np.full((1, high + -high % stride, wide + -wide % stride, 3), BALANCED, np.uint8)
    canvas[0, :high, :wide] = small
    return canvas


def suppressed(
    answer: NDArray[np.float32], least_score: float, most_shared: float, most_boxes: int
) -> NDArray[np.float64]:
    """The boxes of one picture that stay when, best first, each removes those that share too much with it.

    Args:
        answer: float32 (4 + classes, n): middle x, middle y, width, height, and a score a class.
        least_score: boxes whose best class scores less are noise.
        most_shared: intersection over union above which the worse of two boxes goes, whatever their classes.
        most_boxes: no more stay.

    Returns:
        float64 (m, 6): x0, y0, x1, y1 in network px, score, number of the class; best first.
    """
    best = answer[4:].max(axis=0)
    kept = answer[:, best > least_score].astype(np.float64)
    middle, size, scores = kept[:2].T, kept[2:4].T, kept[4:]
    corners = middle - size / 2
    score = scores.max(axis=0) if kept.size else np.empty(0)
    chosen = np.asarray(
        cv2.dnn.NMSBoxes(np.hstack([corners, size]).tolist(), score.tolist(), least_score, most_shared), np.int64
    ).reshape(-1)[:most_boxes]
    numbers = scores.argmax(axis=0) if kept.size else np.empty(0)
    boxes = np.hstack([corners, corners + size, score[:, None], numbers[:, None].astype(np.float64)])
    return np.asarray(boxes[chosen], np.float64)
