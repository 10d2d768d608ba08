"""The small pictures on the cards of the steps, all cut around one cell so that something is seen on them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core.ui import media, state
from allcad_core.ui.lab import told, work
from allcad_core.ui.lab.case import Case
from allcad_core.ui.lab.work import Found, Plane

INK = "#211C28"
AROUND = 1.3
"""A card shows this many diameters of its cell each way."""


def cards(case: Case, result: Found, steps: list[told.Stage]) -> media.Sprite:
    """A picture for each step, in their order."""
    names = tuple(step.name for step in steps)
    key = ("lab", case.smear.key, "cards", result.method, result.threshold, case.truth and case.truth.name, case.part)
    return state.remember((*key, names), lambda: media.sprite([_tile(name, case, result) for name in names]))


def _tile(name: told.StageName, case: Case, result: Found) -> Plane:
    tile = _drawn(name, case, result, window(result, case.smear.image.pixels.shape))
    return media.thumbnail(np.ascontiguousarray(tile), media.TILE, media.TILE)


def _drawn(name: told.StageName, case: Case, result: Found, part: tuple[slice, slice]) -> Plane:
    pixels, plane = case.smear.image.pixels[part], result.plane[part]
    if name in {"grey", "feature", "clusters"}:
        return _looked_at(name, case, result, part)
    if name == "cut":
        return np.where((plane > work.OUTSIDE)[..., None], pixels, np.uint8(255))
    if name == "regions":
        return _outlined(pixels, result, part)
    if name == "truth" and case.truth is not None:
        kind = work.mask_of(plane, case.part) + 2 * case.truth.mask(case.part)[part]
        return _laid(pixels, kind, {1: told.AMBER, 2: told.BLUE, 3: told.AUBERGINE}, 1.0)
    return _laid(pixels, plane, {work.NUCLEUS: told.AUBERGINE, work.CYTOPLASM: told.PALE}, told.COVER)


def _looked_at(name: told.StageName, case: Case, result: Found, part: tuple[slice, slice]) -> Plane:
    """What a method looks at before there is a mask."""
    if name == "feature":
        deep = cv2.resize(work.purple(case.smear), case.size)[part][..., None] / 255
        low, high = (np.array(rgb(colour)) for colour in told.DENSITY)
        return np.asarray(low + (high - low) * deep, np.uint8)
    bright = work.brightness(case.smear)
    grey = bright.grey[part]
    if name == "grey":
        return np.repeat(grey[..., None], 3, axis=2)
    kind = np.digitize(grey, [cluster.high + 1 for cluster in bright.clusters[:2]])
    if result.threshold is not None:
        kind = np.where(grey <= result.threshold, 0, kind)
    return np.array([rgb(told.AUBERGINE), rgb(told.ROSE), rgb(told.GROUND)], np.uint8)[kind]


def _laid(pixels: Plane, kind: NDArray[np.int_] | Plane, colours: dict[int, str], strength: float) -> Plane:
    tile = pixels.copy()
    for code, colour in colours.items():
        at = kind == code
        tile[at] = (pixels[at] * (1 - strength) + np.array(rgb(colour)) * strength).astype(np.uint8)
    return tile


def _outlined(pixels: Plane, result: Found, part: tuple[slice, slice]) -> Plane:
    tile = pixels.copy()
    thick = max(2, tile.shape[0] // 60)
    for region in result.regions:
        points = (np.array(region.outline) - (part[1].start, part[0].start)) / (part[1].step, part[0].step)
        for colour, width in (((255, 255, 255), 2 * thick), (rgb(INK), thick)):
            cv2.polylines(tile, [np.round(points).astype(np.int32)], True, colour, width, cv2.LINE_AA)
    return tile


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green, blue of ``#RRGGBB``."""
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def window(result: Found, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of a square around the largest whole region, the middle of the picture where there is none.

    Of a large square every second, third, ... pixel is enough for a card.
    """
    height, width = shape[:2]
    whole = [region for region in result.regions if not region.at_border] or list(result.regions)
    largest = max(whole, key=lambda region: region.nucleus_area, default=None)
    middle = (width / 2, height / 2) if largest is None else largest.centroid
    reach = min(height, width) / 4 if largest is None else AROUND * largest.diameter
    side = int(np.clip(2 * reach, min(32, height, width), min(height, width)))
    x, y = (int(np.clip(at - side / 2, 0, edge - side)) for at, edge in zip(middle, (width, height), strict=True))
    step = max(1, side // (2 * media.TILE))
    return slice(y, y + side, step), slice(x, x + side, step)
