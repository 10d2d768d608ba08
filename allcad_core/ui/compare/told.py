"""The sentences of the page: which of two models is better, and what a table of figures hides."""

from __future__ import annotations

from collections.abc import Sequence

from allcad_core.evaluation.classifiers import HEADLINES
from allcad_core.evaluation.metrics import Estimate
from allcad_core.evaluation.speed import Speed
from allcad_core.evaluation.standings import Measured, Standing
from allcad_core.evaluation.versus import Versus
from allcad_core.evaluation.versus_boxes import BoxVersus
from allcad_core.stress import NO_STRESS, Stress
from allcad_core.ui import words

TASKS = {"cell": "Cell classifiers", "field": "Field classifiers", "detect": "Detectors"}
MEASURES = {"cell": "accuracy", "field": "accuracy", "detect": "average precision of blasts"}
THINGS = {"cell": "cells", "field": "fields", "detect": "white cells"}
SPLITS = {"random4": "a random split", "chen17": "Chen's 17 test fields"}
MINUS = "\N{MINUS SIGN}"
MOST_NAMED = 3
"""Models that a sentence names."""
HIDES = {
    "cell": "On the papers' split, crops of one field stand on both sides.",
    "field": "On the papers' split, overlapping fields of one slide stand on both sides.",
    "detect": "Four of the paper's 17 test fields show cells of fields that it trains on.",
}


def points(share: float, *, signed: bool = True) -> str:
    """A difference of shares in points of a hundred.

    >>> points(0.0961), points(-0.008), points(0.0961, signed=False)
    ('+9.6', '\u22120.8', '9.6')
    """
    text = f"{abs(100 * share):.1f}"
    sign = MINUS if share < 0 and text != "0.0" else "+" if signed and text != "0.0" else ""
    return f"{sign}{text}"


def apart(value: float, low: float, high: float) -> str:
    """A difference with its interval; an interval that crosses zero shows its signs."""
    if low > 0 or high < 0:
        ends = sorted((abs(low), abs(high)))
        return f"{points(value)} points ({points(ends[0], signed=False)}{words.DASH}{points(ends[1], signed=False)})"
    return f"{points(value)} points ({points(low)} to {points(high)})"


def verdict(
    task: str,
    first: str,
    second: str,
    fair: Versus | BoxVersus | None,
    leaky: Versus | BoxVersus | None,
    split: str,
    on_both: Sequence[str] = (),
) -> tuple[str, str]:
    """Headline and detail for somebody who has to choose one of two models.

    Args:
        task: of both.
        first: name of one.
        second: name of the other.
        fair: both on new sessions; ``None`` where they cannot be compared.
        leaky: both on the papers' split; likewise.
        split: name of that protocol.
        on_both: models that were asked under both protocols, and so can be held against either.
    """
    if fair is None and leaky is None and on_both:
        others = " or ".join(on_both[:MOST_NAMED])
        return (
            f"{first} and {second} cannot be compared yet.",
            f"They were asked about different pictures. Hold either against one that was asked about both: {others}.",
        )
    if fair is None and leaky is None:
        return (
            f"{first} and {second} cannot be compared yet.",
            "No pictures are stored that both were asked about. Train the missing one with allcad train.",
        )
    if fair is None:
        assert leaky is not None
        return (
            f"{first} and {second} cannot be compared on new sessions yet.",
            f"On {SPLITS.get(split, split)}: {_numbers(task, leaky)} That split flatters both.",
        )
    gain, low, high = _difference(fair)
    better, worse = (second, first) if gain >= 0 else (first, second)
    told = low > 0 or high < 0
    where = "on sessions that it has not seen"
    headline = (
        f"{better} is the better of the two {where}."
        if told
        else f"No difference between {first} and {second} can be shown on new sessions."
    )
    rest = "" if leaky is None else f" On {SPLITS.get(split, split)} {_short(leaky, better, worse)}"
    return headline, f"{_numbers(task, fair)}{rest}"


def _difference(found: Versus | BoxVersus) -> tuple[float, float, float]:
    """Second minus first, with the ends of its interval."""
    if isinstance(found, BoxVersus):
        return found.difference, found.low, found.high
    entry = found.differences["accuracy"]
    return entry.value or 0.0, entry.low or 0.0, entry.high or 0.0


def _numbers(task: str, found: Versus | BoxVersus) -> str:
    """Counts of the better one first, then the difference."""
    gain, low, high = _difference(found)
    swap = gain < 0
    if isinstance(found, BoxVersus):
        counts = [
            (found.first, found.first_right, found.first_extra),
            (found.second, found.second_right, found.second_extra),
        ]
        one, other = counts if swap else counts[::-1]
        return (
            f"{one[0]} finds and names {one[1]:,} of {found.cells:,} white cells, {other[0]} {other[1]:,}: "
            f"{_gain(gain, low, high)}. Boxes on no cell: {one[2]:,} against {other[2]:,} on {found.fields} fields."
        )
    rights = [
        (found.first.model, found.both_right + found.first_only),
        (found.second.model, found.both_right + found.second_only),
    ]
    one_, other_ = rights if swap else rights[::-1]
    return (
        f"{one_[0]} is right on {one_[1]:,} of {found.pictures:,} {THINGS[task]} of {found.dataset}, {other_[0]} on "
        f"{other_[1]:,}: {_gain(gain, low, high)}."
    )


