"""The figures of segmentation: Dice and IoU of each method on each set, with intervals by source field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from allcad_core import models, predictions
from allcad_core.evaluation import segmentation_stored as stored
from allcad_core.evaluation.segmentation import KNOWN, SETS, Masked, Tell, dice_of, iou_of, measure, pictures
from allcad_core.models import Card, Figure
from allcad_core.predictions import MaskPrediction
from allcad_core.segmentation import methods, segment

FITTED = ("stain", "unet")
"""Methods with constants or weights fitted on expert masks: on those sets their stored figures out of fold are told."""
PROTOCOL = "session"
BOOTSTRAP = 2000
ENDS = (0.025, 0.975)
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % bootstrap interval, all 0..1."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Three decimals, the interval in brackets."""
        return f"{self.value:.3f} ({self.low:.3f}\N{EN DASH}{self.high:.3f})"


@dataclass(frozen=True, slots=True)
class MaskFigures:
    """Overlap of one method with one set's masks of one structure.

    Attributes:
        method, dataset, structure: what was measured.
        part: ``all``, or ``session X``.
        protocol: the folds that the figures are out of; empty where nothing was fitted on the set.
        pictures, groups: how many, and how many groups the bootstrap draws.
        dice, dice_median, iou, iou_median: over pictures.
    """

    method: str
    dataset: str
    structure: str
    part: str
    protocol: str
    pictures: int
    groups: int
    dice: Interval
    dice_median: Interval
    iou: Interval
    iou_median: Interval


def report(
    data: Path | None,
    names: Sequence[str] | None = None,
    *,
    by_session: bool = False,
    device: str | None = None,
    results: Path = predictions.RESULTS,
    store: bool = False,
    tell: Tell | None = None,
) -> list[MaskFigures]:
    """Figures of methods on every set with expert masks.

    Args:
        data: the data folder; ``None`` for stored figures alone.
        names: of methods; all without it.
        by_session: the sittings of ALL-IDB too.
        device: see ``devices.choose``.
        results: where the stored figures lie.
        store: keep what is measured there.
        tell: told each picture when it is done.

    Raises:
        UnknownNameError: no such method.
        DataError: there are no masks, or no figures out of fold are stored. Pictures of folds that are not stored are
            left out: the count of pictures tells.
    """
    chosen = stored.pictures(results) if data is None else pictures(data)
    if store:
        stored.keep_pictures(chosen, results)
    found: list[MaskFigures] = []
    for name in names or methods():
        if data is None:
            rows = stored.rows(name, (PROTOCOL, stored.UNFITTED) if name in FITTED else (stored.UNFITTED,), results)
        else:
            rows = rows_of(name, chosen, device, results, store=store, tell=tell)
        for dataset in SETS:
            of_set = [row for row in rows if row.dataset == dataset]
            protocol = PROTOCOL if name in FITTED and dataset in KNOWN else ""
            found += _of_set(name, dataset, protocol, of_set, chosen, by_session=by_session)
    return found


def rows_of(
    name: str, chosen: Sequence[Masked], device: str | None, results: Path, *, store: bool, tell: Tell | None
) -> list[MaskPrediction]:
    """Pixel counts of one method: stored ones out of fold on the ``KNOWN`` sets where it was fitted on these."""
    fitted: list[MaskPrediction] = []
    others = chosen
    if name in FITTED:
        wanted = {(picture.dataset, picture.name) for picture in chosen if picture.dataset in KNOWN}
        fitted = [row for row in stored.rows(name, (PROTOCOL,), results) if (row.dataset, row.image) in wanted]
        others = [picture for picture in chosen if picture.dataset not in KNOWN]
    measured = measure(lambda pixels: segment(pixels, name, device), others, tell=tell)
    if store:
        stored.keep(measured, name, results)
    return fitted + measured


def _of_set(
    name: str,
    dataset: str,
    protocol: str,
    rows: Sequence[MaskPrediction],
    chosen: Iterable[Masked],
    *,
    by_session: bool,
) -> Iterable[MaskFigures]:
    known = {picture.name: picture for picture in chosen if picture.dataset == dataset}
    for structure in dict.fromkeys(row.structure for row in rows):
        parts = {"all": [row for row in rows if row.structure == structure]}
        if by_session:
            sessions = sorted({known[row.image].session or "" for row in parts["all"]} - {""})
            parts |= {
                f"session {letter}": [row for row in parts["all"] if known[row.image].session == letter]
                for letter in sessions
            }
        for part, own in parts.items():
            if own:
                groups = {row.image: known[row.image].group for row in own}
                yield _figures((name, dataset, structure, part, protocol), own, groups)


def _figures(
    words: tuple[str, str, str, str, str], rows: Sequence[MaskPrediction], groups: Mapping[str, str]
) -> MaskFigures:
    names = np.array([groups[row.image] for row in rows])
    dice, iou = (np.array([of(row) for row in rows]) for of in (dice_of, iou_of))
    return MaskFigures(
        *words,
        len(rows),
        len(set(names.tolist())),
        *(interval(values, names, middle) for values in (dice, iou) for middle in (np.mean, np.median)),
    )


def with_figures(card: Card, data: Path, results: Path = predictions.RESULTS) -> Card:
    """The card of a learned segmentation with its mean Dice out of fold, written. Raises DataError where none is stored."""
    known = {(picture.dataset, picture.name): picture for picture in pictures(data, KNOWN)}
    rows = predictions.read(MaskPrediction, "segment", PROTOCOL, card.name, results)
    source = f"results/segment/{PROTOCOL}/{card.name}"
    found = []
    for dataset, structure in dict.fromkeys((row.dataset, row.structure) for row in rows):
        own = [row for row in rows if (row.dataset, row.structure) == (dataset, structure)]
        groups = np.array([known[row.dataset, row.image].group for row in own])
        mean = interval(np.array([dice_of(row) for row in own]), groups, np.mean)
        name = f"Dice of the {structure}, {dataset}"
        found.append(Figure(name, mean.value, mean.low, mean.high, PROTOCOL, f"{source}, {dataset}"))
    card = replace(card, figures=tuple(found))
    models.write_card(card)
    return card


def interval(
    values: Floats, groups: NDArray[np.str_], middle: Callable[[Floats], np.floating], seed: int = 0
) -> Interval:
    """Mean or median with its percentile bootstrap over whole groups (Efron & Tibshirani 1993, section 13.3).

    Args:
        values: float (n,).
        groups: name of the group of each value, (n,).
        middle: ``np.mean`` or ``np.median``.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    _, place = np.unique(groups, return_inverse=True)
    members = [np.flatnonzero(place == number) for number in range(place.max() + 1)]
    drawn = rng.integers(len(members), size=(BOOTSTRAP, len(members)))
    middles = [float(middle(values[np.concatenate([members[number] for number in row])])) for row in drawn]
    low, high = np.quantile(middles, ENDS)
    return Interval(float(middle(values)), float(low), float(high))
