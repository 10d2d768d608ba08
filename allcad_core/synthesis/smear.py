"""A generated smear: any window of it on demand, the same pixels whichever window they are asked for in."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from allcad_core.results import Box, Label
from allcad_core.synthesis import overlays, red_cells
from allcad_core.synthesis.camera import Camera, Pixels, Window
from allcad_core.synthesis.layout import Bank, Placed, lay_out
from allcad_core.synthesis.outlines import MOST_REACH_UM
from allcad_core.synthesis.patches import HAEMOGLOBIN, SUBSTANCES, Patch
from allcad_core.synthesis.scene import Kind, Scene
from allcad_core.synthesis.smudges import smudge
from allcad_core.synthesis.textures import Plane
from allcad_core.synthesis.white_cells import white_cell

Labels = np.ndarray[Any, np.dtype[np.int32]]

KEPT_PATCHES = 128
"""White cells kept painted; others are painted again when a window shows them. Bounds the memory of slides."""

SEEN_AT_LEAST = 12
"""Pixels of a cell that must show in the picture for it to count."""


@dataclass(frozen=True, slots=True)
class GeneratedCell:
    """A white cell and the truth about it.

    Attributes:
        box: x0, y0, x1, y1 around its visible pixels; x1 and y1 are past the last pixel.
        kind: ``blast``, ``lymphocyte``, ``neutrophil``, ``monocyte`` or ``eosinophil``.
        label: ``blast`` or ``healthy``.
        number: its value in the instance masks, from 1.
    """

    box: Box
    kind: Kind
    label: Label
    number: int


class Smear:
    """One smear, laid out at once and painted window by window.

    Args:
        scene: what it shows.
        size: width, height in pixels.
        seed: the same seed, size and scene give the same smear.
    """

    def __init__(self, scene: Scene, size: tuple[int, int], seed: int) -> None:
        self.scene, self.size, self.seed = scene, size, seed
        self.layout = lay_out(scene, size, seed)
        self.camera = Camera(scene, size, seed)
        streams = [np.random.default_rng([seed, 5, number]) for number in range(3)]
        self._red = red_cells.red_bank(scene, streams[0])
        self._platelets = red_cells.platelet_bank(scene, streams[1])
        self._debris = red_cells.debris_bank(scene, streams[2])
        self._painted: OrderedDict[tuple[bool, int], Patch] = OrderedDict()
        reach = scene.pixels(MOST_REACH_UM) + scene.blur_reach + 2
        self._smudge_places = _Places(self.layout.smudges, reach)
        self._white_places = _Places(self.layout.white, reach)

    def pixels(self, window: Window) -> Pixels:
        """uint8 (height, width, 3), RGB, of a window that lies inside the smear."""
        halo = self.camera.halo
        x0, y0, x1, y1 = window
        substances = self._substances((x0 - halo, y0 - halo, x1 + halo, y1 + halo))
        # lens and rim of two red cells lying on each other: they flatten, the light sees a little less than the sum
        red = substances[HAEMOGLOBIN]
        red -= np.float32(0.68) * np.maximum(red - np.float32(1.0), 0)
        matrix = self.scene.stain.matrix(self.scene.stain_strength)
        density = _mixed(matrix, substances)
        picture = self.camera.expose(density, window)
        for drawing in self._drawings:
            overlays.paint(drawing, picture, window)
        return picture

    def masks(self, window: Window) -> tuple[Labels, Labels]:
        """Instance masks of nuclei and of bodies (nucleus and cytoplasm), int32 (height, width); 0 is no white cell."""
        x0, y0, x1, y1 = window
        nuclei = np.zeros((y1 - y0, x1 - x0), np.int32)
        bodies = np.zeros_like(nuclei)
        numbers = self._numbers
        for index in self._white_places.in_window(window):
            patch = self._patch(index, crushed=False)
            assert patch.body is not None
            assert patch.nucleus is not None
            place = self.layout.white[index]
            inner, outer = _overlap(place.x, place.y, patch.half, window)
            body, nucleus = patch.body[inner], patch.nucleus[inner]
            bodies[outer][body] = numbers[index]
            nuclei[outer][body] = 0
            nuclei[outer][nucleus & body] = numbers[index]
        return nuclei, bodies

    @cached_property
    def cells(self) -> tuple[GeneratedCell, ...]:
        """The white cells that can be seen, in order of their numbers."""
        found = []
        for index, number in enumerate(self._numbers):
            if number:
                kind = self.layout.white[index].kind
                assert kind is not None
                found.append(GeneratedCell(self._boxes[index], kind, "blast" if kind == "blast" else "healthy", number))
        return tuple(found)

    @cached_property
    def _numbers(self) -> list[int]:
        """Number in the masks of each white cell of the layout; 0 where too little of it shows."""
        numbers, last = [], 0
        for box in self._boxes:
            last += box != (0.0, 0.0, 0.0, 0.0)
            numbers.append(last if box != (0.0, 0.0, 0.0, 0.0) else 0)
        return numbers

    @cached_property
    def _boxes(self) -> list[Box]:
        """Tight box of each white cell's visible part, all zeros where too little shows."""
        boxes: list[Box] = []
        for index, place in enumerate(self.layout.white):
            patch = self._patch(index, crushed=False)
            body = patch.body
            assert body is not None
            seen = body.copy()
            frame = (place.x - patch.half, place.y - patch.half, place.x + patch.half + 1, place.y + patch.half + 1)
            for other in self._white_places.in_window(frame):
                if other > index:
                    self._hide(seen, other, frame)
            x0, y0 = max(0, -frame[0]), max(0, -frame[1])
            seen[:y0], seen[:, :x0] = False, False
            seen[max(0, self.size[1] - frame[1]) :], seen[:, max(0, self.size[0] - frame[0]) :] = False, False
            rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
            if int(seen.sum()) < SEEN_AT_LEAST:
                boxes.append((0.0, 0.0, 0.0, 0.0))
                continue
            left, top = frame[0], frame[1]
            box = (left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1)
            boxes.append((float(box[0]), float(box[1]), float(box[2]), float(box[3])))
        return boxes

    def _hide(self, seen: np.ndarray[Any, np.dtype[np.bool_]], other: int, frame: Window) -> None:
        """Take what a cell above covers out of ``seen``."""
        above, place = self._patch(other, crushed=False), self.layout.white[other]
        assert above.body is not None
        inner, outer = _overlap(place.x, place.y, above.half, frame)
        seen[outer] &= ~above.body[inner]

    @cached_property
    def _drawings(self) -> tuple[overlays.Drawing, ...]:
        return overlays.drawings(self.scene, self.size, self.layout.white, self.seed)

    def _substances(self, window: Window) -> Plane:
        """How much of each substance lies over each pixel, float32 (4, height, width)."""
        x0, y0, x1, y1 = window
        total = np.zeros((SUBSTANCES, y1 - y0, x1 - x0), np.float32)
        self._add(total, self.layout.debris, self._debris, window)
        self._add(total, self.layout.red, self._red, window)
        for index in self._smudge_places.in_window(window):
            self._cover(total, self._patch(index, crushed=True), self.layout.smudges[index], window)
        self._add(total, self.layout.platelets, self._platelets, window)
        for index in self._white_places.in_window(window):
            self._cover(total, self._patch(index, crushed=False), self.layout.white[index], window)
        return total

    @staticmethod
    def _add(total: Plane, things: Bank, bank: Sequence[Patch], window: Window) -> None:
        """Lay the things of a bank on the glass; light passes all of them."""
        x0, y0, x1, y1 = window
        reach = max(patch.half for patch in bank) + 1
        near = (things.x > x0 - reach) & (things.x < x1 + reach) & (things.y > y0 - reach) & (things.y < y1 + reach)
        for index in np.flatnonzero(near):
            patch = bank[int(things.variant[index])]
            planes = red_cells.oriented(patch.substances, int(things.orientation[index]))
            inner, outer = _overlap(int(things.x[index]), int(things.y[index]), patch.half, window)
            total[: len(planes)][:, *outer] += planes[:, *inner]

    @staticmethod
    def _cover(total: Plane, patch: Patch, place: Placed, window: Window) -> None:
        """Lay a cell on the glass that hides what lies below."""
        inner, outer = _overlap(place.x, place.y, patch.half, window)
        below = total[:, *outer]
        if patch.cover is not None:
            below *= 1 - patch.cover[inner]
        below += patch.substances[:, *inner]

    def _patch(self, index: int, *, crushed: bool) -> Patch:
        """A white or crushed cell, painted from a seed of its own, kept while it is among the last ones used."""
        key = (crushed, index)
        if key in self._painted:
            self._painted.move_to_end(key)
            return self._painted[key]
        rng = np.random.default_rng([self.seed, 6, int(crushed), index])
        if crushed:
            patch = smudge(self.layout.smudges[index].radius_um, self.scene, rng)
        else:
            place = self.layout.white[index]
            assert place.kind is not None
            patch = white_cell(place.kind, place.radius_um, self.scene, rng)
        self._painted[key] = patch
        if len(self._painted) > KEPT_PATCHES:
            self._painted.popitem(last=False)
        return patch


