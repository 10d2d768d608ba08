"""Boxes of one frame of a film tied to those of the frames before, so that they stay steady while the picture moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from allcad_core.detection.base import Detections, iou
from allcad_core.results import Box, Label

BORN, KEPT = 0.25, 0.08
"""Score from which a box begins a track, and from which it keeps one alive: between them nothing flickers."""
AT_ONCE = 0.5
"""A box of this score is shown in its first frame; a weaker one has to be seen twice."""
SAME = 0.25
"""IoU from which a box goes on with a track, after the picture's shift is taken off."""
HELD_S = 0.6
"""Seconds for which a track that nobody confirms is still shown."""
BOX_SHARE, CHANCE_SHARE = 0.6, 0.35
"""How much of a new box, and of its word on the class, a track takes over at once."""
TO_BLAST, TO_HEALTHY = 0.58, 0.42
"""Blast chance at which a track changes its class to blast, and back: between them it keeps what it was."""


@dataclass(frozen=True, slots=True)
class Track:
    """One cell over several frames.

    Attributes:
        number: its own as long as it is followed, from 1.
        box: x0, y0, x1, y1 in px of the last frame, smoothed.
        label: blast or healthy; changes only when the chance has clearly crossed one half.
        chance: of a blast, smoothed over frames, 0..1.
        score: of its last box.
        seen: in how many frames.
        last_s: when it was seen last, seconds.
    """

    number: int
    box: Box
    label: Label
    chance: float
    score: float
    seen: int
    last_s: float

    @property
    def shown(self) -> bool:
        """Whether it has been seen well or often enough to be drawn."""
        return self.seen >= 2 or self.score >= AT_ONCE


class Tracker:
    """Follows the cells of one film. One a visitor; not shared by threads."""

    def __init__(self) -> None:
        self._tracks: list[Track] = []
        self._next = 1

    def update(
        self, found: Detections, at_s: float, size: tuple[int, int], shift: tuple[float, float] = (0.0, 0.0)
    ) -> tuple[Track, ...]:
        """Take in one frame.

        Args:
            found: its boxes with labels, at every score.
            at_s: when it was taken, seconds; rising from frame to frame.
            size: width, height of the frame in px.
            shift: how far the picture has moved since the last frame, x, y in px.

        Returns:
            What is to be drawn over this frame, oldest first.
        """
        moved = [_moved(track, shift) for track in self._tracks]
        usable = np.flatnonzero(found.scores >= KEPT)
        boxes, scores = found.boxes[usable], found.scores[usable]
        chances = _chances(found, usable)
        pairs = _pairs([track.box for track in moved], boxes, scores)
        kept = [
            _confirmed(track, boxes[pairs[index]], float(scores[pairs[index]]), float(chances[pairs[index]]), at_s)
            if index in pairs
            else track
            for index, track in enumerate(moved)
        ]
        taken = set(pairs.values())
        for index in range(len(boxes)):
            if index not in taken and scores[index] >= BORN and not _covered(boxes[index], kept):
                kept.append(self._begun(boxes[index], float(scores[index]), float(chances[index]), at_s))
        self._tracks = [track for track in kept if at_s - track.last_s <= HELD_S and _inside(track.box, size)]
        return tuple(track for track in self._tracks if track.shown)

    def _begun(self, box: NDArray[np.float64], score: float, chance: float, at_s: float) -> Track:
        number, self._next = self._next, self._next + 1
        return Track(number, _plain(box), "blast" if chance >= 0.5 else "healthy", chance, score, 1, at_s)


def _chances(found: Detections, usable: NDArray[np.intp]) -> NDArray[np.float64]:
    """Blast chance of each box: its score for a blast, one minus that for a healthy cell, kept off the other side."""
    if found.labels is None:
        return np.full(len(usable), 0.5)
    blast = np.array([found.labels[index] == "blast" for index in usable], bool)
    scores = 0.5 + found.scores[usable] / 2
    return np.where(blast, scores, 1 - scores)


def _pairs(tracks: Sequence[Box], boxes: NDArray[np.float64], scores: NDArray[np.float64]) -> dict[int, int]:
    """Which box goes on with which track: the assignment with the largest sum of IoU, sure boxes first among equals."""
    if not tracks or not len(boxes):
        return {}
    from scipy.optimize import linear_sum_assignment

    overlap = iou(tracks, boxes)
    worth = np.where(overlap >= SAME, overlap + 0.1 * scores, 0.0)
    rows, columns = linear_sum_assignment(worth, maximize=True)
    return {int(row): int(column) for row, column in zip(rows, columns, strict=True) if overlap[row, column] >= SAME}


def _covered(box: NDArray[np.float64], tracks: Sequence[Track]) -> bool:
    """Whether a track stands there already, so that a second box on one cell begins none."""
    return bool(tracks) and bool(iou([box], [track.box for track in tracks]).max() >= 0.5)


def _confirmed(track: Track, box: NDArray[np.float64], score: float, chance: float, at_s: float) -> Track:
    smoothed = (1 - BOX_SHARE) * np.asarray(track.box) + BOX_SHARE * box
    now = (1 - CHANCE_SHARE) * track.chance + CHANCE_SHARE * chance
    label: Label = "blast" if now >= TO_BLAST else "healthy" if now <= TO_HEALTHY else track.label
    return replace(track, box=_plain(smoothed), label=label, chance=now, score=score, seen=track.seen + 1, last_s=at_s)


def _moved(track: Track, shift: tuple[float, float]) -> Track:
    x, y = shift
    x0, y0, x1, y1 = track.box
    return replace(track, box=(x0 + x, y0 + y, x1 + x, y1 + y))


def _inside(box: Box, size: tuple[int, int]) -> bool:
    """Whether the middle of a box lies in the frame."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return 0 <= x < size[0] and 0 <= y < size[1]


def _plain(box: NDArray[np.float64]) -> Box:
    x0, y0, x1, y1 = np.asarray(box, float).tolist()
    return (x0, y0, x1, y1)
