"""White cells by their stain: optical density against the ground, purple apart from red, touching cells split.

Romanowsky stains colour nuclei and blue cytoplasm so that they absorb red and green more than blue, whereas
haemoglobin absorbs blue and green and lets red pass. With the optical density OD = log10(ground / light) of each channel
(Beer-Lambert), ``purple = (OD_red + OD_green) / 2 - OD_blue`` therefore holds white cells and platelets alone. Strong
purple is a nucleus. Cytoplasm is pale, so not its purple tells it from red cells but its share of all that it absorbs,
``hue = purple / (|OD_red| + |OD_green| + |OD_blue|)``, seen against the hue of the picture's own red cells. Within a cell
the nucleus absorbs most green; ``nuclei.py`` parts the two, cell by cell.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import compress

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core.devices import Device
from allcad_core.ground import ground_colour
from allcad_core.segmentation.base import Mask, Pixels, Segmentation
from allcad_core.segmentation.constants import SHIPPED, Constants
from allcad_core.segmentation.nuclei import nuclei
from allcad_core.segmentation.paper import grey_array
from allcad_core.segmentation.regions import Windows, describe, upscale, windows_of
from allcad_core.segmentation.splitting import (
    CONVEX,
    area_of,
    disc,
    fill_holes,
    grow,
    is_crop,
    join_lobes,
    keep_nucleated,
    renumbered,
    solidity,
    split,
    without_neighbours,
)

LONG_SIDE = 1296
"""Larger pictures are worked on at this length of their long side: half of a 5-megapixel camera's."""
ROWS_AT_ONCE = 32
"""Bands of this height stay in the processor's cache while their densities are computed."""
NUCLEUS_PURPLE = (0.06, 0.20)
"""Otsu's threshold between nuclei and the rest is held between these purple densities."""
FAINT_PURPLE = 0.03
"""Less than this is ground, and takes no part in finding the threshold of nuclei."""
CORE_PURPLE, CORE_HOLE = 0.045, 0.2
"""Least purple density of the core of a white cell, by which touching cells are told apart; its holes under the second,
in red-cell diameters, are filled, larger ones are ground between touching cells."""
FAINTEST_RED_CELL = 0.02
"""Otsu's threshold between ground and red cells is not believed under this mean density: there is ground alone."""
FEWEST_REDS = 0.03
"""Red cells that cover less of a picture than this do not tell their hue."""
RED_QUANTILE = 0.3
"""Of the hue of what absorbs and is no nucleus: among red cells, even where cytoplasm takes half of it."""
FALLBACK_RED_CELL = 1 / 28
"""Diameter of a red cell as a share of the long side, where a picture shows neither red cells nor nuclei."""
NUCLEUS_TO_RED_CELL = 1.3
"""Typical diameter of a nucleus over that of a red cell: the scale where no lone red cell is seen."""
LOBES, LOBES_APART, WIDER = 5, 0.8, 1.5
"""A nucleus has so many lobes at most; they lie closer together than the second, in red-cell diameters guessed from the
largest of them; and it has up to so many times the diameter that they tell one by one."""
RED_OVER_INSCRIBED = 1.25
"""Diameter of a red cell over that of the largest disc in what is seen of them, on crops of ALL-IDB2 beside their fields."""
SPECK, OF_ONE = 0.1, 2 / 3
"""Pieces under this share of the largest are no lobes; those of one nucleus hold more than this share of all."""
LARGEST_CELL, SMALLEST_NUCLEUS = 3.0, 0.5
"""Diameters of a lone cell at most and of a nucleus in it at least, in red-cell diameters."""
OWN_HUE, OWN_PURPLE = 0.85, 0.7
"""Regions under both shares of the hue and the purple of the picture's nuclei are bluish red cells."""
NUCLEAR = 0.6
"""Regions above this share of the most purple one tell the hue of nuclei, by its highest tenth."""


@dataclass(frozen=True, eq=False)
class _Light:
    """A picture smoothed, uint8 (height, width, 3), and its densities, float32 (height, width)."""

    smooth: Pixels
    mean: NDArray[np.float32]
    purple: NDArray[np.float32]
    hue: NDArray[np.float32]


