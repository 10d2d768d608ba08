"""Why the classifier of an analysis judged a cell as it did: its map, and how much of it lies inside the cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core import devices
from allcad_core.analysis import cell_classifier, seen
from allcad_core.classification.cells import crop_frame
from allcad_core.explanation import explain, overlay, share_inside
from allcad_core.ground import balance
from allcad_core.images import SmearImage
from allcad_core.results import Cell, FieldAnalysis, Label

MOSTLY = 0.5
"""From this share on, what spoke for an answer lies mostly inside the cell."""


@dataclass(frozen=True, eq=False)
class Explained:
    """Why a classifier gave its answer about one cell.

    Attributes:
        classifier: its name.
        label: what it says, ``blast`` or ``healthy``; a detector may say otherwise.
        probability: calibrated, of a blast.
        crop: uint8 (size, size, 3), what the network saw.
        heat: float32 (size, size), 0..1, what spoke for the label.
        corner: x, y of the crop's upper left corner in px of the field.
        scale: px of the crop a px of the field.
        inside: share of the map inside the cell's outline; ``None`` without an outline or for an empty map.
    """

    classifier: str
    label: Label
    probability: float
    crop: NDArray[np.uint8]
    heat: NDArray[np.float32]
    corner: tuple[float, float]
    scale: float
    inside: float | None

    @property
    def sentence(self) -> str:
        """The answer and where what spoke for it lies, for a person."""
        says = f"{self.classifier} says {self.label}"
        if not self.heat.any():
            return f"{says}; nothing in the picture spoke for it more than empty ground does."
        if self.inside is None:
            return f"{says}; bright is what spoke for it."
        share = f"{100 * self.inside:.0f}\N{NO-BREAK SPACE}% of what spoke for it lies inside the cell"
        if self.inside >= MOSTLY:
            return f"{says}; {share}."
        return f"{says}; only {share}, so it judged the surroundings too."

    def over(self, photograph: NDArray[np.uint8], corner: NDArray[np.float64], scale: float) -> NDArray[np.uint8]:
        """The map over another cut of the field.

        Args:
            photograph: uint8 (height, width, 3), that cut.
            corner: x, y of its upper left corner in px of the field.
            scale: its px a px of the field.
        """
        size = photograph.shape[1], photograph.shape[0]
        zoom = scale / self.scale
        shift = (np.asarray(self.corner) - corner) * scale
        # Pixels are squares: the middle of the first one lies at one half.
        offset = shift + (zoom - 1) / 2
        matrix = np.array([[zoom, 0, offset[0]], [0, zoom, offset[1]]])
        return overlay(photograph, np.asarray(cv2.warpAffine(self.heat, matrix, size), np.float32))


def explain_cells(
    image: SmearImage, analysis: FieldAnalysis, indices: Sequence[int], device: str | None = None
) -> list[Explained]:
    """Explain cells of an analysis.

    Args:
        image: the field that was analysed.
        analysis: of it.
        indices: of the cells, in ``analysis.every_cell``.
        device: see ``devices.choose``.

    Returns:
        One a cell, in their order; none at all where the analysis had no classifier.

    Raises:
        ModelError: the classifier's weights are missing or damaged.
        DeviceError: no such device.
    """
    if analysis.models.classifier is None or not indices:
        return []
    where = devices.choose(device)
    classifier = cell_classifier(analysis.models.classifier, where)
    cells = [analysis.every_cell[index] for index in indices]
    boxes = [cell.box for cell in cells]
    shown = seen(image.pixels, balance(image.pixels), classifier.mask, str(where))
    crops = classifier.crops(shown, boxes)
    chances, maps = classifier.probabilities(shown, boxes), explain(classifier, shown, boxes)
    return [
        explained(cell, classifier.name, float(chance), classifier.threshold, crop, heat, classifier.context)
        for cell, chance, crop, heat in zip(cells, chances, crops, maps, strict=True)
    ]


def explained(
    cell: Cell,
    name: str,
    chance: float,
    threshold: float,
    crop: NDArray[np.uint8],
    heat: NDArray[np.float32],
    context: float,
) -> Explained:
    """Put a cell, its crop and its map together, with the share of the map inside the outline."""
    corner, scale = crop_frame(cell.box, len(crop), context)
    inside = None
    if cell.outline:
        points = np.rint((np.asarray(cell.outline) - corner) * scale - 0.5).astype(np.int32)
        filled = np.zeros(heat.shape, np.uint8)
        cv2.fillPoly(filled, [points], 1)
        inside = share_inside(heat, filled > 0)
    label: Label = "blast" if chance >= threshold else "healthy"
    return Explained(name, label, chance, crop, heat, (float(corner[0]), float(corner[1])), scale, inside)


def most_suspicious(analysis: FieldAnalysis, most: int) -> list[int]:
    """Indices in ``every_cell`` of the shown cells with the highest blast probability, highest first."""
    shown = [
        index for index, cell in enumerate(analysis.every_cell) if cell.reviewed or cell.score >= analysis.confidence
    ]
    return sorted(shown, key=lambda index: -analysis.every_cell[index].suspicion)[:most]
