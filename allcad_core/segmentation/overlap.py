"""Pixels that a segmentation shares with drawn masks, as rows to store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from allcad_core.predictions import MaskPrediction
from allcad_core.segmentation.base import Mask, Segmentation


def overlap(
    dataset: str, image: str, found: Segmentation, drawn: Mapping[str, Mask], fold: int
) -> Iterator[MaskPrediction]:
    """One row a structure.

    Args:
        dataset: name of the data set.
        image: name of the picture.
        found: by the method.
        drawn: masks by ``nucleus`` and ``cell``, bool (height, width) of the picture.
        fold: in which the picture was held out; -1 for none.
    """
    masks = {"nucleus": found.nucleus, "cell": found.cell}
    for structure, truth in drawn.items():
        mask = masks[structure]
        pixels = int((mask & truth).sum()), int(mask.sum()), int(truth.sum())
        yield MaskPrediction(dataset, image, structure, *pixels, fold)
