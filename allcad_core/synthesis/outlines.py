"""Outlines of cells and nuclei: signed distances on a small patch, positive inside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allcad_core.synthesis.scene import Scene
from allcad_core.synthesis.textures import Plane, grain

STEPS = 720
"""Directions for which an outline's radius is kept."""

MOST_REACH_UM = 24.0
"""Nothing reaches further from its middle in focus, micrometres. Windows of a smear look this far around them."""

_ANGLES = np.linspace(0.0, 2.0 * np.pi, STEPS, endpoint=False)


@dataclass(frozen=True, eq=False)
class Grid:
    """Coordinates of a patch whose middle is (0, 0). ``x``, ``y``: float32 (side, side), pixels."""

    x: Plane
    y: Plane

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.x.shape[0], self.x.shape[1]


def grid(half: int) -> Grid:
    """A patch of ``2 * half + 1`` pixels a side."""
    axis = np.arange(-half, half + 1, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    return Grid(x, y)


@dataclass(frozen=True, eq=False)
class Canvas:
    """What a cell is drawn on and with.

    Attributes:
        at: coordinates of its patch.
        micro: pixels per micrometre.
        rng: all chance comes from here.
    """

    at: Grid
    micro: float
    rng: np.random.Generator

    def grain(self, micrometres: float) -> Plane:
        """Noise of unit variance over the patch, its blobs about ``micrometres`` wide."""
        return grain(self.rng, self.at.shape, micrometres * self.micro)


def canvas(reach: float, scene: Scene, rng: np.random.Generator) -> Canvas:
    """A canvas for something that reaches ``reach`` pixels from its middle, with room for its blur."""
    return Canvas(grid(int(min(reach, scene.pixels(MOST_REACH_UM)) + scene.blur_reach)), scene.magnification, rng)


def round_outline(
    rng: np.random.Generator, radius: float, *, elongation: float = 0.0, waviness: float = 0.0, facets: int = 0
) -> Plane:
    """Radius in each direction, float32 (STEPS,), of a roundish outline.

    Args:
        rng: shapes it.
        radius: mean radius, pixels.
        elongation: share by which the long axis exceeds the mean.
        waviness: relative size of the bumps.
        facets: number of sides flattened by neighbours.
    """
    turn = rng.uniform(0, 2 * np.pi, 8)
    form = 1.0 + elongation * np.cos(2 * (_ANGLES - turn[0]))
    for wave in range(3, 8):
        form += waviness * rng.normal() * 1.6 / (wave - 1) * np.cos(wave * (_ANGLES - turn[wave]))
    for _ in range(facets):
        towards = np.cos(_ANGLES - rng.uniform(0, 2 * np.pi))
        side = rng.uniform(0.78, 0.95)
        form = np.where(towards > 0.25, np.minimum(form, side / np.maximum(towards, 0.25)), form)
    kernel = np.hanning(31)
    form = np.convolve(np.concatenate([form[-15:], form, form[:15]]), kernel / kernel.sum(), "valid")
    return np.asarray(radius * form / np.sqrt(np.mean(form**2)), np.float32)


def with_tail(outline: Plane, rng: np.random.Generator, length: float, width: float = 0.3) -> Plane:
    """The outline with one drawn-out tip; ``length`` as a share of the radius, ``width`` in radians."""
    away = np.abs((_ANGLES - rng.uniform(0, 2 * np.pi) + np.pi) % (2 * np.pi) - np.pi)
    return np.asarray(outline * (1.0 + length * np.exp(-away / width)), np.float32)


def depth(outline: Plane, at: Grid, centre: tuple[float, float] = (0.0, 0.0)) -> Plane:
    """Distance from the outline, pixels, positive inside (measured along the ray from the centre)."""
    x, y = at.x - np.float32(centre[0]), at.y - np.float32(centre[1])
    direction = np.arctan2(y, x) * np.float32(STEPS / (2 * np.pi))
    index = direction.astype(np.int32) % STEPS
    return np.asarray(outline[index] - np.hypot(x, y), np.float32)


def disc(at: Grid, centre: tuple[float, float], radius: float, squeeze: float = 1.0, turn: float = 0.0) -> Plane:
    """Depth in an ellipse of mean ``radius`` whose axes have the ratio ``squeeze``."""
    x, y = at.x - np.float32(centre[0]), at.y - np.float32(centre[1])
    along = x * np.float32(np.cos(turn)) + y * np.float32(np.sin(turn))
    across = y * np.float32(np.cos(turn)) - x * np.float32(np.sin(turn))
    stretch = np.float32(np.sqrt(squeeze))
    return np.asarray(np.float32(radius) - np.hypot(along / stretch, across * stretch), np.float32)


def bridge(at: Grid, start: tuple[float, float], end: tuple[float, float], radius: float) -> Plane:
    """Depth in a capsule from ``start`` to ``end``."""
    step = np.asarray(end, np.float32) - np.asarray(start, np.float32)
    square = float(step @ step) or 1.0
    x, y = at.x - np.float32(start[0]), at.y - np.float32(start[1])
    share = np.clip((x * step[0] + y * step[1]) / np.float32(square), 0, 1)
    return np.asarray(np.float32(radius) - np.hypot(x - share * step[0], y - share * step[1]), np.float32)


def union(first: Plane, second: Plane, blend: float) -> Plane:
    """Depth in either shape, with a fillet of ``blend`` pixels between them."""
    near = np.clip(0.5 + (first - second) / np.float32(2 * blend), 0, 1)
    return np.asarray(second + (first - second) * near + np.float32(blend) * near * (1 - near), np.float32)


def without(first: Plane, second: Plane, blend: float) -> Plane:
    """Depth in the first shape where the second is not."""
    return -union(-first, second, blend)


def filled(inside: Plane, edge: float) -> Plane:
    """How much of each pixel the shape covers, 0..1, with a rim of ``edge`` pixels."""
    share = np.clip(inside / np.float32(2 * edge) + np.float32(0.5), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)
