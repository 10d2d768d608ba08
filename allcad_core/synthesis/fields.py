"""A whole field at once: pixels, cells and masks in memory."""

from __future__ import annotations

from dataclasses import dataclass

from allcad_core.synthesis.camera import Pixels
from allcad_core.synthesis.scene import Scene, SceneError, draw_scene
from allcad_core.synthesis.smear import GeneratedCell, Labels, Smear

SMALLEST, LARGEST = 64, 32_768
"""Pixels a side. Beyond a few thousand, paint windows of a ``Smear`` or write a slide."""


@dataclass(frozen=True, eq=False)
class GeneratedField:
    """A generated photograph and the truth about it.

    Attributes:
        pixels: uint8 (height, width, 3), RGB.
        cells: its white cells; crushed ones and platelets are no cells to count.
        nuclei: int32 (height, width), the number of the cell whose nucleus it is, 0 elsewhere.
        bodies: the same for the whole cell, nucleus and cytoplasm.
        seed: what it was made from.
        scene: what it shows.
    """

    pixels: Pixels
    cells: tuple[GeneratedCell, ...]
    nuclei: Labels
    bodies: Labels
    seed: int
    scene: Scene


def generate(seed: int, size: tuple[int, int] = (1280, 960), scene: Scene | None = None) -> GeneratedField:
    """Generate a field.

    Args:
        seed: 0 or above; the same seed, size and scene give the same field.
        size: width, height in pixels.
        scene: what it shows; ``None`` draws one from the seed.

    Raises:
        SceneError: the seed is negative or the size is out of range.
    """
    smear = lay(seed, size, scene)
    window = (0, 0, *size)
    nuclei, bodies = smear.masks(window)
    return GeneratedField(smear.pixels(window), smear.cells, nuclei, bodies, seed, smear.scene)


def lay(seed: int, size: tuple[int, int], scene: Scene | None = None) -> Smear:
    """The smear of a field or slide, laid out and not yet painted. Arguments and errors as ``generate``."""
    if seed < 0:
        raise SceneError(f"The seed is {seed}, but must be 0 or above.")
    if not all(SMALLEST <= side <= LARGEST for side in size):
        raise SceneError(f"The size is {size[0]}x{size[1]}, but each side must measure {SMALLEST} to {LARGEST} pixels.")
    return Smear(scene or draw_scene(seed), size, seed)
