"""Two stored classifiers on the same held-out pictures: which is right more often, and whether that is more than chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from allcad_core.errors import DataError
from allcad_core.evaluation.classifiers import HEADLINES
from allcad_core.evaluation.judged import Judged, judge, sample, stored_rows
from allcad_core.evaluation.metrics import Sample, drawn_values, draws, ends_of, values_of
from allcad_core.predictions import RESULTS

MEASURES = ("accuracy", "balanced_accuracy", "auroc")
"""What is compared."""

Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """Predictions that stand under ``results/``."""

    model: str
    task: str
    protocol: str

    def __str__(self) -> str:
        return f"{self.model} ({self.protocol})"


@dataclass(frozen=True, slots=True)
class Difference:
    """A measure of either, and second minus first with its 95 % interval; ``None`` where a class is missing."""

    first: float | None
    second: float | None
    value: float | None
    low: float | None
    high: float | None

    @property
    def told_apart(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class Versus:
    """Two classifiers, each at its own threshold out of fold.

    Attributes:
        first, second: which.
        dataset: of the pictures.
        pictures: how many both judged.
        left_out: how many only one of them judged.
        both_right, first_only, second_only, both_wrong: how many were judged right by whom.
        p_value: of the exact McNemar test (1947), which takes the pictures for independent.
        differences: by measure; a paired bootstrap that draws whole fields, for both at once.
    """

    first: Stored
    second: Stored
    dataset: str
    pictures: int
    left_out: int
    both_right: int
    first_only: int
    second_only: int
    both_wrong: int
    p_value: float
    differences: Mapping[str, Difference]

    @property
    def sentence(self) -> str:
        """The comparison in words that need no statistics."""
        accuracy = self.differences["accuracy"]
        names = [
            entry.model if self.first.model != self.second.model else str(entry) for entry in (self.first, self.second)
        ]
        shares, only = [accuracy.first or 0.0, accuracy.second or 0.0], [self.first_only, self.second_only]
        ends = [accuracy.low or 0.0, accuracy.high or 0.0]
        if shares[0] > shares[1]:  # the better one is named first
            names, shares, only, ends = names[::-1], shares[::-1], only[::-1], [-ends[1], -ends[0]]
        apart = f"{_points(shares[1] - shares[0])} points (95 % {_points(ends[0])} to {_points(ends[1])})"
        verdict = (
            f"{names[1]} is right more often than {names[0]}: {_share(shares[1])} against {_share(shares[0])}, by {apart}"
            if accuracy.told_apart
            else f"{names[1]} is right on {_share(shares[1])} and {names[0]} on {_share(shares[0])}, {apart} apart, which "
            "chance alone can explain"
        )
        return (
            f"On the same {self.pictures} pictures of {self.dataset}, {verdict}. Where they differ, {names[1]} alone is right "
            f"on {only[1]} and {names[0]} alone on {only[0]} (McNemar's exact test, p {_p(self.p_value)})."
        )


def compare(
    first: Stored, second: Stored, data: Path | None = None, results: Path = RESULTS, *, dataset: str | None = None
) -> Versus:
    """Compare two stored classifiers on the pictures that both judged.

    Args:
        first: one of them.
        second: the other, of the same task; protocols may differ.
        data: the data folder; only needed for pictures that are not listed beside the results.
        results: folder of the results.
        dataset: of the pictures; without it the headline's set, as far as both judged it.

    Raises:
        DataError: their tasks differ, nothing is stored, they share no picture, or contradict each other's truth.
    """
    if first.task != second.task:
        raise DataError(f"{first} judges a {first.task} and {second} a {second.task}: there is nothing to compare.")
    ones, others = (_stored(entry, data, results) for entry in (first, second))
    sets = [{entry.origin.dataset for entry in part} for part in (ones, others)]
    shared_sets = sets[0] & sets[1]
    if not shared_sets:
        told = [
            f"{entry} judged {', '.join(sorted(names))}" for entry, names in zip((first, second), sets, strict=True)
        ]
        raise DataError(f"{told[0]} and {told[1]}: there is no data set to compare them on.")
    chosen = dataset or next(
        (name for name in (*HEADLINES[first.task], *sorted(shared_sets)) if name in shared_sets), ""
    )
    ones, others = ([entry for entry in part if entry.origin.dataset == chosen] for part in (ones, others))
    return contrast(first, second, ones, others)


def contrast(first: Stored, second: Stored, ones: Sequence[Judged], others: Sequence[Judged]) -> Versus:
    """The same, of judged pictures of one data set. Raises DataError."""
    boxed = any(len({entry.origin.image for entry in part}) < len(part) for part in (ones, others))
    by_key = [{_key(entry, boxed=boxed): entry for entry in part} for part in (ones, others)]
    shared = sorted(by_key[0].keys() & by_key[1].keys())
    if not shared:
        raise DataError(f"{first} and {second} judged no picture both, so they cannot be compared.")
    one, other = (sample([part[key] for key in shared]) for part in by_key)
    if (one.truth != other.truth).any():
        raise DataError(f"The stored predictions of {first} and {second} contradict each other about the truth.")
    right, also = one.said == (one.truth == 1), other.said == (other.truth == 1)
    return Versus(
        first=first,
        second=second,
        dataset=next(iter(by_key[0].values())).origin.dataset,
        pictures=len(shared),
        left_out=len(by_key[0].keys() ^ by_key[1].keys()),
        both_right=int((right & also).sum()),
        first_only=int((right & ~also).sum()),
        second_only=int((~right & also).sum()),
        both_wrong=int((~right & ~also).sum()),
        p_value=mcnemar(int((right & ~also).sum()), int((~right & also).sum())),
        differences=_differences(one, other),
    )


def mcnemar(first_only: int, second_only: int) -> float:
    """Two-sided p-value of the exact McNemar test: as many heads as this, or more uneven, of a fair coin.

    >>> mcnemar(1, 5)
    0.21875
    """
    from scipy.stats import binomtest

    total = first_only + second_only
    return float(binomtest(first_only, total).pvalue) if total else 1.0


def _stored(entry: Stored, data: Path | None, results: Path) -> list[Judged]:
    return judge(stored_rows(entry.task, entry.protocol, entry.model, results), data, results)


def _key(entry: Judged, *, boxed: bool) -> Key:
    """What names a judged thing: the picture, and the box where one picture holds several cells."""
    box = tuple(round(side) for side in entry.box) if boxed and entry.box is not None else ()
    return entry.origin.dataset, entry.origin.image, *box


def _differences(one: Sample, other: Sample) -> dict[str, Difference]:
    weights = draws(one.groups, 0)
    values = [values_of(part) for part in (one, other)]
    drawn = [drawn_values(part, weights) for part in (one, other)]
    found = {}
    for name in MEASURES:
        before, after = (entry[name] for entry in values)
        low, high = ends_of({name: np.asarray(drawn[1][name] - drawn[0][name])})[name]
        gain = None if before is None or after is None else after - before
        found[name] = Difference(before, after, gain, low, high)
    return found


def _share(value: float) -> str:
    return f"{100 * value:.1f}\N{NO-BREAK SPACE}%"


def _points(share: float) -> str:
    return f"{100 * share:.1f}".replace("-", "\N{MINUS SIGN}")


def _p(value: float) -> str:
    return "below 0.001" if value < 0.001 else f"= {value:.3f}"
