"""Pixels that a segmentation shares with drawn masks, as rows to store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from allcad_core.predictions import MaskPrediction
from allcad_core.results import Box
from allcad_core.segmentation.base import Mask, Segmentation

ASIDE = "cell, smudges aside"
"""Whole cells again, where experts drew no smudge cells and the boxes that hold these count neither way."""


def overlap(
    dataset: str, image: str, found: Segmentation, drawn: Mapping[str, Mask], fold: int, aside: Sequence[Box] = ()
) -> Iterator[MaskPrediction]:
    """One row a structure.

    Args:
        dataset: name of the data set.
        image: name of the picture.
        found: by the method.
        drawn: masks by ``nucleus`` and ``cell``, bool (height, width) of the picture.
        fold: in which the picture was held out; -1 for none.
        aside: boxes in which pixels outside the drawn cells count neither way, px; they add a row ``ASIDE``.
    """
    masks = {"nucleus": found.nucleus, "cell": found.cell}
    pairs = [(structure, masks[structure], truth) for structure, truth in drawn.items()]
    if aside:
        pairs.append((ASIDE, found.cell & (drawn["cell"] | ~_inside(aside, found.cell.shape)), drawn["cell"]))
    for structure, mask, truth in pairs:
        pixels = int((mask & truth).sum()), int(mask.sum()), int(truth.sum())
        yield MaskPrediction(dataset, image, structure, *pixels, fold)


def _inside(boxes: Sequence[Box], shape: tuple[int, ...]) -> Mask:
    """What lies in any of the boxes, bool (height, width)."""
    inside = np.zeros(shape[:2], bool)
    for x0, y0, x1, y1 in boxes:
        inside[max(0, int(y0)) : int(np.ceil(y1)), max(0, int(x0)) : int(np.ceil(x1))] = True
    return inside
