"""The constants of ``stain``, fixed on two folds of whole sittings and scored on the third, in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
import torch

from allcad_core import predictions
from allcad_core.datasets import allidb1, allidb2, splits
from allcad_core.evaluation.segmentation import KNOWN, Masked, Tell, dice_of, measure, pictures
from allcad_core.predictions import MaskPrediction
from allcad_core.segmentation.constants import SHIPPED, Constants
from allcad_core.segmentation.stain import stain

HUES = (0.07, 0.1, 0.13)
CONTRASTS = (0.35, 0.45)
MARGINS = (0.0, 0.05, 0.1)
CANDIDATES = tuple(
    replace(SHIPPED, hue=hue, contrast=contrast, margin=margin)
    for hue, contrast, margin in product(HUES, CONTRASTS, MARGINS)
)
"""What is tried. The other constants were set once, looking at all crops."""
PROTOCOL = "session"


@dataclass(frozen=True, slots=True)
class Fixed:
    """What one fold came to.

    Attributes:
        fold: the one held out; -1 where nothing was.
        constants: best on the others, by the mean Dice of nucleus and cell over crops of ALL-IDB2.
        dice: that mean, on the training side.
    """

    fold: int
    constants: Constants
    dice: float


def fix(data: Path, results: Path = predictions.RESULTS, tell: Tell | None = None) -> list[Fixed]:
    """Choose constants for each fold and for all crops, and store what each says of its held-out pictures.

    Raises:
        DataError: there are no crops with masks.
    """
    cpu = torch.device("cpu")
    chosen = pictures(data, KNOWN)
    folds = fold_of(data, chosen)
    tried: list[list[MaskPrediction]] = []
    for number, candidate in enumerate(CANDIDATES, start=1):
        tried.append(measure(lambda pixels, constants=candidate: stain(pixels, cpu, constants), chosen, folds))  # type: ignore[misc]
        if tell is not None:
            tell("constants", number, len(CANDIDATES))
    found = []
    for fold in (*sorted(set(folds.values())), -1):
        scores = [_score(rows, fold) for rows in tried]
        best = int(np.argmax(scores))
        found.append(Fixed(fold, CANDIDATES[best], scores[best]))
        if fold >= 0:
            held_out = [row for row in tried[best] if row.fold == fold]
            predictions.write(
                held_out, MaskPrediction, predictions.path_of("segment", PROTOCOL, "stain", fold, results)
            )
    return found


def fold_of(data: Path, chosen: Sequence[Masked]) -> Mapping[tuple[str, str], int]:
    """Session fold of each crop and field, by data set and name: a crop can have the name of a field."""
    fields = allidb1.fields(data)
    names = {picture.name for picture in chosen if picture.dataset == allidb2.NAME}
    crops = [crop for crop in allidb2.crops(data) if crop.name in names]
    found = {(allidb1.NAME, name): fold for name, fold in splits.folds(PROTOCOL, fields).items()}
    return found | {(allidb2.NAME, name): fold for name, fold in splits.crop_folds(PROTOCOL, crops, fields).items()}


def _score(rows: Sequence[MaskPrediction], left_out: int) -> float:
    known = [row for row in rows if row.dataset == allidb2.NAME and row.fold != left_out]
    means = [
        np.mean([dice_of(row) for row in known if row.structure == structure]) for structure in ("nucleus", "cell")
    ]
    return float(np.mean(means))
