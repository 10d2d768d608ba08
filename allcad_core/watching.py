"""A film frame by frame: the camera's picture in, steady boxes out, as fast as the machine allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core import compiled, devices
from allcad_core.detection import Detections, scale
from allcad_core.errors import ImageError
from allcad_core.ground import balance, ground_colour
from allcad_core.intervals import Proportion, wilson
from allcad_core.results import Box
from allcad_core.segmentation import segment
from allcad_core.tracking import Track, Tracker

Pixels = NDArray[np.uint8]
Find = Callable[[Pixels, float | None], Detections]
"""White cells of a balanced frame whose red cells measure so many px."""

Judge = Callable[[Pixels, Sequence[Box]], NDArray[np.float64]]
"""Blast chance of the cell in each box of a balanced frame."""

DETECTOR, CLASSIFIER = "yolo11n", "best_cell"
"""The detector's boxes are taken and its labels left: on the film of ``benchmarks.live`` it boxes blasts but calls them healthy."""
NEW, AGAIN = 2, 1
"""Cells a frame that the classifier judges: new ones, or else one that it has judged before. Bounds the time of a frame."""
COARSE = 1.25
"""The detector is told that red cells are so many times larger: it sees a film smaller than a photograph, and finds as much in it."""
LONGEST = 1280
"""px of a frame's longer side at most: what a camera sends beyond is refused, not shrunk in silence."""
GROUND_S, SCALE_S = 1.0, 8.0
"""Seconds after which ground and magnification are looked at again."""
GROUND_SHARE = 0.3
"""How much of a newly measured ground is taken over, so that brightness does not jump."""
CHANGED = 0.12
"""Share by which the magnification must differ to be taken over: the network's input keeps its size until then."""
SMALL = (160, 120)
"""Size at which the shift from frame to frame is measured, px."""
CLEAR = 0.25
"""Response of the phase correlation under which no shift is believed: pans of a generated film have 0.4 to 0.9, jumps up to 0.18."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What is known of one frame.

    Attributes:
        tracks: to be drawn, px of the frame.
        size: width, height of the frame, px.
        velocity: of the picture, x, y in px a second.
        red_cell_px: diameter of a red cell, where it is known.
        ms: milliseconds that the frame took here.
    """

    tracks: tuple[Track, ...]
    size: tuple[int, int]
    velocity: tuple[float, float]
    red_cell_px: float | None
    ms: float

    @property
    def blasts(self) -> int:
        """Tracks that look like blasts."""
        return sum(track.label == "blast" for track in self.tracks)

    @property
    def share(self) -> Proportion:
        """Of blasts among the cells that were judged, with Wilson's interval."""
        return wilson(self.blasts, self.judged)

    @property
    def judged(self) -> int:
        """Tracks that look like blasts or healthy cells."""
        return sum(track.label != "unsure" for track in self.tracks)


def detector(device: str | None = None) -> Find:
    """The shared network for films, see ``devices.choose``.

    Raises:
        ModelError: its weights are missing or damaged.
        DeviceError: no such device.
    """
    from allcad_core.detection.ultralytics import yolo

    return yolo(DETECTOR, _where(device)).detect


def classifier(device: str | None = None) -> tuple[Judge, float]:
    """The shared classifier for films and its threshold, see ``devices.choose``. Errors as ``detector``."""
    from allcad_core.analysis import cell_classifier

    served = cell_classifier(CLASSIFIER, _where(device))
    return served.probabilities, served.threshold


def _where(device: str | None) -> devices.Device:
    """Where both compute, and by what: on a CPU networks are compiled before the first frame where they can be."""
    return compiled.choose_and_make(device, None, (DETECTOR, CLASSIFIER))


def decode(jpeg: bytes) -> Pixels:
    """A camera's frame, uint8 (height, width, 3), RGB. Raises ImageError where it is none or too large."""
    raw = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) if jpeg else None
    if raw is None:
        raise ImageError("The camera sent a frame that is not a picture. Start the camera again.")
    if max(raw.shape[:2]) > LONGEST:
        raise ImageError(f"The camera sent a frame of {raw.shape[1]} x {raw.shape[0]} px; at most {LONGEST} are read.")
    return np.asarray(cv2.cvtColor(raw, cv2.COLOR_BGR2RGB), np.uint8)


