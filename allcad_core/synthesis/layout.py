"""Where everything lies on the glass: positions of cells for a whole smear, before a pixel is painted.

Small beside the picture: about 60 bytes a cell, 5 MB for a slide of 20,000 x 20,000 pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from allcad_core.synthesis.red_cells import ORIENTATIONS, RED_VARIANTS, SMALL_VARIANTS
from allcad_core.synthesis.scene import HEALTHY_KINDS, RED_CELL_UM, Kind, Scene
from allcad_core.synthesis.white_cells import draw_radius

Integers = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float64]]

ROUNDS = 40
"""How often overlapping red cells are pushed apart."""

TRIES = 60
"""Places tried for a white cell before it is left lying on another one."""


@dataclass(frozen=True, eq=False)
class Bank:
    """Objects drawn from a bank: ``x``, ``y`` of the middle, ``variant`` and ``orientation``; int64 (n,) each."""

    x: Integers
    y: Integers
    variant: Integers
    orientation: Integers


@dataclass(frozen=True, slots=True)
class Placed:
    """A cell painted for its own sake: its kind (``None``: smudge), middle in pixels, radius in micrometres."""

    kind: Kind | None
    x: int
    y: int
    radius_um: float


@dataclass(frozen=True, eq=False)
class Layout:
    """Everything on the glass, from below to above."""

    debris: Bank
    red: Bank
    platelets: Bank
    smudges: tuple[Placed, ...]
    white: tuple[Placed, ...]


def lay_out(scene: Scene, size: tuple[int, int], seed: int) -> Layout:
    """Place everything of a smear of ``size`` (width, height) pixels."""
    streams = [np.random.default_rng([seed, 2, number]) for number in range(5)]
    white = _white(scene, size, streams[0])
    smudges = _smudges(scene, size, white, streams[1])
    obstacles = _circles((*white, *smudges), scene)
    red = _red(scene, size, obstacles, streams[2])
    under = np.column_stack([red.x, red.y, np.full(len(red.x), scene.pixels(RED_CELL_UM / 2))])
    platelets = _scattered(
        scene.expected(scene.platelet_density, *size), size, streams[3], [(_circles(white, scene), 0.0), (under, 0.12)]
    )
    debris = _scattered(scene.expected(scene.debris_density, *size), size, streams[4], [])
    return Layout(debris, red, platelets, smudges, white)


def _circles(cells: tuple[Placed, ...], scene: Scene) -> Floats:
    """x, y, radius in pixels of each cell, float64 (n, 3)."""
    return np.array([(c.x, c.y, scene.pixels(c.radius_um)) for c in cells], np.float64).reshape(-1, 3)


def _kinds(scene: Scene, count: int, rng: np.random.Generator) -> list[Kind]:
    """Kinds of ``count`` white cells in random order, with exactly the share of blasts asked for."""
    blasts = round(scene.blast_fraction * count)
    shares = np.asarray(scene.mix) / sum(scene.mix)
    healthy = rng.choice(len(HEALTHY_KINDS), count - blasts, p=shares)
    kinds: list[Kind] = ["blast" for _ in range(blasts)]
    kinds += [HEALTHY_KINDS[index] for index in healthy]
    return [kinds[index] for index in rng.permutation(count)]


def _white(scene: Scene, size: tuple[int, int], rng: np.random.Generator) -> tuple[Placed, ...]:
    if scene.white_density == 0:
        return ()
    count = max(1, round(scene.expected(scene.white_density, *size)))
    table = _Table(scene, size, rng)
    for kind in _kinds(scene, count, rng):
        table.add(kind)
    return tuple(table.placed)


class _Table:
    """White cells find their places one after the other; buckets keep the search among neighbours."""

    def __init__(self, scene: Scene, size: tuple[int, int], rng: np.random.Generator) -> None:
        self._scene, self._size, self._rng = scene, size, rng
        self.placed: list[Placed] = []
        self._buckets: dict[tuple[int, int], list[tuple[float, float, float]]] = {}
        self._bucket = scene.pixels(18.5)

    def add(self, kind: Kind) -> None:
        """Place a cell where it is free; where nothing is, where it overlaps least."""
        radius_um = draw_radius(kind, self._rng)
        radius = self._scene.pixels(radius_um)
        beside = bool(self.placed) and self._rng.random() < self._scene.clustering
        best, best_gap = (self._size[0] / 2, self._size[1] / 2), -np.inf
        for _ in range(TRIES):
            place = self._beside(radius) if beside else self._anywhere(radius)
            if place is None:
                continue
            gap = self._gap(place, radius)
            if gap > best_gap:
                best, best_gap = place, gap
            if gap >= (0 if beside else 0.12 * radius):
                break
        self.placed.append(Placed(kind, int(best[0]), int(best[1]), radius_um))
        self._buckets.setdefault(self._key(best), []).append((*best, radius))

    def _key(self, place: tuple[float, float]) -> tuple[int, int]:
        return int(place[0] // self._bucket), int(place[1] // self._bucket)

    def _margins(self, radius: float) -> list[float]:
        """A cell's middle lies at least a third of its radius inside the picture."""
        return [min(radius / 3, side / 2 - 1) for side in self._size]

    def _anywhere(self, radius: float) -> tuple[float, float]:
        edges = zip(self._margins(radius), self._size, strict=True)
        x, y = (float(self._rng.uniform(edge, side - edge)) for edge, side in edges)
        return x, y

    def _beside(self, radius: float) -> tuple[float, float] | None:
        mate = self.placed[int(self._rng.integers(len(self.placed)))]
        angle = self._rng.uniform(0, 2 * np.pi)
        away = (radius + self._scene.pixels(mate.radius_um)) * self._rng.uniform(0.97, 1.04)
        place = (float(mate.x + away * np.cos(angle)), float(mate.y + away * np.sin(angle)))
        edges = zip(place, self._margins(radius), self._size, strict=True)
        return place if all(edge <= at < side - edge for at, edge, side in edges) else None

    def _gap(self, place: tuple[float, float], radius: float) -> float:
        """Pixels between a cell there and the nearest one; below 0 where they overlap."""
        column, row = self._key(place)
        around = (self._buckets.get((column + i, row + j), ()) for i in (-1, 0, 1) for j in (-1, 0, 1))
        gaps = (
            float(np.hypot(place[0] - x, place[1] - y)) - 0.965 * (radius + other)
            for bucket in around
            for x, y, other in bucket
        )
        return min(gaps, default=float("inf"))