def _gain(gain: float, low: float, high: float) -> str:
    """The better one's lead."""
    gain, low, high = (-gain, -high, -low) if gain < 0 else (gain, low, high)
    return apart(gain, low, high)


def _short(found: Versus | BoxVersus, better: str, worse: str) -> str:
    gain, low, high = _difference(found)
    second = found.second if isinstance(found, BoxVersus) else found.second.model
    if not (low > 0 or high < 0):
        return f"no difference can be shown ({_gain(gain, low, high)})."
    leads = (gain > 0) == (second == better)
    return f"{better if leads else worse} leads by {_gain(gain, low, high)}."


def pace(first: Speed | None, second: Speed | None) -> str:
    """How much longer the slower of two takes; empty until both were measured."""
    if first is None or second is None:
        return ""
    slow, fast = (first, second) if first.times.p50 >= second.times.p50 else (second, first)
    times = slow.times.p50 / max(fast.times.p50, 1e-9)
    if times < 1.15:
        return "Both take about as long on this machine."
    return f"{slow.model} takes {times:.1f} times as long on this machine as {fast.model}."


def figure(found: Measured | None) -> str:
    """A figure with its interval as the table has it."""
    return words.DASH if found is None else share(found.value)


def share(value: Estimate) -> str:
    """A share in per cent with one decimal and its interval, without the sign.

    >>> share(Estimate(0.8653, 0.819, 0.902))
    '86.5 (81.9\u201390.2)'
    """
    if value.value is None:
        return words.DASH
    if value.low is None or value.high is None:
        return f"{100 * value.value:.1f}"
    return f"{100 * value.value:.1f} ({100 * value.low:.1f}{words.DASH}{100 * value.high:.1f})"


def milliseconds(found: Speed | None) -> str:
    """A time in the table."""
    if found is None:
        return words.DASH
    value = found.times.p50
    return f"{value:.0f}" if value >= 20 else f"{value:.1f}"


def standing_note(entry: Standing) -> str:
    """What is odd about a line of the table; empty where nothing is."""
    if entry.session is None and entry.papers is None:
        return "no results stored yet"
    parts = [
        f"{words.plural(found.missing_folds, 'fold')} not trained yet"
        for found in (entry.session, entry.papers)
        if found is not None and found.missing_folds
    ]
    usual = HEADLINES.get(entry.task, ("",))[0]
    if usual and entry.session is not None and entry.session.dataset != usual:
        parts.append(f"on {entry.session.dataset}")  # not to be set beside figures on the usual set
    if not entry.shipped:
        parts.append("measured, not shipped")
    return ", ".join(dict.fromkeys(parts))


def sets(ranked: Sequence[Standing]) -> dict[str, int]:
    """On which data sets the new-session figures stand, with the most things that a model was asked about there."""
    found: dict[str, int] = {}
    for entry in ranked:
        if entry.session is not None:
            found[entry.session.dataset] = max(found.get(entry.session.dataset, 0), entry.session.things)
    return found


UNITS = {
    "blur": ("Blur", "%.1f px"),
    "stain": ("Stain", "%+.2f"),
    "brightness": ("Brightness", "%.2f"),
    "magnification": ("Magnification", "%.2f"),
    "jpeg": ("JPEG quality", "%d"),
}
HELP = {
    "blur": "Standard deviation of the blur, in pixels of the photograph",
    "stain": "Above 0 the stain turns redder, below 0 bluer; the empty ground stays",
    "brightness": "Every grey level is multiplied by this and cut at white",
    "magnification": "The photograph is made smaller or larger by this",
    "jpeg": "Quality of the JPEG file that the photograph is saved as; 100 leaves it as it is",
}


def stress_words(stress: Stress) -> str:
    """What is done to the smear, in a few words; empty where nothing is."""
    if stress == NO_STRESS:
        return ""
    parts = []
    for name in stress.active:
        title, form = UNITS[name]
        parts.append(f"{title.lower() if title != 'JPEG quality' else title} {form % getattr(stress, name)}")
    return ", ".join(parts)


def held(before: dict[str, int], after: dict[str, int]) -> str:
    """How many models keep their count of blasts under stress.

    Args:
        before: blasts by model on the smear as it is.
        after: on the stressed one.
    """
    both = before.keys() & after.keys()
    if not both:
        return ""
    same = sum(before[name] == after[name] for name in both)
    worst = max(both, key=lambda name: (abs(after[name] - before[name]), name))
    if same == len(both):
        return "Every model still counts as many blasts as before."
    change = f"{worst} went from {before[worst]} to {after[worst]} blasts"
    kept = f"{same} of {len(both)} models count" if same != 1 else f"1 of {len(both)} models counts"
    return f"{kept} as many blasts as before; {change}."
