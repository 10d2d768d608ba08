"""Out-of-fold predictions as small text files under ``results/``: what every figure is computed from. No pixels."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TypeVar, get_type_hints

from allcad_core import files
from allcad_core.errors import DataError

RESULTS = Path(__file__).resolve().parent.parent / "results"


@dataclass(frozen=True, slots=True)
class CellPrediction:
    """What a classifier said of one true cell that it had not been trained on.

    Attributes:
        dataset: name of the data set.
        image: name of the field or crop.
        x0, y0, x1, y1: the cell's box in that picture, px.
        truth: 1 blast, 0 healthy.
        log_odds: logit of blast minus logit of healthy, not calibrated.
        fold: in which it was held out.
    """

    dataset: str
    image: str
    x0: float
    y0: float
    x1: float
    y1: float
    truth: int
    log_odds: float
    fold: int


@dataclass(frozen=True, slots=True)
class FieldPrediction:
    """What a field classifier said of one whole picture that it had not been trained on.

    Attributes:
        dataset: name of the data set.
        image: name of the field.
        truth: 1 leukaemia, 0 not.
        log_odds: logit of leukaemia minus logit of normal, not calibrated.
        blank_log_odds: the same for the picture with every white cell painted over as ground, the shortcut test.
        fold: in which it was held out.
    """

    dataset: str
    image: str
    truth: int
    log_odds: float
    blank_log_odds: float
    fold: int


@dataclass(frozen=True, slots=True)
class BoxPrediction:
    """What a detector found in a field that it had not been trained on.

    Attributes:
        image: name of the field; a field without boxes has one row with an empty label.
        x0, y0, x1, y1: the box, px.
        label: ``blast``, ``healthy``, or empty from a detector that does not tell them apart.
        score: the detector's, 0..1.
        log_odds: the cell classifier's for this box, of the same fold; 0 where none spoke.
        fold: in which the field was held out.
    """

    image: str
    x0: float
    y0: float
    x1: float
    y1: float
    label: str
    score: float
    log_odds: float
    fold: int


@dataclass(frozen=True, slots=True)
class MaskPrediction:
    """How a mask of a method that had not been fitted to a picture lies over the experts' one.

    Attributes:
        dataset: name of the data set.
        image: name of the crop or field.
        structure: ``nucleus`` or ``cell``.
        shared, found, drawn: pixels of both masks, of the method's, of the experts'.
        fold: in which the picture was held out.
    """

    dataset: str
    image: str
    structure: str
    shared: int
    found: int
    drawn: int
    fold: int


Row = TypeVar("Row", CellPrediction, FieldPrediction, BoxPrediction, MaskPrediction)


def path_of(task: str, protocol: str, model: str, fold: int, folder: Path = RESULTS) -> Path:
    """Where the predictions of one fold stand."""
    return folder / task / protocol / model / f"fold{fold}.csv"


def write(rows: Sequence[Row], kind: type[Row], path: Path) -> None:
    """Write the predictions of one fold; the file appears whole or not at all."""
    with files.whole_text(path) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([entry.name for entry in fields(kind)])
        writer.writerows([_short(value) for value in astuple(row)] for row in rows)


def _short(value: object) -> object:
    return f"{value:.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else value


def read(kind: type[Row], task: str, protocol: str, model: str, folder: Path = RESULTS) -> list[Row]:
    """All stored folds of a model under a protocol.

    Raises:
        DataError: nothing is stored, or a file is not what it should be.
    """
    paths = sorted((folder / task / protocol / model).glob("fold*.csv"))
    if not paths:
        raise DataError(
            f"No results of '{model}' under '{protocol}' are stored. Train it: allcad train {model} --protocol {protocol}."
        )
    return [row for path in paths for row in read_file(kind, path)]


def read_file(kind: type[Row], path: Path) -> Iterable[Row]:
    """The predictions of one file. Raises DataError where it is not what it should be."""
    types = get_type_hints(kind)
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            return [
                kind(**{name: types[name](value) for name, value in line.items()}) for line in csv.DictReader(stream)
            ]
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise DataError(f"{path.name} in {path.parent} is not a file of predictions ({error}).") from error
