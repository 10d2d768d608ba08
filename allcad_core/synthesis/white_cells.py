"""White cells: blasts, lymphocytes, neutrophils, monocytes, eosinophils, and what is left of crushed ones.

Sizes and features follow the morphology that every atlas of haematology describes: blasts with a large nucleus of
fine chromatin with nucleoli in a narrow blue rim; lymphocytes small and clumped; granulocytes with lobes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allcad_core.synthesis import outlines
from allcad_core.synthesis.nuclei import Nucleus, kidney, lobed, oval
from allcad_core.synthesis.outlines import Canvas
from allcad_core.synthesis.patches import CHROMATIN, CYTOPLASM, GRANULES, HAEMOGLOBIN, SUBSTANCES, Patch, focused
from allcad_core.synthesis.scene import Kind, Scene
from allcad_core.synthesis.textures import Plane


@dataclass(frozen=True, slots=True)
class Build:
    """How a kind of cell is built. Lengths in micrometres; strengths in units of ``Stain``.

    Attributes:
        diameter: mean and standard deviation.
        smallest, largest: limits of the diameter.
        chromatin: strength of the nucleus.
        veil: share of the cytoplasm that lies over the nucleus.
        azure: units of the cytoplasm's blue that follow a unit of chromatin's pattern: clumps bluer, spots pinker.
        cytoplasm: lowest and highest strength of the blue of the cytoplasm.
        rim: how much bluer the cytoplasm is at its edge, at most.
        granules: strength of the pink between granules.
        speckle: strength of the granules themselves.
        waviness: bumps of the outline.
        fringe: roughness of the outline, micrometres.
    """

    diameter: tuple[float, float]
    smallest: float
    largest: float
    chromatin: float
    veil: float
    azure: float
    cytoplasm: tuple[float, float]
    rim: float
    granules: float
    speckle: float
    waviness: float
    fringe: float


BUILDS: dict[Kind, Build] = {
    "blast": Build((12.4, 1.4), 9.8, 16.5, 0.92, 0.05, 0.0, (0.5, 1.2), 0.8, 0.03, 0.0, 0.026, 0.035),
    "lymphocyte": Build((9.5, 0.8), 8.0, 11.4, 1.15, 0.3, 2.3, (0.35, 1.25), 0.6, 0.02, 0.02, 0.022, 0.045),
    "neutrophil": Build((13.0, 0.5), 12.0, 14.0, 1.35, 0.1, 0.0, (0.0, 0.06), 0.03, 0.42, 0.45, 0.022, 0.05),
    "monocyte": Build((15.0, 1.0), 13.0, 18.0, 0.95, 0.1, 0.0, (0.42, 0.7), 0.25, 0.08, 0.10, 0.03, 0.05),
    "eosinophil": Build((13.4, 0.6), 12.2, 15.0, 1.05, 0.1, 0.0, (0.05, 0.1), 0.05, 0.6, 0.5, 0.022, 0.05),
}
"""In one smear of ALL-IDB1, the nucleus of a lymphocyte takes about 1.3 times as much green light as that of a blast
and 1.5 times as much red: it is denser, and bluer."""

BLAST_SHARE = (0.76, 0.95)
LYMPHOCYTE_SHARE = (0.5, 0.9)
"""Lowest and highest nucleus-to-cell ratio of areas."""

STRETCH: dict[Kind, float] = {"blast": 0.07, "lymphocyte": 0.08}
"""Standard deviation of the elongation of a cell; 0.045 where none is named."""

MOULDED = 0.18
"""Share of blasts that a neighbour has dented."""


def draw_radius(kind: Kind, rng: np.random.Generator) -> float:
    """Radius of a cell of this kind, micrometres."""
    build = BUILDS[kind]
    return float(np.clip(rng.normal(*build.diameter), build.smallest, build.largest)) / 2


def white_cell(kind: Kind, radius_um: float, scene: Scene, rng: np.random.Generator) -> Patch:
    """A white cell of ``kind`` with its masks."""
    build = BUILDS[kind]
    micro = scene.magnification
    radius = scene.pixels(radius_um)
    outline = _outline(kind, build, radius, rng)
    canvas = outlines.canvas(float(outline.max()) + 1.5 * micro + 4, scene, rng)
    inside = outlines.depth(outline, canvas.at) + np.float32(build.fringe * micro) * canvas.grain(0.4)
    if kind == "blast" and rng.random() < MOULDED:
        inside = _moulded(canvas, inside, radius)
    nucleus = _nucleus(kind, canvas, outline, inside)

    body = outlines.filled(inside, 0.2 * micro)
    core = outlines.filled(nucleus.inside, 0.2 * micro)
    around = body * (1 - core)
    substances = np.zeros((SUBSTANCES, *canvas.at.shape), np.float32)
    substances[CHROMATIN] = core * nucleus.chromatin * np.float32(build.chromatin * rng.uniform(0.86, 1.12))
    # towards its edge a nucleus lies under more cytoplasm, so its rim looks bluer than its middle
    rim = np.exp(-np.clip(nucleus.inside, 0, None) / np.float32(0.5 * micro))
    veil = np.float32(build.veil) + np.float32(0.8) * rim
    blue = (around + veil * core) * _cytoplasm(build, canvas, inside, nucleus)
    substances[CYTOPLASM] = np.clip(blue + np.float32(build.azure) * core * nucleus.clumps, 0, None)
    substances[GRANULES] = (around + np.float32(0.15) * core) * _granules(kind, build, canvas)
    if kind == "eosinophil":
        # their granules take eosin as red cells do
        substances[HAEMOGLOBIN] = np.float32(1.6) * substances[GRANULES]
        substances[GRANULES] *= np.float32(0.55)
    if kind == "monocyte":
        substances[CYTOPLASM] *= _vacuoles(canvas, radius, 9)
    elif kind == "blast" and rng.random() < 0.25:
        substances[CYTOPLASM] *= _vacuoles(canvas, radius, 4)
    substances *= np.float32(scene.nuclear_strength)
    clear, cover = focused([*substances, np.float32(0.96) * body], scene, rng)
    return Patch(clear, cover, (nucleus.inside > 0) & (inside > 0), inside > 0)


def _outline(kind: Kind, build: Build, radius: float, rng: np.random.Generator) -> Plane:
    blast = kind == "blast"
    outline = outlines.round_outline(
        rng,
        radius,
        elongation=min(abs(rng.normal(0, STRETCH.get(kind, 0.045))), 0.22),
        waviness=build.waviness,
        facets=int(rng.binomial(*{"blast": (3, 0.25), "lymphocyte": (2, 0.2)}.get(kind, (3, 0.3)))),
    )
    if kind in ("blast", "lymphocyte") and rng.random() < (0.14 if blast else 0.05):
        return outlines.with_tail(outline, rng, rng.uniform(0.1, 0.35), rng.uniform(0.2, 0.45))
    return outline


def _moulded(canvas: Canvas, inside: Plane, radius: float) -> Plane:
    """A cell with a hollow where a neighbour lay against it."""
    rng = canvas.rng
    side, own = rng.uniform(0, 2 * np.pi), radius * rng.uniform(0.6, 1.1)
    away = own + radius * rng.uniform(0.68, 0.92)
    place = (away * float(np.cos(side)), away * float(np.sin(side)))
    return outlines.without(inside, outlines.disc(canvas.at, place, own), 1.2 * canvas.micro)


def _nucleus(kind: Kind, canvas: Canvas, outline: Plane, inside: Plane) -> Nucleus:
    rng = canvas.rng
    radius = float(np.sqrt(np.mean(outline**2)))
    if kind == "blast":
        return oval(canvas, outline, inside, share=rng.uniform(*BLAST_SHARE), blast=True)
    if kind == "lymphocyte":
        return oval(canvas, outline, inside, share=rng.uniform(*LYMPHOCYTE_SHARE), blast=False)
    if kind == "neutrophil":
        return lobed(canvas, radius, inside, int(rng.choice([1, 2, 3, 4, 5], p=[0.1, 0.2, 0.4, 0.24, 0.06])))
    if kind == "eosinophil":
        return lobed(canvas, radius, inside, int(rng.choice([2, 3], p=[0.8, 0.2])))
    return kidney(canvas, radius, inside)


def _cytoplasm(build: Build, canvas: Canvas, inside: Plane, nucleus: Nucleus) -> Plane:
    """Blue of the cytoplasm: mottled, deeper at its edge, paler on one side of the nucleus where the Golgi lies."""
    rng, micro, at = canvas.rng, np.float32(canvas.micro), canvas.at
    strength, turn = np.float32(rng.uniform(*build.cytoplasm)), rng.uniform(0, 2 * np.pi)
    side = (at.x * np.float32(np.cos(turn)) + at.y * np.float32(np.sin(turn))) / np.float32(at.shape[0] / 2)
    edge = np.exp(-np.clip(inside, 0, None) / (np.float32(0.45) * micro)) * np.clip(np.float32(0.7) + side, 0, 1.3)
    court = np.exp(-np.abs(nucleus.inside) / (np.float32(0.8) * micro)) * np.clip(-side, 0, 1)
    court = 1 - np.float32(0.8) * court
    mottle = 1 + np.float32(0.24) * canvas.grain(0.42) + np.float32(0.12) * canvas.grain(0.18)
    rim = np.float32(build.rim * rng.uniform(0.3, 1.0))
    return np.asarray(np.clip((strength * court + rim * edge) * mottle, 0, None), np.float32)


def _granules(kind: Kind, build: Build, canvas: Canvas) -> Plane:
    coarse = kind == "eosinophil"
    dots = np.clip(canvas.grain(0.2 if coarse else 0.17) + np.float32(0.25 if coarse else -0.4), 0, 1.3)
    clouds = 1 + np.float32(0.15) * canvas.grain(1.0)
    strength = np.float32(canvas.rng.uniform(0.75, 1.25))
    return np.asarray((np.float32(build.granules) * clouds + np.float32(build.speckle) * dots) * strength, np.float32)


def _vacuoles(canvas: Canvas, radius: float, most: int) -> Plane:
    """What is left of the cytoplasm between up to ``most`` clear bubbles."""
    rng, micro = canvas.rng, canvas.micro
    left = np.ones(canvas.at.shape, np.float32)
    for _ in range(int(rng.integers(0, most + 1))):
        angle, away = rng.uniform(0, 2 * np.pi), radius * rng.uniform(0.4, 0.95)
        place = (away * float(np.cos(angle)), away * float(np.sin(angle)))
        hole = outlines.disc(canvas.at, place, micro * rng.uniform(0.2, 0.6))
        left *= 1 - np.float32(0.75) * outlines.filled(hole, 0.18 * micro)
    return left