def _smudges(
    scene: Scene, size: tuple[int, int], white: tuple[Placed, ...], rng: np.random.Generator
) -> tuple[Placed, ...]:
    """Crushed cells, clear of the white cells so that no label stands on a smear of chromatin."""
    taken = _circles(white, scene)
    found = []
    for _ in range(int(rng.poisson(scene.expected(scene.smudge_density, *size)))):
        radius = rng.uniform(5.5, 10.0)
        for _try in range(TRIES):
            x, y = rng.uniform(0, size[0]), rng.uniform(0, size[1])
            away = np.hypot(taken[:, 0] - x, taken[:, 1] - y)
            if np.all(away > taken[:, 2] + 1.35 * scene.pixels(radius)):
                found.append(Placed(None, int(x), int(y), float(radius)))
                break
    return tuple(found)


def _red(scene: Scene, size: tuple[int, int], obstacles: Floats, rng: np.random.Generator) -> Bank:
    """Red cells: single ones and short rouleaux, pushed apart until they lie side by side."""
    radius = scene.pixels(RED_CELL_UM / 2)
    low, extent = np.full(2, -1.5 * radius), np.asarray(size) + 3 * radius
    count = round(scene.red_coverage * float(np.prod(extent)) / (np.pi * radius**2))
    if count == 0:
        return _bank(np.zeros((0, 2)), RED_VARIANTS, rng)
    # cells that lie on the one before them form a group that moves as one
    follows = rng.random(count) < scene.overlap * 0.75
    follows[0] = False
    group = np.cumsum(~follows) - 1
    angle, away = rng.uniform(0, 2 * np.pi, count), rng.uniform(0.9, 1.8, count) * radius
    step = np.stack([away * np.cos(angle), away * np.sin(angle)], axis=1) * follows[:, None]
    walk = np.cumsum(step, axis=0)
    first = np.flatnonzero(~follows)
    points = low + (_spread(len(first), extent, rng) * extent)[group] + walk - walk[first][group]
    points = _pushed_apart(points, group, radius, obstacles, rng.uniform(0.98, 1.28, count) * radius)
    return _bank(points, RED_VARIANTS, rng)


