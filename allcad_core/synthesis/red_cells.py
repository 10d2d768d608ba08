"""Red cells, platelets and specks: banks of small patches, made once for a smear and used many times."""

from __future__ import annotations

import numpy as np

from allcad_core.synthesis import outlines
from allcad_core.synthesis.outlines import Canvas
from allcad_core.synthesis.patches import CHROMATIN, CYTOPLASM, GRANULES, HAEMOGLOBIN, SUBSTANCES, Patch, focused
from allcad_core.synthesis.scene import RED_CELL_UM, Scene
from allcad_core.synthesis.textures import Plane

RED_VARIANTS = 48
SMALL_VARIANTS = 16
ORIENTATIONS = 8
"""Four quarter turns, plain and mirrored: a bank of 48 cells shows 384."""


def oriented(plane: Plane, orientation: int) -> Plane:
    """``plane`` (..., side, side) turned by quarter turns, mirrored from 4 on."""
    turned = np.rot90(plane, orientation % 4, axes=(-2, -1))
    return turned[..., ::-1] if orientation >= 4 else turned


def red_bank(scene: Scene, rng: np.random.Generator) -> list[Patch]:
    """Red cells of one smear; ``substances`` holds haemoglobin only: float32 (1, side, side)."""
    return [_red(scene, rng) for _ in range(RED_VARIANTS)]


def _red(scene: Scene, rng: np.random.Generator) -> Patch:
    micro = scene.magnification
    radius = scene.pixels(RED_CELL_UM / 2) * float(np.clip(rng.normal(1.0, scene.red_size_spread), 0.7, 1.3))
    outline = outlines.round_outline(
        rng,
        radius,
        elongation=abs(rng.normal(0.0, 0.02 + 0.09 * scene.red_shape)),
        waviness=0.004 + 0.02 * scene.red_shape,
        facets=int(rng.binomial(3, 0.5 * scene.red_shape)),
    )
    if rng.random() < 0.06 * scene.red_shape:
        outline = outlines.with_tail(outline, rng, rng.uniform(0.25, 0.6))
    canvas = outlines.canvas(float(outline.max()) + 1.2 * micro + 3, scene, rng)
    inside = outlines.depth(outline, canvas.at)
    body = outlines.filled(inside, 0.22 * micro) * _thickness(canvas, inside, radius, scene.pallor)
    body *= 1 + np.float32(0.03) * canvas.grain(1.1) + np.float32(0.015) * canvas.grain(0.22)
    # light bent at the rim: a pale line outside
    body -= np.float32(rng.uniform(0.05, 0.16)) * np.exp(-(((inside / np.float32(micro) + 0.4) / 0.24) ** 2))
    body *= np.float32(rng.normal(1.0, 0.05))
    return Patch(focused([body, body], scene, rng)[0])


def _thickness(canvas: Canvas, inside: Plane, radius: float, pallor: float) -> Plane:
    """A biconcave disc: thickest behind its rim, hollow in the middle."""
    rng = canvas.rng
    rim = np.clip(inside / np.float32(radius), 0, 1)
    centre = (float(rng.normal(0, 0.06) * radius), float(rng.normal(0, 0.06) * radius))
    depth = np.float32(min(pallor * rng.uniform(0.35, 1.4), 0.95))
    pit = outlines.disc(canvas.at, centre, radius * rng.uniform(0.4, 0.62), rng.uniform(0.8, 1.25), rng.uniform(0, 3))
    pit = pit + np.float32(0.05 * radius) * canvas.grain(0.8)
    hollow = outlines.filled(pit, radius * rng.uniform(0.12, 0.26))
    ring = np.float32(rng.uniform(0.06, 0.22)) * np.exp(-(((rim - 0.14) / 0.12) ** 2))
    return np.asarray((np.float32(0.92) + ring - np.float32(0.07) * rim) * (1 - depth * hollow), np.float32)


def platelet_bank(scene: Scene, rng: np.random.Generator) -> list[Patch]:
    """Platelets: purple granules in a pale, ragged body of 2 to 3 micrometres."""
    return [_platelet(scene, rng) for _ in range(SMALL_VARIANTS)]


def _platelet(scene: Scene, rng: np.random.Generator) -> Patch:
    micro = scene.magnification
    radius = scene.pixels(float(np.clip(rng.normal(1.05, 0.22), 0.7, 1.8)))
    outline = outlines.round_outline(rng, radius, elongation=rng.uniform(0, 0.2), waviness=0.06)
    canvas = outlines.canvas(float(outline.max()) + micro + 3, scene, rng)
    inside = outlines.depth(outline, canvas.at) + np.float32(0.1 * radius) * canvas.grain(0.3)
    body = outlines.filled(inside, 0.3 * micro)
    core = outlines.filled(inside - np.float32(0.3 * radius), 0.4 * micro)
    speckle = np.clip(1 + np.float32(0.35) * canvas.grain(0.25), 0.3, 2)
    substances = np.zeros((SUBSTANCES, *canvas.at.shape), np.float32)
    strength = np.float32(rng.uniform(0.35, 1.0))
    substances[CHROMATIN] = np.float32(0.26) * strength * core * speckle
    substances[GRANULES] = strength * (np.float32(0.22) * body + np.float32(0.5) * core * speckle)
    substances[CYTOPLASM] = np.float32(0.2) * body
    return Patch(focused([*substances, body], scene, rng)[0], np.float32(0.75) * focused([body, body], scene, rng)[1])


def debris_bank(scene: Scene, rng: np.random.Generator) -> list[Patch]:
    """Specks: dark grains of precipitate and pale, blurred dust."""
    return [_speck(scene, rng) for _ in range(SMALL_VARIANTS)]


def _speck(scene: Scene, rng: np.random.Generator) -> Patch:
    micro = scene.magnification
    dust = rng.random() < 0.4
    radius = scene.pixels(rng.uniform(0.8, 2.4) if dust else rng.uniform(0.15, 0.4))
    canvas = outlines.canvas(2 * radius + micro + 4, scene, rng)
    inside = outlines.disc(canvas.at, (0.0, 0.0), radius, rng.uniform(0.6, 1.6), rng.uniform(0, np.pi))
    inside = inside + np.float32(0.2 * radius) * canvas.grain(0.5 * radius / micro)
    shape = outlines.filled(inside, max(0.4 * radius, 1.0))
    substances = np.zeros((SUBSTANCES, *canvas.at.shape), np.float32)
    if dust:
        substances[CYTOPLASM] = np.float32(rng.uniform(0.02, 0.10)) * shape
        substances[HAEMOGLOBIN] = np.float32(rng.uniform(-0.02, 0.08)) * shape
    else:
        substances[CHROMATIN] = np.float32(rng.uniform(0.1, 0.45)) * shape
    return Patch(focused([*substances, shape], scene, rng)[0])
