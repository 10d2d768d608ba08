"""An arrow drawn on a healthy field is no blast: in ALL-IDB1, arrows point at blasts only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from allcad_core.analysis import analyse
from allcad_core.detection.base import iou
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


def news(found: FieldAnalysis, before: FieldAnalysis) -> list[tuple[float, ...]]:
    """Boxes of the blasts that are shown where half as sure a blast was not seen before.

    So a box whose score wavers about the line that hides it is no news, and a healthy cell that turns into a blast is.
    """
    seen = [cell.box for cell in before.every_cell if cell.label == "blast" and cell.score >= before.confidence / 2]
    shown = [cell.box for cell in found.cells if cell.label == "blast"]
    return [box for box in shown if not seen or iou(np.array([box]), np.array(seen)).max() < 0.5]


@cache
def bare(recipe: str) -> FieldAnalysis:
    return analyse(image(plain()), recipe, device="cpu")


@pytest.mark.slow
@pytest.mark.parametrize("recipe", [entry.name for entry in recipes()])
@pytest.mark.parametrize("arrows", [glowing, red])
def test_arrows_on_a_healthy_field_add_no_blast(recipe: str, arrows: Callable[[], np.ndarray]) -> None:
    assert news(analyse(image(arrows()), recipe, device="cpu"), bare(recipe)) == []


def test_a_blast_that_was_not_there_before_is_news() -> None:
    before = bare("regions")
    turned = replace(before.cells[0], label="blast", score=0.9)
    assert news(before, before) == []
    assert news(replace(before, every_cell=(turned, *before.every_cell[1:])), before) == [turned.box]
