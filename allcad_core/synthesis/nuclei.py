"""Nuclei: their outline within a cell and the pattern of their chromatin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from allcad_core.synthesis import outlines
from allcad_core.synthesis.outlines import Canvas
from allcad_core.synthesis.textures import Plane

MARGIN_UM = 0.15
"""Cytoplasm that is left at least between a nucleus and the outline of its cell, micrometres."""

STRETCH = {"blast": 0.075, "lymphocyte": 0.085}
"""Standard deviation of the elongation of a round nucleus within its cell."""
DENTED = {"blast": 0.6, "lymphocyte": 0.2}
"""Share of round nuclei with a cleft or a dent."""


@dataclass(frozen=True, eq=False)
class Nucleus:
    """A nucleus on its canvas, each plane float32 (side, side).

    Attributes:
        inside: depth in the nucleus, pixels.
        chromatin: its density, about 1.
        clumps: how much denser than on average its pattern is, apart from how thick the nucleus lies there.
    """

    inside: Plane
    chromatin: Plane
    clumps: Plane


def oval(canvas: Canvas, outline: Plane, body: Plane, *, share: float, blast: bool) -> Nucleus:
    """A roundish nucleus that follows the form of its cell.

    Args:
        canvas: to draw on.
        outline: of the cell, see ``outlines``, pixels.
        body: depth in the cell; the nucleus stays inside.
        share: nucleus-to-cell ratio of areas.
        blast: fine chromatin with nucleoli; otherwise a lymphocyte's clumps.
    """
    at, micro, rng = canvas.at, canvas.micro, canvas.rng
    radius = float(np.sqrt(np.mean(outline**2)))
    own = float(radius * np.sqrt(share))
    name = "blast" if blast else "lymphocyte"
    stretch = min(abs(rng.normal(0, STRETCH[name])), 0.2)
    form = outlines.round_outline(rng, own, elongation=stretch, waviness=0.042 if blast else 0.028)
    form = np.asarray(form * (outline / np.float32(radius)) ** np.float32(0.8), np.float32)
    angle, away = rng.uniform(0, 2 * np.pi), (radius - own) * rng.uniform(0.4, 1.3)
    centre = (away * float(np.cos(angle)), away * float(np.sin(angle)))
    inside = outlines.depth(form, at, centre) + 0.06 * micro * canvas.grain(0.5)
    if rng.random() < DENTED[name]:
        inside = _dented(canvas, inside, centre, own)
    inside = np.minimum(inside, body - np.float32(MARGIN_UM * micro))
    pattern = _fine(canvas) * _nucleoli(canvas, centre, own) if blast else _clumped(canvas)
    chromatin = _domed(pattern * _tilted(canvas, own, 0.07 if blast else 0.03), inside, micro)
    return Nucleus(inside, chromatin, pattern - np.float32(1))


def _dented(canvas: Canvas, inside: Plane, centre: tuple[float, float], own: float) -> Plane:
    """A nucleus with a narrow cleft or a broad, shallow dent."""
    rng = canvas.rng
    side, cleft = rng.uniform(0, 2 * np.pi), rng.random() < 0.4
    away = own * (rng.uniform(0.85, 1.1) if cleft else rng.uniform(1.2, 1.4))
    place = (centre[0] + away * float(np.cos(side)), centre[1] + away * float(np.sin(side)))
    size = own * (rng.uniform(0.1, 0.2) if cleft else rng.uniform(0.3, 0.6))
    dent = outlines.disc(canvas.at, place, size, rng.uniform(2, 5) if cleft else rng.uniform(0.4, 1), side)
    return outlines.without(inside, dent, 0.5 * canvas.micro)


def _tilted(canvas: Canvas, own: float, most: float) -> Plane:
    """Thicker on one side than on the other."""
    turn, slope = canvas.rng.uniform(0, 2 * np.pi), canvas.rng.normal(0, most) / own
    along = canvas.at.x * np.float32(np.cos(turn)) + canvas.at.y * np.float32(np.sin(turn))
    return np.asarray(1 + np.clip(np.float32(slope) * along, -0.25, 0.25), np.float32)


def _fine(canvas: Canvas) -> Plane:
    """A blast's chromatin: fine threads with small pale pores, uneven at large."""
    fine = 0.13 * canvas.grain(0.16) + 0.08 * canvas.grain(0.3)
    coarse = 0.05 * canvas.grain(0.65) + 0.06 * canvas.grain(1.5)
    pores = np.clip(canvas.grain(0.3) - 1.35, 0, 1.2)
    return np.asarray(1.0 + fine + coarse - 0.16 * pores, np.float32)