def stain(pixels: Pixels, device: Device, constants: Constants = SHIPPED) -> Segmentation:
    """Nucleus and whole cell by stain, touching cells split by a watershed on the distance map."""
    height, width = pixels.shape[:2]
    small, shrink = _working(pixels)
    light = _light(small)
    sure, absorbing, cell = _layers(light, constants)
    diameter, unit = _scale(sure, absorbing & ~cell)
    with ThreadPoolExecutor(1) as beside:  # neither needs the other, and OpenCV lets a second processor work
        bodies = beside.submit(_bodies, cell, absorbing, sure, unit, constants)
        core = sure | (light.purple > _core_threshold(light.purple, absorbing))
        cores = join_lobes(split(_clean(core, CORE_HOLE * unit, constants.thread * unit), unit), unit)
        cores = keep_nucleated(cores, sure, unit, smallest=0)
    labels = keep_nucleated(grow(cores, bodies.result(), unit), sure, unit)
    if is_crop(labels.shape, unit):
        labels = without_neighbours(labels)
        windows = windows_of(labels)
    else:
        labels, windows = without_red_cells(labels, light.hue, light.purple)
    nucleus = nuclei(light.smooth, sure, labels, unit, constants, windows)
    grey = grey_array(small, device)
    return Segmentation(
        "stain",
        upscale(nucleus, (height, width)),
        upscale(labels > 0, (height, width)),
        np.asarray(cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST), np.int32),
        describe(labels, nucleus, grey, 1 / shrink, windows),
        red_cell_diameter=None if diameter is None else diameter / shrink,
    )


def scale_of(pixels: Pixels) -> tuple[float | None, float]:
    """Diameter of a red cell in px: the median of lone red cells, ``None`` without them; and that, or the best guess."""
    small, shrink = _working(pixels)
    sure, absorbing, cell = _layers(_light(small), SHIPPED)
    diameter, unit = _scale(sure, absorbing & ~cell)
    return None if diameter is None else diameter / shrink, unit / shrink


def _working(pixels: Pixels) -> tuple[Pixels, float]:
    """The picture at working size, and that over its own."""
    height, width = pixels.shape[:2]
    shrink = min(1.0, LONG_SIDE / max(height, width))
    if shrink == 1:
        return pixels, shrink
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8), shrink


def _layers(light: _Light, constants: Constants) -> tuple[Mask, Mask, Mask]:
    """What is purple enough for a nucleus, what absorbs besides, and what has the hue of white cells."""
    sure = light.purple > _nucleus_threshold(light.purple)
    absorbing = _absorbing(light.mean, sure)
    return sure, absorbing, sure | _coloured(light, sure, absorbing, constants)


def _scale(sure: Mask, reds: Mask) -> tuple[float | None, float]:
    """Diameter of red cells in px where lone ones are seen; and that, or a guess from nuclei, or from the size."""
    diameter = red_cell_diameter(reds)
    return diameter, diameter or _scale_by_nuclei(sure, reds) or FALLBACK_RED_CELL * max(sure.shape)


def _light(pixels: Pixels) -> _Light:
    smooth = np.asarray(cv2.GaussianBlur(pixels, (5, 5), 1.0), np.uint8)
    ground = ground_colour(pixels)
    mean, purple, hue = (np.empty(smooth.shape[:2], np.float32) for _ in range(3))
    for top in range(0, len(smooth), ROWS_AT_ONCE):
        band = slice(top, top + ROWS_AT_ONCE)
        red, green, blue = _densities(smooth[band], ground)
        both = red + green
        mean[band] = (both + blue) / 3
        purple[band] = both / 2 - blue
        whole = np.abs(red) + np.abs(green) + np.abs(blue)
        hue[band] = purple[band] / np.maximum(whole, np.float32(FAINTEST_RED_CELL))
    return _Light(smooth, mean, purple, hue)


def optical_density(pixels: Pixels) -> tuple[NDArray[np.float32], ...]:
    """OD of each channel against the ground, slightly smoothed: red, green, blue, each float32 (height, width)."""
    return _densities(np.asarray(cv2.GaussianBlur(pixels, (5, 5), 1.0), np.uint8), ground_colour(pixels))


