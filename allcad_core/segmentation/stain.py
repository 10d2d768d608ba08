"""White cells by their stain: optical density against the ground, purple apart from red, touching cells split.

Romanowsky stains colour nuclei and blue cytoplasm so that they absorb red and green more than blue, whereas
haemoglobin absorbs blue and green and lets red pass. With the optical density OD = log10(ground / light) of each channel
(Beer-Lambert), ``purple = (OD_red + OD_green) / 2 - OD_blue`` therefore holds white cells and platelets alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core.ground import ground_colour
from allcad_core.segmentation.base import Mask, Pixels, Segmentation
from allcad_core.segmentation.paper import grey_levels
from allcad_core.segmentation.regions import describe, upscale

if TYPE_CHECKING:
    import torch

LONG_SIDE = 1296
"""Larger pictures are worked on at this length of their long side: half of a 5-megapixel camera's."""
NUCLEUS_PURPLE = (0.06, 0.20)
"""Otsu's threshold between nuclei and the rest is held between these purple densities."""
CELL_PURPLE = 0.045
"""Least purple density of a white cell; where red cells are greyish themselves, it lies above theirs."""
FAINT_PURPLE = 0.03
"""Less than this is ground, and takes no part in finding the threshold of nuclei."""
NUCLEUS_FLOOR = 0.10
"""Least density (red + purple) of a nucleus; cytoplasm alone must not be split into two by Otsu's threshold."""
FAINTEST_RED_CELL = 0.02
"""Otsu's threshold between ground and red cells is not believed under this mean density: there is ground alone."""
FALLBACK_RED_CELL = 1 / 28
"""Diameter of a red cell as a share of the long side, where a picture shows neither red cells nor nuclei."""
NUCLEUS_TO_RED_CELL = 1.3
"""Typical diameter of a nucleus over that of a red cell: the scale where no lone red cell is seen."""
SMALLEST_CELL = 0.62
"""Smallest white cell as a share of a red cell's diameter; platelets stay under it."""
LARGEST_LOBE = 1.05
"""A piece of nucleus under this diameter, in red-cell diameters, can be a lobe; whole nuclei are larger."""
LOBE_GAP = 0.35
"""Lobes of one nucleus lie closer together than this, in red-cell diameters."""
LARGEST_HOLE = 0.2
"""Holes under this diameter, in red-cell diameters, are filled; larger ones are ground between touching cells."""
SPLIT_DEPTH = 0.03
"""How much deeper than the saddle between them two cores must lie to be two cells, in red-cell diameters."""
COVERED = 0.8
"""A core whose inscribed disc is covered to more than this share by those of others is the gap between touching cells, no cell."""


def optical_density(pixels: Pixels) -> tuple[NDArray[np.float32], ...]:
    """OD of each channel against the ground, slightly smoothed: red, green, blue, each float32 (height, width)."""
    smooth = cv2.GaussianBlur(pixels, (5, 5), 1.0)
    light = np.arange(1, 257, dtype=np.float32)
    tables = np.log10((ground_colour(pixels)[:, None] + 1) / light)
    planes = zip(cv2.split(smooth), tables, strict=True)
    return tuple(np.asarray(cv2.LUT(plane, table), np.float32) for plane, table in planes)


def stain(pixels: Pixels, device: torch.device) -> Segmentation:
    """Nucleus and whole cell by stain, touching cells split by a watershed on the distance map."""
    height, width = pixels.shape[:2]
    shrink = min(1.0, LONG_SIDE / max(height, width))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    small = pixels if shrink == 1 else np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    red, green, blue = optical_density(small)
    purple = np.asarray((red + green) / 2 - blue, np.float32)
    mean = np.asarray((red + green + blue) / 3, np.float32)

    sure = purple > _nucleus_threshold(purple)
    absorbing = _absorbing(mean, sure)
    cell = sure | (purple > _cell_threshold(purple, absorbing))
    diameter = red_cell_diameter(absorbing & ~cell)
    unit = diameter or _scale_by_nuclei(sure) or FALLBACK_RED_CELL * max(size)
    cell = _clean(cell, unit)
    labels = _keep_nucleated(_join_lobes(_split(cell, unit), unit), sure, unit)
    cell = labels > 0
    nucleus = _nuclei(np.asarray(red + purple, np.float32), cell)
    grey = grey_levels(small, device).cpu().numpy()
    regions = describe(labels, nucleus, grey, 1 / shrink)
    return Segmentation(
        "stain",
        upscale(nucleus, (height, width)),
        upscale(cell, (height, width)),
        np.asarray(cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST), np.int32),
        regions,
        red_cell_diameter=None if diameter is None else diameter / shrink,
    )