class Watch:
    """Looks at one film. One a visitor; frames come one after the other.

    Args:
        find: what finds cells, see ``detector``.
        judge: what tells blasts from healthy cells, and its threshold, see ``classifier``; the detector's labels without it.
        patient: measure the magnification before going on rather than beside it, as tests and the first frame want it.
    """

    def __init__(self, find: Find, judge: tuple[Judge, float] | None = None, *, patient: bool = False) -> None:
        self._find, self._patient = find, patient
        self._judge = None if judge is None else judge[0]
        self._tracker = Tracker() if judge is None else Tracker(judge[1])
        self._aside = ThreadPoolExecutor(1, "allcad-scale")
        self._measuring: Future[float | None] | None = None
        self._red_cell: float | None = None
        self._ground: NDArray[np.float32] | None = None
        self._small: NDArray[np.float32] | None = None
        self._ground_at = self._scale_at = self._last = -np.inf

    def look(self, pixels: Pixels, at_s: float) -> Watched:
        """One frame.

        Args:
            pixels: uint8 (height, width, 3), RGB.
            at_s: when it was taken, seconds; rising from frame to frame.

        Raises:
            AllcadError: the model cannot be used.
        """
        start = perf_counter()
        height, width = pixels.shape[:2]
        balanced = balance(pixels, self._ground_of(pixels, at_s))
        self._measure(pixels, at_s)
        shift = self._shift(pixels)
        found = self._find(balanced, None if self._red_cell is None else COARSE * self._red_cell)
        if self._judge is not None:
            found = Detections(found.boxes, found.scores)
        tracks = self._tracker.update(found, at_s, (width, height), shift)
        wanting = () if self._judge is None else self._tracker.wanting(NEW, 0) or self._tracker.wanting(0, AGAIN)
        if self._judge is not None and wanting:
            chances = self._judge(balanced, [track.box for track in wanting])
            tracks = self._tracker.judge(wanting, chances.tolist())
        gap = at_s - self._last
        velocity = (shift[0] / gap, shift[1] / gap) if 0 < gap < 1 else (0.0, 0.0)
        self._last = at_s
        return Watched(tracks, (width, height), velocity, self._red_cell, 1000 * (perf_counter() - start))

    def close(self) -> None:
        """Let go of the thread."""
        self._aside.shutdown(wait=False, cancel_futures=True)

    def _ground_of(self, pixels: Pixels, at_s: float) -> NDArray[np.float32]:
        if self._ground is None or at_s - self._ground_at >= GROUND_S:
            fresh = ground_colour(pixels)
            old = fresh if self._ground is None else self._ground
            self._ground = ((1 - GROUND_SHARE) * old + GROUND_SHARE * fresh).astype(np.float32)
            self._ground_at = at_s
        return self._ground

    def _measure(self, pixels: Pixels, at_s: float) -> None:
        """Keep the magnification current; beside the film where one is known already."""
        if self._measuring is not None and self._measuring.done():
            self._take(self._measuring.result())
            self._measuring = None
        if self._measuring is None and at_s - self._scale_at >= SCALE_S:
            self._scale_at = at_s
            if self._patient or self._red_cell is None:
                self._take(_red_cell_px(pixels))
            else:
                self._measuring = self._aside.submit(_red_cell_px, pixels)

    def _take(self, measured: float | None) -> None:
        if measured is None:
            return
        if self._red_cell is None or abs(measured / self._red_cell - 1) > CHANGED:
            self._red_cell = measured

    def _shift(self, pixels: Pixels) -> tuple[float, float]:
        """How far the picture has moved since the last frame, px, by phase correlation; nothing where that is unclear."""
        small = cv2.resize(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), SMALL, interpolation=cv2.INTER_AREA)
        now, before = small.astype(np.float32), self._small
        self._small = now
        if before is None:
            return (0.0, 0.0)
        window = cv2.createHanningWindow(SMALL, cv2.CV_32F)
        (x, y), response = cv2.phaseCorrelate(before, now, window)
        if response < CLEAR:
            return (0.0, 0.0)
        return (x * pixels.shape[1] / SMALL[0], y * pixels.shape[0] / SMALL[1])


def _red_cell_px(pixels: Pixels) -> float | None:
    found = segment(pixels, "stain")
    return scale(found.red_cell_diameter, found.regions)
