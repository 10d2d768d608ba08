"""What a generated smear shows: every effect of the generator as one parameter."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

import numpy as np

from allcad_core.errors import AllcadError

Kind = Literal["blast", "lymphocyte", "neutrophil", "monocyte", "eosinophil"]
HEALTHY_KINDS: tuple[Kind, ...] = ("lymphocyte", "neutrophil", "monocyte", "eosinophil")

RED_CELL_UM = 7.5
"""Diameter of a generated red cell, micrometres; all other sizes are given beside it. Those of dry smears measure 7.2 in the
mean (``quality.RED_CELL_UM``), within a spread that holds this one too."""

RGB = tuple[float, float, float]


class SceneError(AllcadError, ValueError):
    """A scene, size or seed that cannot be generated. The message names the parameter and its range."""


@dataclass(frozen=True, slots=True)
class Stain:
    """A Romanowsky stain as a camera renders it.

    Each vector is the optical density (natural logarithm, of displayed values) that one unit of a stained substance
    takes from red, green and blue; one unit is what a typical cell holds. Densities add up along the light's way
    (Beer-Lambert), so a smear's colour is one small matrix. The numbers of ``STAINS`` lie where the cells of ALL-IDB do.
    """

    haemoglobin: RGB = (0.12, 0.30, 0.25)
    chromatin: RGB = (0.54, 1.35, 0.20)
    cytoplasm: RGB = (0.38, 0.45, 0.06)
    granules: RGB = (0.10, 0.50, 0.11)

    def matrix(self, strength: float = 1.0) -> np.ndarray[Any, np.dtype[np.float32]]:
        """float32 (3, 4): optical density of red, green, blue for a unit of each substance."""
        vectors = (self.haemoglobin, self.chromatin, self.cytoplasm, self.granules)
        return np.asarray(vectors, np.float32).T * np.float32(strength)


STAINS: dict[str, Stain] = {
    "violet": Stain((0.17, 0.36, 0.28), (0.87, 2.35, 0.37), (0.44, 0.54, 0.10), (0.13, 0.56, 0.15)),
    "rose": Stain((0.11, 0.29, 0.25), (0.39, 1.11, 0.15), (0.36, 0.41, 0.04), (0.09, 0.49, 0.10)),
    "pale": Stain((0.07, 0.22, 0.19), (0.38, 0.90, 0.05), (0.40, 0.39, 0.03), (0.08, 0.44, 0.07)),
    "grey": Stain((0.15, 0.20, 0.17), (0.43, 1.02, 0.11), (0.43, 0.45, 0.04), (0.10, 0.44, 0.10)),
    "deep": Stain((0.08, 0.34, 0.28), (0.61, 1.21, 0.25), (0.46, 0.50, 0.07), (0.11, 0.54, 0.12)),
}
"""Stains as five laboratories might get them, from dark violet to washed out."""


def _check(low: float, high: float, unit: str = "") -> dict[str, Any]:
    return {"low": low, "high": high, "unit": unit}


@dataclass(frozen=True, slots=True)
class Scene:
    """A smear and the microscope that looks at it. All lengths in micrometres, all densities per mm² of glass.

    Attributes:
        magnification: pixels per micrometre; 8.8 shows a red cell 66 pixels wide.
        red_coverage: share of the ground that red cells would cover side by side, 0..0.75.
        overlap: share of red cells that lie partly on another one, 0..1.
        red_size_spread: standard deviation of red cell diameters, as a share of the mean (anisocytosis).
        red_shape: how far red cells are from round, 0 (discs) to 1 (teardrops, facets, ovals).
        pallor: depth of the red cells' bright centre, 0 (none) to 1 (rings).
        white_density: white cells per mm²; there is at least one where it is above 0.
        blast_fraction: share of blasts among white cells, 0..1, rounded to whole cells.
        clustering: share of white cells that touch another one.
        mix: shares of lymphocytes, neutrophils, monocytes, eosinophils among healthy cells; need not sum to 1.
        platelet_density: platelets per mm² that settle; most of those that fall on cells are not shown.
        smudge_density: crushed cells per mm²; they carry no label.
        debris_density: specks of dust and precipitate per mm².
        stain: what each substance takes from the light.
        stain_strength: factor on all optical densities.
        nuclear_strength: further factor on nuclei, cytoplasm and granules.
        ground: red, green, blue of the empty ground, 0..255.
        vignetting: loss of light from the middle to the corners, as a share.
        unevenness: slow waves of the illumination, as a share.
        light_centre: where it is brightest, as shares of width and height.
        defocus: standard deviation of the blur, micrometres.
        focus_spread: how much the focus differs from cell to cell, as a share of ``defocus``.
        aberration: shift of red against blue, micrometres (coloured rims).
        noise: standard deviation of the camera's noise, grey levels.
        arrows: number of pointers drawn into the picture, each at a white cell.
        scale_bar: a bar of 10 micrometres at the lower right.

    Raises:
        SceneError: a parameter is outside its range.
    """

    magnification: float = field(default=8.8, metadata=_check(1.5, 25))
    red_coverage: float = field(default=0.42, metadata=_check(0, 0.75))
    overlap: float = field(default=0.3, metadata=_check(0, 1))
    red_size_spread: float = field(default=0.06, metadata=_check(0, 0.25))
    red_shape: float = field(default=0.4, metadata=_check(0, 1))
    pallor: float = field(default=0.35, metadata=_check(0, 1))
    white_density: float = field(default=450.0, metadata=_check(0, 6000))
    blast_fraction: float = field(default=0.5, metadata=_check(0, 1))
    clustering: float = field(default=0.15, metadata=_check(0, 1))
    mix: tuple[float, float, float, float] = (0.42, 0.42, 0.11, 0.05)
    platelet_density: float = field(default=2200.0, metadata=_check(0, 40000))
    smudge_density: float = field(default=25.0, metadata=_check(0, 2000))
    debris_density: float = field(default=120.0, metadata=_check(0, 5000))
    stain: Stain = field(default_factory=Stain)
    stain_strength: float = field(default=1.0, metadata=_check(0.2, 3))
    nuclear_strength: float = field(default=1.0, metadata=_check(0.2, 3))
    ground: RGB = (165.0, 162.0, 151.0)
    vignetting: float = field(default=0.05, metadata=_check(0, 0.6))
    unevenness: float = field(default=0.012, metadata=_check(0, 0.2))
    light_centre: tuple[float, float] = (0.48, 0.45)
    defocus: float = field(default=0.12, metadata=_check(0, 3))
    focus_spread: float = field(default=0.25, metadata=_check(0, 1))
    aberration: float = field(default=0.05, metadata=_check(0, 0.4))
    noise: float = field(default=1.6, metadata=_check(0, 30))
    arrows: int = field(default=0, metadata=_check(0, 20))
    scale_bar: bool = False

    def __post_init__(self) -> None:
        for part in fields(self):
            value = getattr(self, part.name)
            if part.metadata and not part.metadata["low"] <= value <= part.metadata["high"]:
                low, high = part.metadata["low"], part.metadata["high"]
                raise SceneError(f"{part.name} is {value}, but must lie from {low} to {high}.")
        if min(self.mix) < 0 or not sum(self.mix) > 0:
            raise SceneError(f"mix is {self.mix}, but must hold shares of which one is above 0.")
        if not all(0 < level <= 255 for level in self.ground):
            raise SceneError(f"ground is {self.ground}, but must lie above 0 and up to 255.")

    def pixels(self, micrometres: float) -> float:
        """A length in pixels."""
        return micrometres * self.magnification

    @property
    def blur_reach(self) -> float:
        """How far the most defocused thing is blurred beyond its outline, pixels."""
        return self.pixels(3 * self.defocus * (1 + self.focus_spread))

    def expected(self, density: float, width: int, height: int) -> float:
        """How many of something of ``density`` per mm² lie on ``width`` x ``height`` pixels."""
        return density * width * height / (self.magnification * 1000.0) ** 2

    def to_dict(self) -> dict[str, Any]:
        """All parameters in plain types, for a manifest."""
        return asdict(self)


def draw_scene(seed: int) -> Scene:
    """A scene as one of many laboratories might photograph it. The same seed gives the same scene."""
    rng = np.random.default_rng([seed, 1])
    name = str(rng.choice(list(STAINS)))
    level = {"violet": 164.0, "rose": 164.0, "pale": 168.0, "grey": 166.0, "deep": 130.0}[name] * rng.uniform(
        0.94, 1.08
    )
    warmth = {"violet": 0.985, "rose": 0.9, "pale": 0.89, "grey": 0.92, "deep": 0.88}[name] * rng.uniform(0.98, 1.02)
    leukaemic = rng.random() < 0.65
    return Scene(
        magnification=float(rng.uniform(8.0, 9.8)),
        red_coverage=float(rng.uniform(0.28, 0.56)),
        overlap=float(rng.uniform(0.1, 0.55)),
        red_size_spread=float(rng.uniform(0.04, 0.1)),
        red_shape=float(rng.uniform(0.15, 0.7)),
        pallor=float(rng.uniform(0.08, 0.6)),
        white_density=float(rng.uniform(350, 900) if leukaemic else rng.uniform(90, 300)),
        blast_fraction=float(rng.uniform(0.4, 1.0)) if leukaemic else 0.0,
        clustering=float(rng.uniform(0.0, 0.45)) if leukaemic else 0.05,
        platelet_density=float(math.exp(rng.uniform(math.log(300), math.log(5000)))),
        smudge_density=float(rng.uniform(0, 160)) if leukaemic else float(rng.uniform(0, 25)),
        debris_density=float(rng.uniform(30, 250)),
        stain=STAINS[name],
        stain_strength=float(rng.uniform(0.88, 1.12)),
        nuclear_strength=float(rng.uniform(0.9, 1.1)),
        ground=(level, level * float(rng.uniform(0.965, 1.0)), level * warmth),
        vignetting=float(rng.uniform(0.02, 0.09)),
        unevenness=float(rng.uniform(0.004, 0.02)),
        light_centre=(float(rng.uniform(0.4, 0.6)), float(rng.uniform(0.35, 0.6))),
        defocus=float(rng.uniform(0.08, 0.2)),
        aberration=float(rng.uniform(0.0, 0.1)),
        noise=float(rng.uniform(1.0, 2.6)),
        arrows=int(rng.random() < 0.08),
    )
