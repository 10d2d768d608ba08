"""Nuclei: their outline within a cell and the pattern of their chromatin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allcad_core.synthesis import outlines
from allcad_core.synthesis.outlines import Grid
from allcad_core.synthesis.textures import Plane, grain

MARGIN_UM = 0.15
"""Cytoplasm that is left at least between a nucleus and the outline of its cell, micrometres."""


@dataclass(frozen=True, eq=False)
class Nucleus:
    """``inside``: depth in the nucleus, pixels; ``chromatin``: density of its pattern around 1. float32 (side, side)."""

    inside: Plane
    chromatin: Plane


def oval(
    at: Grid, radius: float, body: Plane, share: float, micro: float, rng: np.random.Generator, *, clumps: float
) -> Nucleus:
    """A roundish nucleus.

    Args:
        at: the patch.
        radius: of the cell, pixels.
        body: depth in the cell; the nucleus stays inside.
        share: nucleus-to-cell ratio of areas.
        micro: pixels per micrometre.
        rng: shapes it.
        clumps: 0 for a blast's fine chromatin with nucleoli, 1 for a lymphocyte's clumps.
    """
    own = radius * np.sqrt(share)
    outline = outlines.round_outline(rng, own, elongation=abs(rng.normal(0, 0.035)), waviness=0.03)
    room = max(radius - own, 0.0)
    angle, away = rng.uniform(0, 2 * np.pi), room * rng.uniform(0.2, 1.0)
    centre = (away * np.cos(angle), away * np.sin(angle))
    inside = outlines.depth(outline, at, centre)
    if rng.random() < 0.3:
        # a cleft or a shallow dent
        side = rng.uniform(0, 2 * np.pi)
        dent = (centre[0] + 1.12 * own * np.cos(side), centre[1] + 1.12 * own * np.sin(side))
        inside = outlines.without(inside, outlines.disc(at, dent, own * rng.uniform(0.15, 0.32)), 0.5 * micro)
    inside = np.minimum(inside, body - np.float32(MARGIN_UM * micro))
    fine = 0.07 * grain(rng, at.shape, 0.26 * micro) + 0.06 * grain(rng, at.shape, 0.6 * micro)
    fine += 0.05 * grain(rng, at.shape, 1.6 * micro)
    lumps = np.tanh(1.6 * grain(rng, at.shape, 0.62 * micro)) * 0.13 + 0.06 * grain(rng, at.shape, 0.3 * micro)
    pattern = 1 + (1 - clumps) * fine + clumps * lumps
    if clumps < 0.5:
        pattern = pattern * _nucleoli(at, centre, own, micro, rng)
    return Nucleus(inside, _rimmed(pattern, inside, micro))


def _nucleoli(at: Grid, centre: tuple[float, float], own: float, micro: float, rng: np.random.Generator) -> Plane:
    """One to three paler spots with a darker seam."""
    left = np.ones(at.shape, np.float32)
    for _ in range(int(rng.integers(0, 4))):
        angle, away = rng.uniform(0, 2 * np.pi), own * rng.uniform(0.1, 0.6)
        place = (centre[0] + away * np.cos(angle), centre[1] + away * np.sin(angle))
        spot = outlines.disc(at, place, micro * rng.uniform(0.6, 1.1), rng.uniform(0.8, 1.3), rng.uniform(0, np.pi))
        left *= 1 - rng.uniform(0.08, 0.24) * outlines.filled(spot, 0.45 * micro)
        left *= 1 + 0.05 * np.exp(-((spot / np.float32(0.35 * micro)) ** 2))
    return left


def lobed(at: Grid, radius: float, body: Plane, lobes: int, micro: float, rng: np.random.Generator) -> Nucleus:
    """A granulocyte's nucleus: ``lobes`` lobes on an arc, joined by thin bridges; one lobe stands for a band."""
    start, sense = rng.uniform(0, 2 * np.pi), rng.choice([-1, 1])
    ring = radius * rng.uniform(0.40, 0.5)
    count = max(lobes, 2)
    sweep = {1: 3.6, 2: rng.uniform(1.7, 2.6), 3: rng.uniform(2.6, 3.8)}.get(lobes, rng.uniform(3.6, 4.9))
    angles = start + sense * np.linspace(0, sweep, count if lobes > 1 else 7)
    angles = angles + (rng.normal(0, 0.12, len(angles)) if lobes > 1 else 0)
    away = ring * (rng.uniform(0.8, 1.12, len(angles)) if lobes > 1 else np.full(len(angles), 1.05))
    places = [(float(r * np.cos(a)), float(r * np.sin(a))) for r, a in zip(away, angles, strict=True)]
    size = {1: 0.2, 2: 0.36, 3: 0.3, 4: 0.265}.get(lobes, 0.235) * radius
    inside = np.full(at.shape, -1e3, np.float32)
    blend = 0.35 * micro
    for index, place in enumerate(places):
        own = size * (rng.uniform(0.85, 1.15) if lobes > 1 else 1.0)
        blob = outlines.disc(at, place, own, rng.uniform(0.72, 1.4), rng.uniform(0, np.pi))
        inside = outlines.union(inside, blob, blend) if index else blob
        if index:
            thick = size * (rng.uniform(0.22, 0.5) if lobes > 1 else 0.9)
            inside = outlines.union(inside, outlines.bridge(at, places[index - 1], place, thick), blend)
    inside = inside + 0.16 * micro * grain(rng, at.shape, 0.7 * micro)
    inside = np.minimum(inside, body - np.float32(0.5 * micro))
    lumps = 0.17 * np.tanh(1.8 * grain(rng, at.shape, 0.5 * micro)) + 0.06 * grain(rng, at.shape, 0.25 * micro)
    return Nucleus(inside, _rimmed(1 + lumps, inside, micro))


def kidney(at: Grid, radius: float, body: Plane, micro: float, rng: np.random.Generator) -> Nucleus:
    """A monocyte's nucleus: large, bent, of loose, lacy chromatin."""
    own = radius * rng.uniform(0.66, 0.74)
    turn = rng.uniform(0, 2 * np.pi)
    shift = radius * rng.uniform(0.05, 0.18)
    centre = (-shift * np.cos(turn), -shift * np.sin(turn))
    shape = outlines.disc(at, centre, own, rng.uniform(0.72, 0.9), turn)
    away = own * rng.uniform(0.95, 1.15)
    bay = (centre[0] + away * np.cos(turn), centre[1] + away * np.sin(turn))
    shape = outlines.without(shape, outlines.disc(at, bay, own * rng.uniform(0.35, 0.55)), 0.9 * micro)
    inside = shape + 0.3 * micro * grain(rng, at.shape, 1.3 * micro)
    inside = np.minimum(inside, body - np.float32(0.3 * micro))
    lace = 0.1 * grain(rng, at.shape, 0.35 * micro) + 0.1 * np.tanh(1.5 * grain(rng, at.shape, 0.8 * micro))
    return Nucleus(inside, _rimmed(1 + lace, inside, micro))


def _rimmed(pattern: Plane, inside: Plane, micro: float) -> Plane:
    """Denser along the membrane, thinner towards the edge where the nucleus slopes down."""
    seam = np.exp(-(((inside - 0.3 * micro) / np.float32(0.3 * micro)) ** 2))
    slope = 0.86 + 0.14 * np.clip(inside / np.float32(1.6 * micro), 0, 1)
    return np.asarray(np.clip(pattern, 0.3, 2.0) * slope * (1 + 0.06 * seam), np.float32)
