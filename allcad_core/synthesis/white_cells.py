"""White cells: blasts, lymphocytes, neutrophils, monocytes, eosinophils, and what is left of crushed ones.

Sizes and features follow the morphology that every atlas of haematology describes: blasts with a large nucleus of
fine chromatin with nucleoli in a narrow blue rim; lymphocytes small and clumped; granulocytes with lobes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allcad_core.synthesis import outlines
from allcad_core.synthesis.nuclei import Nucleus, kidney, lobed, oval
from allcad_core.synthesis.patches import CHROMATIN, CYTOPLASM, GRANULES, SUBSTANCES, Patch, blurred
from allcad_core.synthesis.scene import Kind, Scene
from allcad_core.synthesis.textures import Plane, grain


@dataclass(frozen=True, slots=True)
class Build:
    """How a kind of cell is built. Diameters in micrometres; ranges are low, high.

    Attributes:
        diameter: mean and standard deviation, cut at ``smallest`` and ``largest``.
        smallest, largest: limits of the diameter.
        chromatin: strength of the nucleus.
        cytoplasm: strength of the blue of the cytoplasm.
        rim: how much bluer the cytoplasm is at its edge.
        granules: strength of the pink between granules.
        speckle: strength of the granules themselves.
        waviness: bumps of the outline.
    """

    diameter: tuple[float, float]
    smallest: float
    largest: float
    chromatin: float
    cytoplasm: tuple[float, float]
    rim: float
    granules: float
    speckle: float
    waviness: float


BUILDS: dict[Kind, Build] = {
    "blast": Build((12.2, 1.2), 11.0, 16.0, 1.0, (0.65, 1.35), 0.5, 0.0, 0.0, 0.018),
    "lymphocyte": Build((9.2, 0.7), 8.0, 10.5, 1.08, (0.45, 0.85), 0.25, 0.0, 0.03, 0.02),
    "neutrophil": Build((13.0, 0.5), 12.0, 14.0, 1.12, (0.02, 0.08), 0.02, 0.42, 0.38, 0.02),
    "monocyte": Build((15.5, 0.9), 14.0, 18.0, 0.84, (0.5, 0.75), 0.08, 0.12, 0.1, 0.03),
    "eosinophil": Build((13.4, 0.6), 12.2, 15.0, 1.0, (0.05, 0.1), 0.05, 0.5, 1.3, 0.02),
}


def draw_radius(kind: Kind, rng: np.random.Generator) -> float:
    """Radius of a cell of this kind, micrometres."""
    build = BUILDS[kind]
    return float(np.clip(rng.normal(*build.diameter), build.smallest, build.largest)) / 2


def white_cell(kind: Kind, radius_um: float, scene: Scene, rng: np.random.Generator) -> Patch:
    """A white cell of ``kind`` with its masks."""
    build = BUILDS[kind]
    micro = scene.magnification
    radius = scene.pixels(radius_um)
    outline = outlines.round_outline(
        rng,
        radius,
        elongation=abs(rng.normal(0, 0.035)),
        waviness=build.waviness,
        facets=int(rng.binomial(2, 0.3)),
    )
    if kind in ("blast", "lymphocyte") and rng.random() < 0.07:
        outline = outlines.with_tail(outline, rng, rng.uniform(0.12, 0.4), 0.35)
    at = outlines.grid(int(outline.max() + 1.5 * micro) + 4)
    inside = outlines.depth(outline, at) + 0.06 * micro * grain(rng, at.shape, 0.4 * micro)
    nucleus = _nucleus(kind, at, radius, inside, scene, rng)

    body = outlines.filled(inside, 0.2 * micro)
    core = outlines.filled(nucleus.inside, 0.2 * micro)
    substances = np.zeros((SUBSTANCES, *at.shape), np.float32)
    substances[CHROMATIN] = core * nucleus.chromatin * (build.chromatin * rng.uniform(0.88, 1.12))
    around = body * (1 - core)
    substances[CYTOPLASM] = around * _cytoplasm(build, at, inside, nucleus, micro, rng) + 0.12 * core
    substances[GRANULES] = (around + 0.15 * core) * _granules(kind, build, at, micro, rng)
    if kind == "monocyte":
        substances[CYTOPLASM] *= _vacuoles(at, radius, micro, rng)
    substances *= np.float32(scene.nuclear_strength)
    focus = scene.pixels(scene.defocus) * rng.uniform(1 - scene.focus_spread, 1 + scene.focus_spread)
    return Patch(
        np.stack([blurred(plane, focus) for plane in substances]),
        blurred(0.96 * body, focus),
        (nucleus.inside > 0) & (inside > 0),
        inside > 0,
    )


def _nucleus(
    kind: Kind, at: outlines.Grid, radius: float, inside: Plane, scene: Scene, rng: np.random.Generator
) -> Nucleus:
    micro = scene.magnification
    if kind == "blast":
        return oval(at, radius, inside, rng.uniform(0.76, 0.93), micro, rng, clumps=0.0)
    if kind == "lymphocyte":
        return oval(at, radius, inside, rng.uniform(0.58, 0.82), micro, rng, clumps=1.0)
    if kind == "neutrophil":
        return lobed(at, radius, inside, int(rng.choice([1, 2, 3, 4, 5], p=[0.08, 0.16, 0.4, 0.28, 0.08])), micro, rng)
    if kind == "eosinophil":
        return lobed(at, radius, inside, int(rng.choice([2, 3], p=[0.8, 0.2])), micro, rng)
    return kidney(at, radius, inside, micro, rng)


def _cytoplasm(
    build: Build, at: outlines.Grid, inside: Plane, nucleus: Nucleus, micro: float, rng: np.random.Generator
) -> Plane:
    strength = rng.uniform(*build.cytoplasm)
    edge = np.exp(-np.clip(inside, 0, None) / np.float32(0.7 * micro))
    # the pale court beside the nucleus, where the Golgi apparatus lies
    court = 1 - 0.35 * np.exp(-np.clip(-nucleus.inside, 0, None) / np.float32(0.6 * micro))
    mottle = 1 + 0.16 * grain(rng, at.shape, 0.45 * micro) + 0.07 * grain(rng, at.shape, 0.18 * micro)
    return np.asarray((strength * court + build.rim * edge) * mottle, np.float32)


def _granules(kind: Kind, build: Build, at: outlines.Grid, micro: float, rng: np.random.Generator) -> Plane:
    if build.granules == 0 and build.speckle == 0:
        return np.zeros(at.shape, np.float32)
    coarse = kind == "eosinophil"
    dots = grain(rng, at.shape, (0.3 if coarse else 0.17) * micro)
    dots = np.clip(dots - (0.1 if coarse else 0.4), 0, 1.6)
    clouds = 1 + 0.12 * grain(rng, at.shape, 1.0 * micro)
    return np.asarray((build.granules * clouds + build.speckle * dots) * rng.uniform(0.8, 1.2), np.float32)


def _vacuoles(at: outlines.Grid, radius: float, micro: float, rng: np.random.Generator) -> Plane:
    left = np.ones(at.shape, np.float32)
    for _ in range(int(rng.integers(0, 9))):
        angle, away = rng.uniform(0, 2 * np.pi), radius * rng.uniform(0.4, 0.9)
        hole = outlines.disc(at, (away * np.cos(angle), away * np.sin(angle)), micro * rng.uniform(0.25, 0.6))
        left *= 1 - 0.75 * outlines.filled(hole, 0.18 * micro)
    return left


def smudge(radius_um: float, scene: Scene, rng: np.random.Generator) -> Patch:
    """A crushed cell: a ragged, streaky, magenta smear of chromatin without an outline of its own."""
    micro = scene.magnification
    radius = scene.pixels(radius_um)
    outline = outlines.round_outline(rng, radius, elongation=rng.uniform(0.05, 0.3), waviness=0.11)
    at = outlines.grid(int(1.25 * outline.max() + 2 * micro) + 4)
    pale = rng.random() < 0.6
    ragged = 0.7 * micro * grain(rng, at.shape, 0.35 * micro) + 1.1 * micro * grain(rng, at.shape, 1.2 * micro)
    inside = outlines.depth(outline, at) - 0.12 * radius + ragged
    shape = outlines.filled(inside, (0.9 if pale else 0.3) * micro)
    turn = rng.uniform(0, np.pi)
    streaks = grain(rng, at.shape, 0.3 * micro) + 1.2 * _streaks(at, turn, micro, rng)
    if pale:
        density = shape * np.clip(0.34 + 0.12 * streaks, 0.04, 1.2) * rng.uniform(0.5, 1.1)
        core_centre = (rng.normal(0, 0.25) * radius, rng.normal(0, 0.25) * radius)
        core = outlines.filled(outlines.disc(at, core_centre, 0.35 * radius) + ragged, 0.8 * micro)
        density = density * (1 + 0.7 * core)
    else:
        density = shape * np.clip(0.82 + 0.1 * streaks, 0.2, 1.4)
    substances = np.zeros((SUBSTANCES, *at.shape), np.float32)
    substances[CHROMATIN] = (0.4 if pale else 0.85) * density
    substances[GRANULES] = (0.8 if pale else 0.7) * density
    substances *= np.float32(scene.nuclear_strength)
    focus = scene.pixels(scene.defocus)
    cover = np.asarray((0.5 if pale else 0.9) * shape, np.float32)
    return Patch(np.stack([blurred(plane, focus) for plane in substances]), blurred(cover, focus))


def _streaks(at: outlines.Grid, turn: float, micro: float, rng: np.random.Generator) -> Plane:
    """Waves along one direction, bent by noise."""
    across = at.x * np.float32(np.sin(turn)) - at.y * np.float32(np.cos(turn))
    bent = across / np.float32(0.32 * micro) + 1.6 * grain(rng, at.shape, 1.3 * micro)
    return np.asarray(np.sin(bent), np.float32)
