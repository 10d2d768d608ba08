"""Pixel counts of segmentation methods as they are stored, so that figures are told without a single photograph."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from allcad_core import files, predictions
from allcad_core.errors import DataError
from allcad_core.evaluation.segmentation import Mask, Masked
from allcad_core.predictions import MaskPrediction

UNFITTED = "unfitted"
"""In place of a protocol: pictures on which nothing of the method was fitted, so that there are no folds."""
COLUMNS = ("dataset", "image", "group", "session")


def keep(rows: Sequence[MaskPrediction], name: str, results: Path = predictions.RESULTS) -> Path:
    """Store what a method says of pictures on which it was not fitted."""
    path = predictions.path_of("segment", UNFITTED, name, 0, results)
    predictions.write(rows, MaskPrediction, path)
    return path


def rows(name: str, protocols: Sequence[str], results: Path = predictions.RESULTS) -> list[MaskPrediction]:
    """Stored pixel counts of a method, of some protocols together. Raises DataError where one is missing."""
    return [
        row for protocol in protocols for row in predictions.read(MaskPrediction, "segment", protocol, name, results)
    ]


def keep_pictures(chosen: Sequence[Masked], results: Path = predictions.RESULTS) -> Path:
    """Store which pictures there are: which of them share cells, and their sittings."""
    path = results / "segment" / "pictures.csv"
    with files.whole_text(path) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows((one.dataset, one.name, one.group, one.session or "") for one in chosen)
    return path


def pictures(results: Path = predictions.RESULTS) -> list[Masked]:
    """The pictures that were measured, without their pixels. Raises DataError where none are stored."""
    path = results / "segment" / "pictures.csv"
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            return [
                Masked(line["dataset"], line["image"], line["group"], line["session"] or None, _unread)
                for line in csv.DictReader(stream)
            ]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(
            f"No figures of segmentation are stored in '{results}' ({error}). Store them: allcad evaluate segmentation "
            "--store --data DIR."
        ) from error


def _unread() -> tuple[NDArray[np.uint8], dict[str, Mask]]:
    raise DataError("Only the figures of this picture are stored, not its pixels.")