class _Places:
    """Which of many placed cells may show in a window."""

    def __init__(self, cells: Sequence[Placed], reach: float) -> None:
        self._x = np.array([cell.x for cell in cells], np.int64)
        self._y = np.array([cell.y for cell in cells], np.int64)
        self._reach = reach

    def in_window(self, window: Window) -> list[int]:
        x0, y0, x1, y1 = window
        reach = self._reach
        near = (self._x > x0 - reach) & (self._x < x1 + reach) & (self._y > y0 - reach) & (self._y < y1 + reach)
        return [int(index) for index in np.flatnonzero(near)]


def _overlap(x: int, y: int, half: int, window: Window) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Rows and columns of a patch around (x, y) that lie in the window, and where in the window they lie."""
    x0, y0, x1, y1 = window
    left, top = max(x - half, x0), max(y - half, y0)
    right, bottom = max(min(x + half + 1, x1), left), max(min(y + half + 1, y1), top)
    inner = (slice(top - y + half, bottom - y + half), slice(left - x + half, right - x + half))
    return inner, (slice(top - y0, bottom - y0), slice(left - x0, right - x0))


def _mixed(matrix: Plane, substances: Plane) -> Plane:
    """Optical density of red, green, blue, float32 (3, height, width); sums in one order at every pixel."""
    out = np.empty((3, *substances.shape[1:]), np.float32)
    for channel in range(3):
        np.multiply(substances[0], matrix[channel, 0], out=out[channel])
        for index in range(1, SUBSTANCES):
            out[channel] += substances[index] * matrix[channel, index]
    return out