def _clumped(canvas: Canvas) -> Plane:
    """A lymphocyte's chromatin: dark broad clumps that touch, with roundish paler spots between them."""
    clumps = 0.07 * np.tanh(2.0 * canvas.grain(0.55)) + 0.04 * canvas.grain(0.28) + 0.03 * canvas.grain(0.16)
    spots = np.tanh(np.clip(canvas.grain(0.32) - 0.8, 0, None))
    return np.asarray(1.05 + clumps - 0.32 * spots - 0.06 * _ways(canvas, 0.5), np.float32)


def _ways(canvas: Canvas, apart: float) -> Plane:
    """Short winding lines, 0..1.3, about ``apart`` micrometres from each other."""
    lines = np.exp(-((canvas.grain(apart) / np.float32(0.24)) ** 2))
    return np.asarray(lines * np.clip(canvas.grain(0.8) + np.float32(0.3), 0, 1.3), np.float32)


def _nucleoli(canvas: Canvas, centre: tuple[float, float], own: float) -> Plane:
    """None to three paler spots, each with a darker seam; rarely a clear bubble."""
    rng, micro = canvas.rng, canvas.micro
    left = np.ones(canvas.at.shape, np.float32)

    def spot(size: float, squeeze: float = 1.0) -> Plane:
        angle, away = rng.uniform(0, 2 * np.pi), own * rng.uniform(0.1, 0.7)
        place = (centre[0] + away * float(np.cos(angle)), centre[1] + away * float(np.sin(angle)))
        return outlines.disc(canvas.at, place, micro * size, squeeze, angle)

    for _ in range(int(rng.integers(0, 4))):
        place = spot(rng.uniform(0.5, 1.1), rng.uniform(0.8, 1.3))
        left *= 1 - np.float32(rng.uniform(0.08, 0.24)) * outlines.filled(place, 0.4 * micro)
        left *= 1 + np.float32(0.05) * np.exp(-((place / np.float32(0.35 * micro)) ** 2))
    for _ in range(int(rng.poisson(0.25))):
        left *= 1 - np.float32(rng.uniform(0.4, 0.8)) * outlines.filled(spot(rng.uniform(0.15, 0.4)), 0.15 * micro)
    return left


def lobed(canvas: Canvas, radius: float, body: Plane, lobes: int) -> Nucleus:
    """A granulocyte's nucleus: ``lobes`` lobes on an arc, joined by thin bridges; one lobe stands for a band."""
    at, micro, rng = canvas.at, canvas.micro, canvas.rng
    places, size, thick = _band(radius, rng) if lobes == 1 else _lobes(radius, lobes, rng)
    blend = 0.35 * micro
    inside = np.full(at.shape, -1e3, np.float32)
    for index, (place, own) in enumerate(zip(places, size, strict=True)):
        blob = outlines.disc(at, place, own, rng.uniform(0.7, 1.43), rng.uniform(0, np.pi))
        inside = outlines.union(inside, blob, blend) if index else blob
        if index:
            link = outlines.bridge(at, places[index - 1], place, thick[index])
            inside = outlines.union(inside, link, blend)
    inside = inside + 0.14 * micro * canvas.grain(0.65)
    inside = np.minimum(inside, body - np.float32(0.5 * micro))
    lumps = 0.22 * np.tanh(1.6 * canvas.grain(0.45)) + 0.12 * canvas.grain(0.22)
    return Nucleus(inside, _rimmed(np.asarray(1 + lumps, np.float32), inside, micro), np.asarray(lumps, np.float32))


Shape = tuple[list[tuple[float, float]], list[float], list[float]]
"""Middles of lobes, their radii, and how thick the bridge before each is; pixels."""


