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
LEAN = 0.08
"""By how much a blast chance must pass the threshold for a track to change its class: within it, it keeps what it was."""


@dataclass(frozen=True, slots=True)
class Track:
    """One cell over several frames.

    Attributes:
        number: its own as long as it is followed, from 1.
        box: x0, y0, x1, y1 in px of the last frame, smoothed.
        label: blast or healthy, unsure before anybody judged it; changes only when the chance has clearly crossed.
        chance: of a blast, smoothed over frames, 0..1.
        score: of its last box.
        seen: in how many frames.
        last_s: when it was seen last, seconds.
        judged_s: when a classifier judged it last, seconds; ``None`` before that.
    """

    number: int
    box: Box
    label: Label
    chance: float
    score: float
    seen: int
    last_s: float
    judged_s: float | None = None

    @property
    def shown(self) -> bool:
        """Whether it has been seen well or often enough to be drawn."""
        return self.seen >= 2 or self.score >= AT_ONCE


class Tracker:
    """Follows the cells of one film. One a visitor; not shared by threads.

    Args:
        threshold: chance from which a cell is a blast.
    """

    def __init__(self, threshold: float = 0.5) -> None:
        self._threshold = threshold
        self._tracks: list[Track] = []
        self._next = 1

    def update(
        self, found: Detections, at_s: float, size: tuple[int, int], shift: tuple[float, float] = (0.0, 0.0)
    ) -> tuple[Track, ...]:
        """Take in one frame.

        Args:
            found: its boxes at every score, with labels or without.
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
            _confirmed(
                track,
                boxes[pairs[index]],
                float(scores[pairs[index]]),
                float(chances[pairs[index]]),
                at_s,
                self._threshold,
            )
            if index in pairs
            else track
            for index, track in enumerate(moved)
        ]
        taken = set(pairs.values())
        for index in range(len(boxes)):
            if index not in taken and scores[index] >= BORN and not _covered(boxes[index], kept):
                kept.append(self._begun(boxes[index], float(scores[index]), float(chances[index]), at_s))
        self._tracks = [track for track in kept if at_s - track.last_s <= HELD_S and _inside(track.box, size)]
        return self.shown

    @property
    def shown(self) -> tuple[Track, ...]:
        """What is to be drawn, oldest first."""
        return tuple(track for track in self._tracks if track.shown)

    def wanting(self, new: int, again: int) -> tuple[Track, ...]:
        """Tracks of the last frame that a classifier should judge now: ``new`` ones first, then those judged longest ago."""
        now = max((track.last_s for track in self._tracks), default=0.0)
        current = [track for track in self.shown if track.last_s == now]
        unknown = sorted((track for track in current if track.judged_s is None), key=lambda track: -track.score)
        known = sorted(
            (track for track in current if track.judged_s is not None), key=lambda track: track.judged_s or 0
        )
        return (*unknown[:new], *known[:again])

    def judge(self, tracks: Sequence[Track], chances: Sequence[float]) -> tuple[Track, ...]:
        """Take in what a classifier says of some tracks.

        Args:
            tracks: of the last frame.
            chances: of a blast, one each.

        Returns:
            What is to be drawn, oldest first.
        """
        told = {track.number: float(chance) for track, chance in zip(tracks, chances, strict=True)}
        self._tracks = [
            _judged(track, told[track.number], self._threshold) if track.number in told else track
            for track in self._tracks
        ]
        return self.shown

    def _begun(self, box: NDArray[np.float64], score: float, chance: float, at_s: float) -> Track:
        number, self._next = self._next, self._next + 1
        begun = Track(number, _plain(box), "unsure", 0.5, score, 1, at_s)
        return begun if np.isnan(chance) else replace(_judged(begun, chance, self._threshold), judged_s=None)


def _chances(found: Detections, usable: NDArray[np.intp]) -> NDArray[np.float64]:
    """Blast chance of each box: from one half up for a blast, down for a healthy cell; not a number without labels."""
    if found.labels is None:
        return np.full(len(usable), np.nan)
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


def _confirmed(
    track: Track, box: NDArray[np.float64], score: float, chance: float, at_s: float, threshold: float
) -> Track:
    smoothed = (1 - BOX_SHARE) * np.asarray(track.box) + BOX_SHARE * box
    seen = replace(track, box=_plain(smoothed), score=score, seen=track.seen + 1, last_s=at_s)
    return seen if np.isnan(chance) else replace(_judged(seen, chance, threshold), judged_s=track.judged_s)


def _judged(track: Track, chance: float, threshold: float) -> Track:
    """With one more opinion: the first one counts whole, later ones in part."""
    if track.label == "unsure":
        now = chance
        label: Label = "blast" if now >= threshold else "healthy"
    else:
        now = (1 - CHANCE_SHARE) * track.chance + CHANCE_SHARE * chance
        label = "blast" if now >= threshold + LEAN else "healthy" if now <= threshold - LEAN else track.label
    return replace(track, chance=now, label=label, judged_s=track.last_s)


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
