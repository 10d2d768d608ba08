"""Curves of ranked things with a 95 % band: ROC, free response, precision and recall, rates against the threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allcad_core.evaluation.detector_metrics import Matches
from allcad_core.evaluation.metrics import ENDS, Bools, Floats, Ints, Sample

DRAWS = 300
"""Times that fields are drawn anew."""
POINTS = 101
"""Points of a curve."""
MOST_LEVELS = 400
"""Thresholds between which a curve is read off; more cannot be seen."""


@dataclass(frozen=True, eq=False)
class Ranking:
    """Things with a score, which are right or wrong to be called blasts.

    Attributes:
        score: float64 (n,).
        right: bool (n,), a blast, or a box on a blast.
        wrong: bool (n,), a healthy cell, or a box on none; a thing may be neither.
        owner: int64 (n,), index of the group that is drawn together.
        wanted: float64 (groups,), blasts there are.
        against: float64 (groups,), what false ones are told by: healthy cells, or 1 a field.
    """

    score: Floats
    right: Bools
    wrong: Bools
    owner: Ints
    wanted: Floats
    against: Floats


@dataclass(frozen=True, eq=False)
class Band:
    """A curve and its pointwise 95 % interval, all float64 (points,); not a number where it is not defined."""

    x: Floats
    y: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, eq=False)
class Rates:
    """At some thresholds, each float64 (draws, levels): share of blasts found, false ones, and precision."""

    recall: Floats
    false: Floats
    precision: Floats


def of_sample(sample: Sample) -> Ranking:
    """The ranking of a classifier's answers: false ones are told as a share of the healthy."""
    names, owner = np.unique(sample.groups, return_inverse=True)
    blast = sample.truth == 1
    wanted, against = (np.bincount(owner, part, names.size).astype(np.float64) for part in (blast, ~blast))
    return Ranking(sample.probability, blast, ~blast, owner, wanted, against)


def of_boxes(matches: Matches) -> Ranking:
    """The ranking of a detector's boxes of one class at the first overlap: false ones are told a field."""
    wrong = matches.counted[0] & ~matches.found[0]
    return Ranking(
        matches.scores, matches.found[0], wrong, matches.owners, matches.truths, np.ones(matches.truths.size)
    )


def rates(ranking: Ranking, levels: Floats, weights: Floats | None = None) -> Rates:
    """Rates where a thing is called a blast from each level on.

    Args:
        ranking: what was called.
        levels: float64 (levels,), rising.
        weights: float64 (draws, groups), how often each group was drawn; once each without it.
    """
    drawn = np.ones((1, ranking.wanted.size)) if weights is None else weights
    place = np.searchsorted(levels, ranking.score, side="right")

    def called(which: Bools) -> Floats:
        table = np.zeros((ranking.wanted.size, levels.size + 1))
        np.add.at(table, (ranking.owner[which], place[which]), 1.0)
        from_here_on = np.cumsum(table[:, ::-1], axis=1)[:, ::-1]
        return np.asarray(drawn @ from_here_on[:, 1:], np.float64)

    right, wrong = called(ranking.right), called(ranking.wrong)
    with np.errstate(divide="ignore", invalid="ignore"):
        return Rates(
            right / (drawn @ ranking.wanted)[:, None],
            wrong / (drawn @ ranking.against)[:, None],
            right / (right + wrong),
        )


def by_threshold(ranking: Ranking) -> tuple[Band, Band]:
    """Recall, and false ones, against evenly spaced thresholds."""
    levels = np.linspace(0, 1, POINTS)
    own, drawn = rates(ranking, levels), rates(ranking, levels, _weights(ranking))
    return _band(levels, own.recall[0], drawn.recall), _band(levels, own.false[0], drawn.false)


def response(ranking: Ranking, most: float = 1.0) -> Band:
    """Recall against false ones: the ROC curve of a classifier, the free response of a detector (Bunch et al. 1977).

    Args:
        ranking: what was called.
        most: false ones up to which the curve goes.
    """
    grid = np.linspace(0, most, POINTS)
    levels = _levels(ranking)
    own, drawn = rates(ranking, levels), rates(ranking, levels, _weights(ranking))
    lines = [
        _read_off(grid, np.r_[0.0, false[::-1]], np.r_[0.0, recall[::-1]])
        for false, recall in zip((*own.false, *drawn.false), (*own.recall, *drawn.recall), strict=True)
    ]
    return _band(grid, lines[0], np.array(lines[1:]))


def precision_recall(ranking: Ranking) -> Band:
    """Precision against recall; nothing where so many blasts are never called."""
    grid = np.linspace(0, 1, POINTS)
    levels = _levels(ranking)
    own, drawn = rates(ranking, levels), rates(ranking, levels, _weights(ranking))
    lines = [
        _read_off(grid, recall[::-1], precision[::-1], beyond=np.nan)
        for precision, recall in zip((*own.precision, *drawn.precision), (*own.recall, *drawn.recall), strict=True)
    ]
    return _band(grid, lines[0], np.array(lines[1:]))


def _levels(ranking: Ranking) -> Floats:
    scores = np.unique(ranking.score)
    if scores.size <= MOST_LEVELS:
        return scores
    return np.asarray(scores[np.linspace(0, scores.size - 1, MOST_LEVELS).round().astype(np.int64)], np.float64)


def _weights(ranking: Ranking, seed: int = 0) -> Floats:
    groups = ranking.wanted.size
    drawn = np.random.default_rng(seed).multinomial(groups, np.full(groups, 1 / max(groups, 1)), DRAWS)
    return np.asarray(drawn, np.float64)


def _read_off(grid: Floats, x: Floats, y: Floats, beyond: float | None = None) -> Floats:
    """Values of a line over a grid; of several at one x the last, which is the most lenient."""
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return np.full(grid.size, np.nan)
    return np.interp(grid, x[known], y[known], right=beyond)


def _band(x: Floats, y: Floats, drawn: Floats) -> Band:
    low, high = np.full((2, x.size), np.nan)
    defined = np.isfinite(drawn).sum(axis=0) > DRAWS / 2
    if defined.any():
        low[defined], high[defined] = np.nanquantile(drawn[:, defined], ENDS, axis=0)
    return Band(x, y, low, high)