def _densities(smooth: Pixels, ground: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
    level = np.arange(1, 257, dtype=np.float32)
    tables = np.log10((ground[:, None] + 1) / level)
    return tuple(
        np.asarray(cv2.LUT(plane, table), np.float32) for plane, table in zip(cv2.split(smooth), tables, strict=True)
    )


def _nucleus_threshold(purple: NDArray[np.float32]) -> float:
    from skimage.filters import threshold_otsu

    coloured = purple[purple > FAINT_PURPLE]
    low, high = NUCLEUS_PURPLE
    return float(np.clip(threshold_otsu(coloured), low, high)) if coloured.size > 16 else low


def _absorbing(mean: NDArray[np.float32], sure: Mask) -> Mask:
    """What absorbs light and is no nucleus: red cells, cytoplasm."""
    from skimage.filters import threshold_otsu

    rest = mean.ravel()[np.flatnonzero(~sure)[::4]]
    if rest.size < 16 or np.ptp(rest) == 0:
        return np.zeros_like(sure)
    return np.asarray((mean > max(float(threshold_otsu(rest)), FAINTEST_RED_CELL)) & ~sure)


def _coloured(light: _Light, sure: Mask, absorbing: Mask, constants: Constants) -> Mask:
    """What absorbs and has the hue of white cells."""
    around = cv2.dilate(sure.view(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    reds = light.hue.ravel()[np.flatnonzero(absorbing & ~around)[::4]]
    red = float(np.quantile(reds, RED_QUANTILE)) if 4 * reds.size > FEWEST_REDS * sure.size else 0.0
    strongest = cv2.dilate(cv2.blur(light.mean, (3, 3)), np.ones((7, 7), np.uint8))
    dense = light.mean > np.maximum(constants.density, constants.edge * strongest)
    return np.asarray(dense & (light.hue > max(constants.least_hue, red + constants.hue)))


def _scale_by_nuclei(sure: Mask, reds: Mask) -> float | None:
    """A red cell's diameter guessed from the area-weighted median diameter of the nuclei.

    Pieces close together are lobes of one nucleus where that makes the picture the crop of one cell, unless what absorbs
    away from them, red cells for short, shows that it is none.
    """
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(sure.view(np.uint8))
    areas = np.asarray(stats[1:, cv2.CC_STAT_AREA], np.int32)
    if areas.size == 0:
        return None
    unit = _median_diameter(areas) / NUCLEUS_TO_RED_CELL
    count = int((areas >= SPECK * areas.max()).sum())
    if not 2 <= count <= LOBES or not is_crop(sure.shape, WIDER * unit):
        return unit
    away = reds & (cv2.distanceTransform((~sure).view(np.uint8), cv2.DIST_L2, 5) > LOBES_APART * unit)
    if float(away.mean()) > FEWEST_REDS and not is_crop(sure.shape, RED_OVER_INSCRIBED * _inscribed(away)):
        return unit
    most = _joined(np.asarray(pieces, np.int32), LOBES_APART * unit)
    together = _median_diameter(np.asarray([most], np.int32)) / NUCLEUS_TO_RED_CELL
    return together if most > OF_ONE * areas.sum() and is_crop(sure.shape, together) else unit


def _inscribed(mask: Mask) -> float:
    """Diameter of the largest disc in a mask, px; the edge of the picture bounds it."""
    return 2 * float(cv2.distanceTransform(np.pad(mask, 1).view(np.uint8), cv2.DIST_L2, 5).max())


def _joined(pieces: NDArray[np.int32], reach: float) -> int:
    """Pixels of the largest group of pieces closer together than ``reach`` px, without those that the edge cuts."""
    cut = np.unique(np.concatenate([pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]]))
    whole = (pieces > 0) & ~np.isin(pieces, cut)
    apart = cv2.distanceTransform((~whole).view(np.uint8), cv2.DIST_L2, 5)
    _, groups = cv2.connectedComponents((apart <= reach / 2).view(np.uint8))
    return int(np.bincount(groups[whole], minlength=2)[1:].max())


def _median_diameter(areas: NDArray[np.integer]) -> float:
    """Diameter of the disc of the area-weighted median of areas, px."""
    order = np.sort(areas.astype(np.float64))
    share = np.cumsum(order)
    return float(np.sqrt(4 / np.pi * order[int(np.searchsorted(share, share[-1] / 2))]))


def red_cell_diameter(mask: Mask) -> float | None:
    """Median diameter in px of lone red cells: round, convex components that do not touch the edge.

    Fewer than three of them give ``None``.
    """
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    contours, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    height, width = mask.shape
    diameters = []
    for contour in contours:
        area = cv2.contourArea(contour)
        x, y, w, h = cv2.boundingRect(contour)
        at_border = x <= 1 or y <= 1 or x + w >= width - 1 or y + h >= height - 1
        if area < 60 or at_border or max(w, h) > 1.5 * min(w, h):
            continue
        length = cv2.arcLength(contour, closed=True)
        if 4 * np.pi * area / length**2 > 0.72 and area > 0.9 * cv2.contourArea(cv2.convexHull(contour)):
            diameters.append(np.sqrt(4 * area / np.pi))
    if len(diameters) < 3:
        return None
    # Platelets and dirt are small and many; red cells hold most of the area, so the median is weighted by area.
    order = np.sort(np.asarray(diameters))
    share = np.cumsum(order**2)
    return float(order[int(np.searchsorted(share, share[-1] / 2))])


def _core_threshold(purple: NDArray[np.float32], absorbing: Mask) -> float:
    """Purple density from which a pixel belongs to the core of a white cell: above that of nine tenths of the red cells."""
    reds = purple[absorbing]
    if reds.size < 0.02 * purple.size:
        return CORE_PURPLE
    return max(CORE_PURPLE, float(np.quantile(reds, 0.9)))


def _clean(mask: Mask, hole: float, thread: float) -> Mask:
    """Holes under one diameter filled, threads under the other removed."""
    return cv2.morphologyEx(fill_holes(mask, area_of(hole)), cv2.MORPH_OPEN, disc(thread)).astype(bool)


def _bodies(cell: Mask, absorbing: Mask, sure: Mask, unit: float, constants: Constants) -> Mask:
    """Whole cells: what has the hue of white cells, and what stands alone around a nucleus."""
    body = _clean(cell, constants.cell_hole * unit, constants.thread * unit)
    return body | _lone(cell | absorbing, sure, unit, constants)


def _lone(stained: Mask, sure: Mask, unit: float, constants: Constants) -> Mask:
    """Convex bodies around a nucleus that touch nothing else: cells, whatever the hue of their cytoplasm."""
    stained = _clean(stained, constants.cell_hole * unit, constants.thread * unit)
    count, pieces = cv2.connectedComponents(stained.view(np.uint8), connectivity=4)
    within = np.bincount(pieces[sure], minlength=count)
    windows = windows_of(np.asarray(pieces, np.int32))
    lone = np.zeros(stained.shape, bool)
    for number in np.flatnonzero(within[1:] >= area_of(SMALLEST_NUCLEUS * unit)) + 1:
        window = windows[int(number)]
        inside = pieces[window] == number
        if np.count_nonzero(inside) <= area_of(LARGEST_CELL * unit) and solidity(inside) >= CONVEX:
            lone[window] |= inside
    return lone


def without_red_cells(
    labels: NDArray[np.int32], hue: NDArray[np.float32], purple: NDArray[np.float32]
) -> tuple[NDArray[np.int32], Windows]:
    """The labels without red cells that a bluish stain made purple, numbered anew; and where each lies.

    In such pictures Otsu's threshold lets them pass for nuclei; beside real ones they are paler and less pure in hue.

    Args:
        labels: int32 (height, width), one number a region, none left out.
        hue: float32 (height, width), share of purple in what is absorbed.
        purple: float32 (height, width), purple density.
    """
    windows = windows_of(labels)
    if len(windows) < 2:
        return labels, windows
    masks = [labels[window] == number for number, window in windows.items()]
    hues, purples = (
        np.asarray(
            [np.quantile(plane[window][mask], 0.75) for window, mask in zip(windows.values(), masks, strict=True)]
        )
        for plane in (hue, purple)
    )
    own = float(np.quantile(hues[purples >= NUCLEAR * purples.max()], 0.9))
    keep = (hues >= OWN_HUE * own) | (purples >= OWN_PURPLE * purples.max())
    if keep.all():
        return labels, windows
    numbers = np.concatenate([[0], np.cumsum(keep) * keep]).astype(np.int32)
    return renumbered(labels, numbers), dict(enumerate(compress(windows.values(), keep), start=1))