def _nucleus_threshold(purple: NDArray[np.float32]) -> float:
    from skimage.filters import threshold_otsu

    coloured = purple[purple > FAINT_PURPLE]
    low, high = NUCLEUS_PURPLE
    return float(np.clip(threshold_otsu(coloured), low, high)) if coloured.size > 16 else low


def _absorbing(mean: NDArray[np.float32], sure: Mask) -> Mask:
    """What absorbs light and is no nucleus: red cells, cytoplasm."""
    from skimage.filters import threshold_otsu

    rest = mean[~sure][::4]
    if rest.size < 16 or np.ptp(rest) == 0:
        return np.zeros_like(sure)
    return np.asarray((mean > max(float(threshold_otsu(rest)), FAINTEST_RED_CELL)) & ~sure)


def _cell_threshold(purple: NDArray[np.float32], absorbing: Mask) -> float:
    """Purple density from which a pixel belongs to a white cell: above that of nine tenths of the red cells."""
    reds = purple[absorbing]
    if reds.size < 0.02 * purple.size:
        return CELL_PURPLE
    return max(CELL_PURPLE, float(np.quantile(reds, 0.9)))


def _scale_by_nuclei(sure: Mask) -> float | None:
    """A red cell's diameter guessed from the area-weighted median diameter of the nuclei."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(sure.astype(np.uint8))
    areas = np.sort(stats[1:, cv2.CC_STAT_AREA].astype(np.float64))
    if areas.size == 0:
        return None
    share = np.cumsum(areas)
    return float(np.sqrt(4 / np.pi * areas[int(np.searchsorted(share, share[-1] / 2))])) / NUCLEUS_TO_RED_CELL


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


def _disc(diameter: float) -> NDArray[np.uint8]:
    side = max(3, 2 * round(diameter / 2) + 1)
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _clean(mask: Mask, unit: float) -> Mask:
    """Holes filled, threads and platelets removed; ``unit`` is the diameter of a red cell in px."""
    contours, tree = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    filled = mask.astype(np.uint8)
    largest_hole = np.pi / 4 * (LARGEST_HOLE * unit) ** 2
    for contour, (_, _, _, parent) in zip(contours, tree[0] if tree is not None else (), strict=True):
        if parent >= 0 and cv2.contourArea(contour) < largest_hole:
            cv2.drawContours(filled, [contour], -1, 1, cv2.FILLED)
    opened = cv2.morphologyEx(filled, cv2.MORPH_OPEN, _disc(0.25 * unit))
    return opened.astype(bool)


def _split(mask: Mask, unit: float) -> NDArray[np.int32]:
    """One number a cell: watershed of the distance map from its deep enough maxima; small pieces dropped."""
    from skimage.segmentation import watershed

    distance = cv2.distanceTransform(np.pad(mask, 1, mode="edge").astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    distance = cv2.GaussianBlur(distance, (0, 0), max(0.5, 0.04 * unit))
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    labels = np.zeros(mask.shape, np.int32)
    found = 0
    for piece in range(1, count):
        x, y, w, h = (int(value) for value in stats[piece, :4])
        window = (slice(y, y + h), slice(x, x + w))
        inside = pieces[window] == piece
        markers = _cores(distance[window] * inside, max(SPLIT_DEPTH * unit, 0.1))
        cores = int(markers.max())
        parts = watershed(-distance[window], markers, mask=inside) if cores > 1 else inside.astype(np.int32)
        labels[window][inside] = parts[inside] + found
        found += max(cores, 1)
    return labels


def _join_lobes(labels: NDArray[np.int32], unit: float) -> NDArray[np.int32]:
    """Small pieces close together become one cell: the lobes of a neutrophil."""
    areas = np.bincount(labels.ravel())
    small = areas < np.pi / 4 * (LARGEST_LOBE * unit) ** 2
    small[0] = False
    pieces = small[labels].astype(np.uint8)
    reach = max(3, 2 * round(LOBE_GAP * unit / 2) + 1)
    _, joined = cv2.connectedComponents(cv2.morphologyEx(pieces, cv2.MORPH_CLOSE, _disc(reach)), connectivity=8)
    return np.where(pieces > 0, joined + areas.size, labels).astype(np.int32)


def _cores(distance: NDArray[np.float32], depth: float) -> NDArray[np.int32]:
    """Maxima of a distance map that stand ``depth`` px above the saddles between them, numbered.

    Seen from the highest maximum down, one counts when no earlier one lies in what holds together at ``depth`` under
    its top (the h-maxima of Soille 2003, section 6.3).
    """
    tops = (distance >= cv2.dilate(distance, np.ones((3, 3), np.uint8))) & (distance > 0)
    count, maxima = cv2.connectedComponents(tops.astype(np.uint8), connectivity=8)
    if count <= 2:
        return np.asarray(maxima, np.int32)
    _, first = np.unique(maxima, return_index=True)  # a pixel of each; number 0 is none of them
    heights = distance.ravel()[first]
    deep = np.zeros(count, bool)
    for number in 1 + np.argsort(-heights[1:], kind="stable"):
        together = (distance > heights[number] - depth).astype(np.uint8)
        pieces = cv2.connectedComponents(together, connectivity=8)[1]
        deep[number] = not deep[maxima[pieces == pieces.flat[first[number]]]].any()
    return _without_gaps(np.asarray((np.cumsum(deep) * deep)[maxima], np.int32), distance)


def _without_gaps(markers: NDArray[np.int32], distance: NDArray[np.float32]) -> NDArray[np.int32]:
    """Markers of cores, without the filled gap between touching cells, which can be as deep as they are.

    A gap is told by its inscribed disc: those of the cells around it cover it. Where one is found, the cells' discs
    become the markers, so that the gap is shared out among them.
    """
    cores, first = np.unique(markers, return_index=True)
    if cores.size < 4:  # the ground and two cells: no gap
        return markers
    discs, drawn = {}, np.zeros(markers.shape, np.int32)
    for core, index in zip(cores[1:], first[1:], strict=True):
        y, x = divmod(int(index), markers.shape[1])
        disc = np.zeros(markers.shape, np.uint8)
        cv2.circle(disc, (x, y), max(1, round(float(distance[y, x]))), 1, cv2.FILLED)
        discs[core] = np.nonzero(disc)
        drawn[discs[core]] += 1
    for core in sorted(discs, key=lambda core: -float((drawn[discs[core]] > 1).mean())):
        if (drawn[discs[core]] > 1).mean() > COVERED:
            drawn[discs.pop(core)] -= 1
    if len(discs) == cores.size - 1:
        return markers
    shares = np.zeros_like(markers)
    for number, (rows, columns) in enumerate(discs.values(), start=1):
        alone = drawn[rows, columns] == 1
        shares[rows[alone], columns[alone]] = number
    return shares


def _keep_nucleated(labels: NDArray[np.int32], sure: Mask, unit: float) -> NDArray[np.int32]:
    """Numbered anew, without platelets and without what holds no nucleus."""
    areas = np.bincount(labels.ravel())
    cores = np.bincount(labels[sure], minlength=areas.size)
    smallest = np.pi / 4 * (SMALLEST_CELL * unit) ** 2
    keep = (areas >= smallest) & (cores >= 0.5 * smallest)
    keep[0] = False
    numbers = np.zeros(keep.size, np.int32)
    numbers[keep] = np.arange(1, int(keep.sum()) + 1)
    return np.asarray(numbers[labels], np.int32)


def _nuclei(feature: NDArray[np.float32], cell: Mask) -> Mask:
    """The nucleus within the cells: Otsu's threshold of their density, not under a floor."""
    from skimage.filters import threshold_otsu

    inside = feature[cell]
    if inside.size < 16 or np.ptp(inside) == 0:
        return cell.copy()
    return np.asarray(cell & (feature > max(float(threshold_otsu(inside)), NUCLEUS_FLOOR)))
