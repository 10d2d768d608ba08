"""Red cells, platelets and specks: banks of small patches, made once for a smear and used many times."""

from __future__ import annotations

import numpy as np

from allcad_core.synthesis import outlines
from allcad_core.synthesis.patches import CHROMATIN, CYTOPLASM, GRANULES, HAEMOGLOBIN, SUBSTANCES, Patch, blurred
from allcad_core.synthesis.scene import RED_CELL_UM, Scene
from allcad_core.synthesis.textures import Plane, grain

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
    size = float(np.clip(rng.normal(1.0, scene.red_size_spread), 0.7, 1.3))
    radius = scene.pixels(RED_CELL_UM / 2) * size
    outline = outlines.round_outline(
        rng,
        radius,
        elongation=abs(rng.normal(0.0, 0.02 + 0.09 * scene.red_shape)),
        waviness=0.004 + 0.02 * scene.red_shape,
        facets=int(rng.binomial(3, 0.5 * scene.red_shape)),
    )
    if rng.random() < 0.05 * scene.red_shape:
        outline = outlines.with_tail(outline, rng, rng.uniform(0.25, 0.6))
    micro = scene.magnification
    at = outlines.grid(int(outline.max() + 1.2 * micro) + 3)
    inside = outlines.depth(outline, at)
    rim = np.clip(inside / radius, 0, 1)
    # a biconcave disc: thickest at a third of the radius, hollow in the middle
    hollow = scene.pallor * rng.uniform(0.35, 1.4)
    off = (rng.normal(0, 0.06) * radius, rng.normal(0, 0.06) * radius)
    pit = outlines.disc(at, off, radius * rng.uniform(0.4, 0.62), rng.uniform(0.8, 1.25), rng.uniform(0, np.pi))
    pit_share = outlines.filled(pit, radius * rng.uniform(0.14, 0.26))
    thickness = 0.9 + 0.16 * np.exp(-(((rim - 0.16) / 0.16) ** 2)) - 0.07 * rim
    body = outlines.filled(inside, 0.22 * micro) * thickness * (1 - min(hollow, 0.95) * pit_share)
    body *= 1 + 0.03 * grain(rng, at.shape, 1.1 * micro) + 0.012 * grain(rng, at.shape, 0.22 * micro)
    # light bent at the rim: a pale line outside
    body -= 0.10 * np.exp(-(((inside + 0.38 * micro) / (0.22 * micro)) ** 2))
    body *= rng.normal(1.0, 0.05)
    focus = scene.pixels(scene.defocus) * rng.uniform(1 - scene.focus_spread, 1 + scene.focus_spread)
    return Patch(blurred(np.asarray(body, np.float32), focus)[None])


def platelet_bank(scene: Scene, rng: np.random.Generator) -> list[Patch]:
    """Platelets: purple granules in a pale, ragged body of 2 to 3 micrometres."""
    return [_platelet(scene, rng) for _ in range(SMALL_VARIANTS)]


def _platelet(scene: Scene, rng: np.random.Generator) -> Patch:
    micro = scene.magnification
    radius = scene.pixels(float(np.clip(rng.normal(1.2, 0.25), 0.7, 2.2)))
    outline = outlines.round_outline(rng, radius, elongation=rng.uniform(0, 0.25), waviness=0.1)
    at = outlines.grid(int(outline.max() + micro) + 3)
    inside = outlines.depth(outline, at) + 0.1 * radius * grain(rng, at.shape, 0.3 * micro)
    body = outlines.filled(inside, 0.35 * micro)
    core = outlines.filled(inside - 0.35 * radius, 0.4 * micro)
    speckle = np.clip(1 + 0.5 * grain(rng, at.shape, 0.22 * micro), 0.2, 2)
    substances = np.zeros((SUBSTANCES, *at.shape), np.float32)
    strength = rng.uniform(0.6, 1.15)
    substances[CHROMATIN] = 0.34 * strength * core * speckle
    substances[GRANULES] = strength * (0.25 * body + 0.75 * core * speckle)
    substances[CYTOPLASM] = 0.3 * body
    return Patch(_all_blurred(substances, scene, rng))


def debris_bank(scene: Scene, rng: np.random.Generator) -> list[Patch]:
    """Specks: dark grains of precipitate and pale, blurred dust."""
    return [_speck(scene, rng) for _ in range(SMALL_VARIANTS)]


def _speck(scene: Scene, rng: np.random.Generator) -> Patch:
    micro = scene.magnification
    dust = rng.random() < 0.4
    radius = scene.pixels(rng.uniform(0.8, 2.4) if dust else rng.uniform(0.15, 0.4))
    at = outlines.grid(int(2 * radius + micro) + 4)
    inside = outlines.disc(at, (0, 0), radius, rng.uniform(0.6, 1.6), rng.uniform(0, np.pi))
    shape = outlines.filled(inside + 0.2 * radius * grain(rng, at.shape, 0.5 * radius), max(0.4 * radius, 1.0))
    substances = np.zeros((SUBSTANCES, *at.shape), np.float32)
    if dust:
        substances[CYTOPLASM] = rng.uniform(0.02, 0.10) * shape
        substances[HAEMOGLOBIN] = rng.uniform(-0.02, 0.08) * shape
    else:
        substances[CHROMATIN] = rng.uniform(0.1, 0.45) * shape
    return Patch(_all_blurred(substances, scene, rng))


def _all_blurred(substances: Plane, scene: Scene, rng: np.random.Generator) -> Plane:
    focus = scene.pixels(scene.defocus) * rng.uniform(1 - scene.focus_spread, 1 + scene.focus_spread)
    return np.stack([blurred(plane, focus) for plane in substances])