def _spread(count: int, extent: Floats, rng: np.random.Generator) -> Floats:
    """Points over the unit square, more even than chance: one in each of ``count`` fields of a grid, jittered."""
    columns = int(np.ceil(np.sqrt(count * extent[0] / extent[1])))
    rows = int(np.ceil(count / columns))
    chosen = rng.permutation(columns * rows)[:count]
    places = np.stack([chosen % columns, chosen // columns], axis=1) + rng.uniform(-0.35, 1.35, (count, 2))
    return np.asarray(places / (columns, rows) % 1.0)


def _pushed_apart(points: Floats, group: Integers, radius: float, obstacles: Floats, room: Floats) -> Floats:
    """Move groups until few cells of different groups overlap, and none lies under a white cell.

    ``room`` is the radius each cell claims: some touch their neighbours, others keep a distance.
    """
    from scipy.spatial import cKDTree

    members = np.bincount(group)
    for _ in range(ROUNDS):
        tree = cKDTree(points)
        pairs = tree.query_pairs(2 * float(room.max()), output_type="ndarray")
        pairs = pairs[group[pairs[:, 0]] != group[pairs[:, 1]]]
        move = np.zeros_like(points)
        if len(pairs):
            order = np.lexsort((pairs[:, 1], pairs[:, 0]))
            first, second = pairs[order].T
            between = points[first] - points[second]
            distance = np.maximum(np.hypot(*between.T), 1e-6)
            missing = np.maximum(room[first] + room[second] - distance, 0)
            push = between * (missing / distance * 0.5)[:, None]
            for axis in (0, 1):
                move[:, axis] += np.bincount(first, push[:, axis], len(points))
                move[:, axis] -= np.bincount(second, push[:, axis], len(points))
        for x, y, own in obstacles:
            near = np.array(tree.query_ball_point((x, y), own + radius), np.int64)
            if len(near):
                between = points[near] - (x, y)
                distance = np.maximum(np.hypot(*between.T), 1e-6)
                move[near] += between * ((own + radius - distance) / distance)[:, None]
        moved = np.stack([np.bincount(group, move[:, axis]) / members for axis in (0, 1)], axis=1)
        points = points + np.clip(moved, -radius, radius)[group]
    if not len(obstacles):
        return points
    buried = cKDTree(obstacles[:, :2]).query(points)
    return np.asarray(points[buried[0] > 0.75 * obstacles[buried[1], 2]])


def _scattered(
    expected: float, size: tuple[int, int], rng: np.random.Generator, avoided: list[tuple[Floats, float]]
) -> Bank:
    """Small things anywhere; of those that fall on ``avoided`` circles a share stays."""
    from scipy.spatial import cKDTree

    points = rng.random((int(rng.poisson(expected)), 2)) * size
    for circles, share in avoided:
        if len(circles) and len(points):
            away, nearest = cKDTree(circles[:, :2]).query(points)
            stays = rng.random(len(points)) < share
            points = points[(away > 1.15 * circles[nearest, 2]) | stays]
    return _bank(points, SMALL_VARIANTS, rng)


def _bank(points: Floats, variants: int, rng: np.random.Generator) -> Bank:
    x, y = np.floor(points).astype(np.int64).T
    return Bank(x, y, rng.integers(0, variants, len(x)), rng.integers(0, ORIENTATIONS, len(x)))
