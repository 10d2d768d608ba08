"""An arrow drawn on a healthy field is no blast: in ALL-IDB1, arrows point at blasts only."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from allcad_core.analysis import analyse
from allcad_core.images import SmearImage, read
from allcad_core.recipes import recipes
from allcad_core.results import FieldAnalysis
from allcad_core.synthesis import Scene, generate

SEED = 11
HEALTHY = Scene(blast_fraction=0.0, arrows=0)


def image(pixels: np.ndarray) -> SmearImage:
    done, coded = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    assert done
    return read(coded.tobytes())


@cache
def plain() -> np.ndarray:
    return generate(SEED, (1280, 960), HEALTHY).pixels


def glowing() -> np.ndarray:
    """The same field with the glowing arrows that the generator draws."""
    return generate(SEED, (1280, 960), replace(HEALTHY, arrows=4)).pixels


def red() -> np.ndarray:
    """The same with flat red arrows, as in some fields of ALL-IDB1."""
    drawn = plain().copy()
    for x, y in ((300, 250), (800, 500), (1000, 150)):
        cv2.arrowedLine(drawn, (x, y), (x + 120, y + 90), (230, 20, 20), 7, cv2.LINE_AA, tipLength=0.3)
    return drawn


def blasts(found: FieldAnalysis) -> int:
    return sum(cell.label == "blast" for cell in found.cells)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", [entry.name for entry in recipes()])
@pytest.mark.parametrize("arrows", [glowing, red])
def test_arrows_on_a_healthy_field_add_no_blast(recipe: str, arrows: object) -> None:
    bare = blasts(analyse(image(plain()), recipe, device="cpu"))
    pointed = blasts(analyse(image(arrows()), recipe, device="cpu"))  # type: ignore[operator]
    assert pointed <= bare
