"""Crushed cells: ragged, streaky, magenta smears of chromatin without an outline of their own."""

from __future__ import annotations

from typing import Any

import numpy as np

from allcad_core.synthesis import outlines
from allcad_core.synthesis.outlines import Canvas
from allcad_core.synthesis.patches import CHROMATIN, GRANULES, SUBSTANCES, Patch, focused
from allcad_core.synthesis.scene import Scene
from allcad_core.synthesis.textures import Plane


def smudge(radius_um: float, scene: Scene, rng: np.random.Generator) -> Patch:
    """A crushed cell; two in three are washed out, the others dark and crumbled."""
    micro = scene.magnification
    radius = scene.pixels(radius_um)
    outline = outlines.round_outline(rng, radius, elongation=rng.uniform(0.05, 0.35), waviness=0.13)
    canvas = outlines.canvas(float(outline.max()) + 3.5 * micro + 4, scene, rng)
    # nothing reaches the edge of the patch, where it would be cut straight
    frame = outlines.disc(canvas.at, (0.0, 0.0), canvas.at.shape[0] / 2 - scene.blur_reach - 3.5 * micro)
    inside = np.minimum(outlines.depth(outline, canvas.at), frame)
    pale = rng.random() < 0.66
    shape, density = _washed_out(canvas, inside, radius) if pale else _crumbled(canvas, inside)
    substances = np.zeros((SUBSTANCES, *canvas.at.shape), np.float32)
    substances[CHROMATIN] = np.float32(0.3 if pale else 0.72) * density
    substances[GRANULES] = np.float32(0.75 if pale else 0.9) * density
    substances *= np.float32(scene.nuclear_strength)
    clear, cover = focused([*substances, np.float32(0.45 if pale else 0.9) * shape], scene, rng)
    return Patch(clear, cover)


def _washed_out(canvas: Canvas, inside: Plane, radius: float) -> tuple[Plane, Plane]:
    """A pale veil with fibres and a denser remnant of the nucleus."""
    rng, micro = canvas.rng, canvas.micro
    ragged = _plane(inside + micro * (0.35 * canvas.grain(0.3) + 1.2 * np.clip(canvas.grain(1.5), -2, 2)))
    shape = outlines.filled(ragged, 0.55 * micro)
    veil = 0.30 + 0.07 * canvas.grain(0.3) + 0.08 * canvas.grain(1.1) + 0.06 * _fibres(canvas)
    place = (float(rng.normal(0, 0.3) * radius), float(rng.normal(0, 0.3) * radius))
    remnant = outlines.disc(canvas.at, place, radius * rng.uniform(0.35, 0.6), rng.uniform(0.6, 1.6), rng.uniform(0, 3))
    core = outlines.filled(_plane(remnant + micro * (0.4 * canvas.grain(0.4) + 0.8 * canvas.grain(1.3))), micro)
    density = np.clip(veil, 0.03, 1) * (1 + rng.uniform(0.4, 1.4) * core) * rng.uniform(0.6, 1.2)
    return shape, np.asarray(shape * density, np.float32)


def _crumbled(canvas: Canvas, inside: Plane) -> tuple[Plane, Plane]:
    """A dark, grainy lump with a crumbly edge and a few holes."""
    micro = canvas.micro
    ragged = _plane(inside + micro * (0.6 * canvas.grain(0.4) + np.clip(canvas.grain(1.1), -2, 2) - 1.2))
    shape = outlines.filled(ragged, 0.3 * micro)
    holes = 1 - 0.5 * np.clip(canvas.grain(0.8) - 1.7, 0, 1)
    grains = 0.95 + 0.14 * canvas.grain(0.3) + 0.08 * canvas.grain(1.2)
    return shape, np.asarray(shape * np.clip(grains, 0.3, 1.5) * holes, np.float32)


def _fibres(canvas: Canvas) -> Plane:
    """Fibres that run about one way, bent and broken by noise."""
    turn = canvas.rng.uniform(0, np.pi)
    across = canvas.at.x * np.float32(np.sin(turn)) - canvas.at.y * np.float32(np.cos(turn))
    bent = across / np.float32(0.3 * canvas.micro) + np.float32(3.0) * canvas.grain(2.0)
    return np.asarray(np.sin(bent) * np.clip(0.4 + canvas.grain(0.9), 0, 1.5), np.float32)


def _plane(values: Any) -> Plane:
    return np.asarray(values, np.float32)
