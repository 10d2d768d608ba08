"""What a model said of things that it had not seen, as arrays that answer for any threshold in a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from allcad_core.datasets.boxes import CellBox
from allcad_core.evaluation.box_confusion import meetings
from allcad_core.evaluation.judged import Judged
from allcad_core.evaluation.metrics import Sample
from allcad_core.evaluation.origins import Origin
from allcad_core.evaluation.own_boxes import OwnBoxes
from allcad_core.evaluation.points import Labelled
from allcad_core.results import Box

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

HEALTHY, BLAST, NONE, HIDDEN = 0, 1, 2, -1
"""Truths and answers: ``NONE`` is *no cell there* as a truth and *missed* as an answer; ``HIDDEN`` is not counted."""
DETECT = "detect"
LABELS = {"healthy": HEALTHY, "blast": BLAST}
PARTS = ("session", "camera", "kind")
"""By which attributes of its origin a thing can be chosen."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that the matrix counts.

    Attributes:
        origin: of its picture.
        box: in that picture, px; ``None`` where the whole picture is judged.
        truth: ``HEALTHY``, ``BLAST``, or ``NONE`` for a box without a cell.
        label: of a detector's box, ``NONE`` without one; of a classifier ``BLAST``.
        score: calibrated probability of blast, or score of the box; 0 without one.
        fold: in which its picture was held out.
        level: from which score on it counts as said, chosen on other folds; the recipe's confidence for boxes.
    """

    origin: Origin
    box: Box | None
    truth: int
    label: int
    score: float
    fold: int
    level: float


@dataclass(frozen=True)
class Evidence:
    """Everything that a model said of one data set under one protocol.

    Attributes:
        model, task, protocol, dataset: what was measured and how; ``task`` is ``cell``, ``field`` or ``detect``.
        items: what the matrix counts.
        fields: that were looked at, for boxes: false ones are told a field.
        others: further data sets that are stored, with their number of pictures.
        missing_folds: not stored yet.
        own: boxes by field, where they are the visitor's and stand in no results.
    """

    model: str
    task: str
    protocol: str
    dataset: str
    items: tuple[Item, ...]
    fields: tuple[Origin, ...] = ()
    others: tuple[str, ...] = ()
    missing_folds: tuple[int, ...] = ()
    own: OwnBoxes | None = field(default=None, compare=False, repr=False)

    @property
    def boxes(self) -> bool:
        """Whether it is a detector, which can also miss a cell or draw an extra box."""
        return self.task == DETECT

    @cached_property
    def truth(self) -> Ints:
        """int64 (n,)."""
        return np.array([item.truth for item in self.items], np.int64)

    @cached_property
    def score(self) -> Floats:
        """float64 (n,)."""
        return np.array([item.score for item in self.items], np.float64)

    @cached_property
    def levels(self) -> Floats:
        """float64 (n,), the threshold of each thing's fold."""
        return np.array([item.level for item in self.items], np.float64)

    @cached_property
    def _label(self) -> Ints:
        return np.array([item.label for item in self.items], np.int64)

    @cached_property
    def groups(self) -> NDArray[np.str_]:
        """Names of what is drawn together, (n,)."""
        return np.array([f"{item.origin.dataset}/{item.origin.group}" for item in self.items], np.str_)

    @cached_property
    def usual(self) -> float:
        """Where the slider stands as long as each fold has its own threshold: their mean over things."""
        return float(self.levels.mean()) if self.items else 0.5

    def said(self, threshold: float | None = None) -> Ints:
        """Answers, int64 (n,), at one threshold for all or at that of each fold."""
        reached = self.score >= (self.levels if threshold is None else threshold)
        if not self.boxes:
            return np.where(reached, BLAST, HEALTHY)
        unseen = np.where(self.truth == NONE, HIDDEN, NONE)
        return np.where(reached & (self._label != NONE), self._label, unseen)

    def matrix(self, threshold: float | None = None) -> Ints:
        """Counts, int64 (3, 3): truth by answer, in the order of the codes."""
        said = self.said(threshold)
        seen = said != HIDDEN
        counts = np.zeros((3, 3), np.int64)
        np.add.at(counts, (self.truth[seen], said[seen]), 1)
        return counts

    def behind(self, truth: int, answer: int, threshold: float | None = None) -> list[Item]:
        """What one cell of the matrix counts."""
        chosen = np.flatnonzero((self.truth == truth) & (self.said(threshold) == answer))
        return [self.items[index] for index in chosen]

    def sample(self, threshold: float | None = None) -> Sample:
        """Arrays of a classifier's answers, for figures and curves."""
        return Sample(self.truth, self.said(threshold) == BLAST, self.score, self.groups)

    def values(self, part: str) -> dict[str, int]:
        """How many things have each value of one of ``PARTS``, without those that lack it."""
        found: dict[str, int] = {}
        for item in self.items:
            name = str(getattr(item.origin, part))
            if name:
                found[name] = found.get(name, 0) + 1
        return dict(sorted(found.items()))

    def part(self, chosen: Mapping[str, Sequence[str]]) -> Evidence:
        """The things whose origin has one of the chosen values; what is not named, or empty, does not restrict.

        Args:
            chosen: values by name of one of ``PARTS``.
        """
        wanted = {name: set(values) for name, values in chosen.items() if values}
        if not wanted:
            return self

        def fits(origin: Origin) -> bool:
            return all(getattr(origin, name) in values for name, values in wanted.items())

        items = tuple(item for item in self.items if fits(item.origin))
        return replace(self, items=items, fields=tuple(origin for origin in self.fields if fits(origin)))


def of_judged(judged: Sequence[Judged]) -> tuple[Item, ...]:
    """Things that a classifier judged."""
    return tuple(
        Item(entry.origin, entry.box, entry.truth, BLAST, entry.probability, entry.fold, entry.threshold)
        for entry in judged
    )


def of_boxes(
    shown: Mapping[str, Sequence[Labelled]],
    truth: Mapping[str, Sequence[CellBox]],
    origins: Mapping[str, Origin],
    folds: Mapping[str, int],
    confidence: float,
) -> tuple[Item, ...]:
    """True cells with their boxes, and boxes without a cell.

    Args:
        shown: boxes by field, one label each.
        truth: drawn boxes by field; its keys say which fields count.
        origins: of the fields.
        folds: in which each field was held out.
        confidence: of the recipe.
    """
    return tuple(
        Item(
            origins[pair.field],
            pair.place,
            NONE if pair.cell is None else LABELS[pair.cell.kind],
            NONE if pair.box is None else LABELS.get(pair.box.label, NONE),
            0.0 if pair.box is None else pair.box.score,
            folds.get(pair.field, 0),
            confidence,
        )
        for pair in meetings(shown, truth)
    )