def _on_arc(angles: Any, away: Any) -> list[tuple[float, float]]:
    return [(float(r * np.cos(a)), float(r * np.sin(a))) for r, a in zip(away, angles, strict=True)]


def _lobes(radius: float, lobes: int, rng: np.random.Generator) -> Shape:
    sweep = {2: rng.uniform(1.7, 2.6), 3: rng.uniform(2.6, 3.8)}.get(lobes, rng.uniform(3.4, 4.7))
    angles = rng.uniform(0, 2 * np.pi) + rng.choice([-1, 1]) * np.linspace(0, sweep, lobes) + rng.normal(0, 0.13, lobes)
    away = radius * rng.uniform(0.36, 0.46) * rng.uniform(0.75, 1.15, lobes)
    size = {2: 0.38, 3: 0.325, 4: 0.28}.get(lobes, 0.25) * radius
    radii = [float(size * share) for share in rng.uniform(0.8, 1.18, lobes)]
    return _on_arc(angles, away), radii, [float(size * share) for share in rng.uniform(0.25, 0.65, lobes)]


def _band(radius: float, rng: np.random.Generator) -> Shape:
    count = 7
    angles = rng.uniform(0, 2 * np.pi) + np.linspace(0, rng.uniform(3.0, 4.2), count)
    away = np.full(count, radius * rng.uniform(0.42, 0.5)) * (1 + 0.08 * np.cos(np.linspace(0, 2 * np.pi, count)))
    radii = [float(0.21 * radius * share) for share in rng.uniform(0.85, 1.2, count)]
    return _on_arc(angles, away), radii, [0.9 * own for own in radii]


def kidney(canvas: Canvas, radius: float, body: Plane) -> Nucleus:
    """A monocyte's nucleus: large, bent, of loose, lacy chromatin."""
    at, micro, rng = canvas.at, canvas.micro, canvas.rng
    own = radius * rng.uniform(0.69, 0.81)
    turn = rng.uniform(0, 2 * np.pi)
    towards = (float(np.cos(turn)), float(np.sin(turn)))
    shift = radius * rng.uniform(0.05, 0.18)
    centre = (-shift * towards[0], -shift * towards[1])
    shape = outlines.disc(at, centre, own, rng.uniform(0.72, 0.9), turn)
    away = own * rng.uniform(0.95, 1.2)
    bay = (centre[0] + away * towards[0], centre[1] + away * towards[1])
    hollow = outlines.disc(at, bay, own * rng.uniform(0.3, 0.6), rng.uniform(0.7, 1.6), turn)
    shape = outlines.without(shape, hollow, 0.9 * micro)
    inside = shape + 0.4 * micro * canvas.grain(1.2)
    inside = np.minimum(inside, body - np.float32(0.3 * micro))
    lace = 0.09 * canvas.grain(0.16) + 0.11 * canvas.grain(0.3) + 0.12 * np.tanh(1.5 * canvas.grain(0.75))
    lace = np.asarray(0.05 + lace - 0.28 * _ways(canvas, 0.7), np.float32)
    return Nucleus(inside, _rimmed(1 + lace, inside, micro), lace)


def _domed(pattern: Plane, inside: Plane, micro: float) -> Plane:
    """A little thinner towards its edge: within 0.6 micrometres of it a round nucleus takes 0.9 of the middle's light."""
    slope = np.float32(0.8) + np.float32(0.2) * np.clip(inside / np.float32(micro), 0, 1)
    return np.asarray(np.clip(pattern, 0.3, 2.0) * slope, np.float32)


def _rimmed(pattern: Plane, inside: Plane, micro: float) -> Plane:
    """Flat almost to its edge, as a cell dried on glass is, and a little denser along the membrane."""
    seam = np.exp(-(((inside - np.float32(0.35 * micro)) / np.float32(0.3 * micro)) ** 2))
    slope = np.float32(0.94) + np.float32(0.06) * np.clip(inside / np.float32(0.5 * micro), 0, 1)
    return np.asarray(np.clip(pattern, 0.3, 2.0) * slope * (1 + np.float32(0.05) * seam), np.float32)
