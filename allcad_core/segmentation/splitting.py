"""One number a cell: masks cleaned, touching cells parted by a watershed, lobes joined, platelets left out."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core.segmentation.base import Mask
from allcad_core.segmentation.regions import windows_of

SMALLEST_CELL = 0.62
"""Smallest white cell as a share of a red cell's diameter; platelets stay under it."""
LARGEST_LOBE = 1.05
"""A piece of nucleus under this diameter, in red-cell diameters, can be a lobe; whole nuclei are larger."""
LOBE_GAP = 0.35
"""Lobes of one nucleus lie closer together than this, in red-cell diameters."""
SPLIT_DEPTH = 0.03
"""How much deeper than the saddle between them two cores must lie to be two cells, in red-cell diameters."""
COVERED = 0.8
"""A core whose inscribed disc is covered to more than this share by those of others is the gap between touching cells, no cell."""
CONVEX = 0.93
"""Least share of its convex hull that a lone cell fills; two cells that touch fill less."""
CROP = 6.5
"""A picture whose long side measures fewer red cells than this is the crop of one cell."""


def disc(diameter: float) -> NDArray[np.uint8]:
    """A disc for morphology; its side is odd and at least 3."""
    side = max(3, 2 * round(diameter / 2) + 1)
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def fill_holes(mask: Mask, largest: float) -> NDArray[np.uint8]:
    """The mask with holes under ``largest`` px² filled, uint8 0 and 1."""
    contours, tree = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    filled = mask.astype(np.uint8)
    for contour, (_, _, _, parent) in zip(contours, tree[0] if tree is not None else (), strict=True):
        if parent >= 0 and cv2.contourArea(contour) < largest:
            cv2.drawContours(filled, [contour], -1, 1, cv2.FILLED)
    return filled


def area_of(diameter: float) -> float:
    """Area of a disc."""
    return float(np.pi / 4 * diameter**2)


def split(mask: Mask, unit: float) -> NDArray[np.int32]:
    """One number a cell: watershed of the distance map from its deep enough maxima; small pieces dropped."""
    from skimage.segmentation import watershed

    distance = cv2.distanceTransform(np.pad(mask, 1, mode="edge").astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    distance = cv2.GaussianBlur(distance, (0, 0), max(0.5, 0.04 * unit))
    pieces = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)[1]
    labels = np.zeros(mask.shape, np.int32)
    found = 0
    for piece, window in windows_of(np.asarray(pieces, np.int32)).items():
        inside = pieces[window] == piece
        markers = cores_of(distance[window] * inside, max(SPLIT_DEPTH * unit, 0.1))
        cores = int(markers.max())
        parts = watershed(-distance[window], markers, mask=inside) if cores > 1 else inside.astype(np.int32)
        labels[window][inside] = parts[inside] + found
        found += max(cores, 1)
    return labels


def join_lobes(labels: NDArray[np.int32], unit: float) -> NDArray[np.int32]:
    """Small pieces close together become one cell: the lobes of a neutrophil."""
    places, numbers = numbered(labels)
    areas = np.bincount(numbers, minlength=1)
    small = (areas < area_of(LARGEST_LOBE * unit))[numbers]
    pieces = np.zeros(labels.shape, np.uint8)
    pieces.flat[places] = small
    reach = max(3, 2 * round(LOBE_GAP * unit / 2) + 1)
    _, joined = cv2.connectedComponents(cv2.morphologyEx(pieces, cv2.MORPH_CLOSE, disc(reach)), connectivity=8)
    numbers[small] = joined.ravel()[places[small]] + areas.size
    return _drawn(labels.shape, places, numbers)


def numbered(labels: NDArray[np.int32]) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """Where a picture of numbers is not 0, as indices into its pixels in reading order, and the numbers there.

    White cells cover a small share of a field: what is done with their numbers need not look at all of it.
    """
    places = np.flatnonzero(labels > 0)
    return places, labels.ravel()[places]


