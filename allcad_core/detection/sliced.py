"""Detection in fields too large for one look: slices that overlap by more than a cell, and their boxes brought together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from allcad_core.detection.base import Detections, iou
from allcad_core.results import Label

Window = tuple[int, int, int, int]
"""x0, y0, x1, y1 in px of the field; x1 and y1 lie one past the last pixel."""
EDGE = 2.0
"""px: a box that comes closer to the cut edge of its slice is cut too, and whole in the next slice."""
SAME = 0.5
"""Boxes of two slices with this IoU or more are one cell."""


def windows(width: int, height: int, side: int, overlap: int) -> Iterator[Window]:
    """Slices that cover a field, each at most ``side`` px a side, neighbours sharing at least ``overlap`` px.

    >>> [window[::2] for window in windows(250, 90, 100, 20)]
    [(0, 100), (75, 175), (150, 250)]
    """
    for (y0, y1), (x0, x1) in product(_spans(height, side, overlap), _spans(width, side, overlap)):
        yield x0, y0, x1, y1


def _spans(length: int, side: int, overlap: int) -> list[tuple[int, int]]:
    if length <= side:
        return [(0, length)]
    count = -(-(length - overlap) // (side - overlap))
    starts = np.linspace(0, length - side, count).astype(int).tolist()
    return [(start, start + side) for start in starts]


def detect_sliced(
    find: Callable[[Window], Detections], width: int, height: int, *, side: int, overlap: int
) -> Detections:
    """Detections of a whole field from those of its slices, best first.

    Only one slice is looked at a time, so that memory is bounded by a slice, whatever the size of the field.

    Args:
        find: detections in one slice, px of that slice; it reads the pixels itself.
        width: of the field in px.
        height: likewise.
        side: of a slice in px.
        overlap: of neighbours in px, more than the largest cell; less than half of ``side``.

    Raises:
        ValueError: the slices would not move on.
    """
    if not 0 <= overlap < side / 2:
        raise ValueError(f"Slices of {side} px cannot overlap by {overlap} px.")
    boxes, scores, labels = [np.zeros((0, 4))], [np.zeros(0)], list[Label]()
    labelled = True
    for window in windows(width, height, side, overlap):
        found = find(window)
        whole = _uncut(found.boxes, window, width, height)
        boxes.append(found.boxes[whole] + np.array(window[:2] * 2, np.float64))
        scores.append(found.scores[whole])
        if found.labels is None:
            labelled = False
        else:
            labels += [found.labels[index] for index in np.flatnonzero(whole)]
    every, sure = np.concatenate(boxes), np.concatenate(scores)
    kept = _distinct(every, sure)
    return Detections(every[kept], sure[kept], tuple(labels[index] for index in kept) if labelled else None)


def _uncut(boxes: NDArray[np.float64], window: Window, width: int, height: int) -> NDArray[np.bool_]:
    """Boxes that do not touch an edge at which the slice, not the field, ends."""
    x0, y0, x1, y1 = window
    inner = np.array([x0 > 0, y0 > 0, x1 < width, y1 < height])
    distance = np.stack([boxes[:, 0], boxes[:, 1], (x1 - x0) - boxes[:, 2], (y1 - y0) - boxes[:, 3]], axis=1)
    return np.asarray(~((distance < EDGE) & inner).any(axis=1))


def _distinct(boxes: NDArray[np.float64], scores: NDArray[np.float64]) -> list[int]:
    """Indices of the boxes that stay, best first; of those that are the same cell, the best.

    Cells are looked up by the square of a grid that their middle lies in, so that time grows with the number of boxes.
    """
    if not len(boxes):
        return []
    step = max(float((boxes[:, 2:] - boxes[:, :2]).max()), 1.0)
    squares = np.floor((boxes[:, :2] + boxes[:, 2:]) / 2 / step).astype(int)
    held: dict[tuple[int, int], list[int]] = {}
    kept: list[int] = []
    for index in np.argsort(-scores, kind="stable").tolist():
        across, down = squares[index].tolist()
        near = [
            other
            for right, below in product((-1, 0, 1), repeat=2)
            for other in held.get((across + right, down + below), ())
        ]
        if near and iou([boxes[index]], boxes[near]).max() >= SAME:
            continue
        held.setdefault((across, down), []).append(index)
        kept.append(index)
    return kept