def _drawn(shape: tuple[int, ...], places: NDArray[np.intp], numbers: NDArray[np.int32]) -> NDArray[np.int32]:
    """A picture with these numbers at these places, 0 elsewhere."""
    labels = np.zeros(shape, np.int32)
    labels.ravel()[places] = numbers
    return labels


def cores_of(distance: NDArray[np.float32], depth: float) -> NDArray[np.int32]:
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
        one = np.zeros(markers.shape, np.uint8)
        cv2.circle(one, (x, y), max(1, round(float(distance[y, x]))), 1, cv2.FILLED)
        discs[core] = np.nonzero(one)
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


def grow(cores: NDArray[np.int32], body: Mask, unit: float) -> NDArray[np.int32]:
    """Cells from their cores: each piece of ``body`` shared out by distance among the cores in it, under their numbers.

    Args:
        cores: int32 (height, width), one number a cell.
        body: bool (height, width), whole cells, the cores among them; pieces without a core are left out.
        unit: diameter of a red cell, px.
    """
    from skimage.segmentation import watershed

    pieces = cv2.connectedComponents((body | (cores > 0)).view(np.uint8), connectivity=4)[1]
    places, numbers = numbered(cores)
    areas = np.bincount(numbers, minlength=1)
    # A piece and a core in it as one whole number: sorting those is a hundred times quicker than sorting pairs.
    pairs = np.unique(pieces.ravel()[places].astype(np.int64) * areas.size + numbers)
    owners, cores_in = np.divmod(pairs, areas.size)
    windows = windows_of(np.asarray(pieces, np.int32))
    labels = np.zeros(cores.shape, np.int32)
    for piece in np.unique(owners):
        own, window = cores_in[owners == piece], windows[int(piece)]
        inside = pieces[window] == piece
        if own.size == 1 or ((areas[own] < area_of(LARGEST_LOBE * unit)).all() and solidity(inside) >= CONVEX):
            labels[window][inside] = own[0]
        else:
            markers = np.where(inside, cores[window], 0)
            labels[window][inside] = watershed(np.zeros(inside.shape, np.uint8), markers, mask=inside)[inside]
    return labels


def solidity(mask: Mask) -> float:
    """Share of its convex hull that the largest piece of a mask fills."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    body = max(contours, key=cv2.contourArea)
    return float(cv2.contourArea(body) / max(cv2.contourArea(cv2.convexHull(body)), 1.0))


def keep_nucleated(
    labels: NDArray[np.int32], sure: Mask, unit: float, smallest: float = SMALLEST_CELL
) -> NDArray[np.int32]:
    """Numbered anew, without what is smaller than ``smallest`` red-cell diameters, as platelets are, or holds no nucleus."""
    places, own = numbered(labels)
    areas = np.bincount(own, minlength=1)
    cores = np.bincount(own[sure.ravel()[places]], minlength=areas.size)
    keep = (areas >= area_of(smallest * unit)) & (cores >= 0.5 * area_of(SMALLEST_CELL * unit))
    keep[0] = False
    numbers = np.zeros(keep.size, np.int32)
    numbers[keep] = np.arange(1, int(keep.sum()) + 1)
    return _drawn(labels.shape, places, numbers[own])


def renumbered(labels: NDArray[np.int32], numbers: NDArray[np.int32]) -> NDArray[np.int32]:
    """The labels with ``numbers[n]`` for each number ``n`` but 0, which stays."""
    places, own = numbered(labels)
    return _drawn(labels.shape, places, numbers[own])


def is_crop(shape: tuple[int, ...], unit: float) -> bool:
    """Whether a picture of so many rows and columns is the crop of one cell; ``unit`` is a red cell's diameter, px."""
    return max(shape[:2]) <= CROP * unit


def without_neighbours(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """The labels of the crop of one cell without what its edge cuts, as long as a whole cell is left; numbered anew."""
    cut = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    keep = np.ones(int(labels.max(initial=0)) + 1, bool)
    keep[cut] = keep[0] = False
    if not keep.any():
        return labels
    return np.asarray((np.cumsum(keep) * keep)[labels], np.int32)
