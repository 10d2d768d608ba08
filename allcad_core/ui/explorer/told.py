"""The sentences of the explorer: the answer, what a protocol is worth, and what the things behind a number share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from allcad_core.evaluation.metrics import Estimate
from allcad_core.evaluation.published import TABLE_1
from allcad_core.ui import words
from allcad_core.ui.explorer.evidence import BLAST, DETECT, HEALTHY, NONE, PARTS, Evidence, Ints, Item

TASK_NAMES = {"cell": "Cells", "field": "Whole fields", DETECT: "Detectors"}
OWN = "own"
FEWEST, LEAST_SHARE, LEAST_LIFT = 4, 0.5, 1.3
"""What things share is told of so many at least, where so much of them shares it, and so much more than usual."""
PART_WORDS = {"session": "are from session {}", "camera": "were taken with the {}", "kind": "are of the kind {}"}


@dataclass(frozen=True, slots=True)
class Names:
    """What the things of a task are called, one and many."""

    thing: str
    things: str
    blast: str
    blasts: str
    healthy: str
    healthies: str

    def of(self, code: int) -> str:
        """A class in one word."""
        return self.blast if code == BLAST else self.healthy

    def count(self, truth: int, number: int) -> str:
        """So many of a true class.

        >>> names("cell").count(BLAST, 1), names("cell").count(HEALTHY, 3)
        ('1 blast', '3 healthy cells')
        """
        one, many = (self.thing_of(truth), self.things_of(truth))
        return f"{number:,} {one if number == 1 else many}"

    def thing_of(self, truth: int) -> str:
        """One thing of a true class."""
        return {BLAST: self.blasts[:-1], HEALTHY: self.healthies[:-1], NONE: "box on no cell"}[truth]

    def things_of(self, truth: int) -> str:
        """Things of a true class."""
        return {BLAST: self.blasts, HEALTHY: self.healthies, NONE: "boxes on no cell"}[truth]

    def behind(self, truth: int, answer: int, number: int) -> str:
        """What a field of the matrix counts, as a heading.

        >>> names("cell").behind(BLAST, HEALTHY, 11)
        '11 blasts called healthy'
        """
        counted = self.count(truth, number)
        return f"{counted} missed" if answer == NONE else f"{counted} called {self.of(answer)}"


_CELLS = Names("cell", "cells", "blast", "blasts", "healthy", "healthy cells")
_FIELDS = Names("field", "fields", "ALL", "ALL fields", "normal", "normal fields")


def names(task: str) -> Names:
    """What the things of a task are called."""
    return _FIELDS if task == "field" else _CELLS


@dataclass(frozen=True, slots=True)
class Protocol:
    """A protocol for people.

    Attributes:
        title: two words.
        sentence: what was left out together, and what that tells.
        leaks: why its figures are too good; empty where they are not.
    """

    title: str
    sentence: str
    leaks: str = ""


_RANDOM = (
    "One field gives up to a dozen crops and fields overlap, so the model has seen neighbours of what it is tested on."
)
PROTOCOLS: dict[str, Protocol] = {
    "source": Protocol(
        "Another data set", "A whole data set was left out at a time: how the model may fare in another hospital."
    ),
    "session": Protocol(
        "New session", "Whole sessions at the microscope were left out: how the model fares on another day or camera."
    ),
    "field": Protocol(
        "New field", "Fields were left out with all that overlaps them; the model may know their session and camera."
    ),
    "random4": Protocol("Random, 4 folds", "Pictures were drawn at random, as the papers do.", _RANDOM),
    "random5": Protocol("Random, 5 folds", "Pictures were drawn at random, as the papers do.", _RANDOM),
    "chen17": Protocol(
        "17 fields of Chen",
        "The 17 test fields of Chen et al. were left out.",
        "Four of them overlap fields that the model was trained on.",
    ),
    OWN: Protocol("Your pictures", "The shipped model judged your pictures; whether it was trained on them, you know."),
}
SET_NOTES = {
    "Aria": "The cells of Aria carry the label of their field; some of these labels are wrong.",
    "PBC": "PBC is healthy blood: it tells false blasts only.",
    "TXL-PBC": "TXL-PBC is healthy blood: it tells false blasts only.",
}


def share(value: Estimate) -> str:
    """A share in whole per cent with its interval."""
    if value.value is None:
        return words.DASH
    if value.low is None or value.high is None:
        return words.percent(value.value)
    ends = f"({100 * value.low:.0f}{words.DASH}{100 * value.high:.0f})"
    return f"{words.percent(value.value)} {ends}"


def decimal(value: Estimate) -> tuple[str, str]:
    """A figure with two decimals, and its interval in brackets."""
    if value.value is None:
        return words.DASH, ""
    if value.low is None or value.high is None:
        return f"{value.value:.2f}", ""
    return f"{value.value:.2f}", f"({value.low:.2f}{words.DASH}{value.high:.2f})"


def headline(shown: Evidence, counts: Ints, right: Estimate) -> str:
    """The answer of the page."""
    called = names(shown.task)
    blasts, healthy = int(counts[BLAST].sum()), int(counts[HEALTHY].sum())
    if not blasts + healthy:
        return f"{shown.model} was asked about none of these {called.things}."
    verb = "finds and names" if shown.boxes else "calls"
    end = "" if shown.boxes else " right"
    first = f"{shown.model} {verb} {share(right)} of the {called.things}{end}"
    if not blasts:
        false = int(counts[HEALTHY, BLAST])
        return f"{first}; it calls {false:,} of {called.count(HEALTHY, healthy)} {called.blast}."
    lost = blasts - int(counts[BLAST, BLAST])
    verb = "misses or misnames" if shown.boxes else "misses"
    return f"{first}; it {verb} {lost:,} of {called.count(BLAST, blasts)}."


def detail(shown: Evidence) -> str:
    """What stands below the answer: what the protocol means, and what is odd about the data set."""
    known = PROTOCOLS.get(shown.protocol)
    parts = [known.sentence if known else "", SET_NOTES.get(shown.dataset, "")]
    return " ".join(part for part in parts if part)


def folds(right: Sequence[float]) -> str:
    """The share right in each part that was left out, as their spread is larger than any interval."""
    if len(right) < 2:
        return ""
    listed = [words.percent(share) for share in right]
    mean = words.percent(sum(right) / len(right))
    return f"Left-out part by part it is right in {', '.join(listed[:-1])} and {listed[-1]}, on average in {mean}."


def leak(shown: Evidence, fair: Estimate | None, fair_protocol: str) -> tuple[str, str] | None:
    """Headline and text of the note where a protocol leaks.

    Args:
        shown: what the page is about.
        fair: the share right of the same model where nothing leaks; ``None`` where that is not stored.
        fair_protocol: where that is.
    """
    known = PROTOCOLS.get(shown.protocol)
    if known is None or not known.leaks:
        return None
    text = known.leaks
    if fair is not None:
        text += f" Under '{PROTOCOLS[fair_protocol].title}' it is right in {share(fair)}."
    paper = paper_says(shown)
    return "This split leaks: the figure is too good.", f"{text} {paper}".strip()


def paper_says(shown: Evidence) -> str:
    """The paper's own figure on this split, where there is one."""
    for entry in TABLE_1:
        if (entry.model, entry.task, entry.protocol) == (shown.model, shown.task, shown.protocol):
            return f"Its paper prints an accuracy of {100 * entry.accuracy:.4g}{words.NBSP}%, out of a split that leaks as well."
    return ""


def unfinished(shown: Evidence) -> str:
    """That folds are missing; empty where none is."""
    if not shown.missing_folds:
        return ""
    listed = ", ".join(str(fold + 1) for fold in shown.missing_folds)
    one = len(shown.missing_folds) == 1
    return f"{'Fold' if one else 'Folds'} {listed} of this protocol {'is' if one else 'are'} not trained yet."


def common(chosen: Sequence[Item], among: Sequence[Item], things: str) -> str:
    """What the chosen things share more than the others do; empty where nothing stands out.

    Args:
        chosen: what stands behind a number.
        among: all things of the same truth.
        things: what those are called.
    """
    if len(chosen) < FEWEST:
        return ""
    best: tuple[float, str] = (LEAST_LIFT, "")
    for part in PARTS:
        values = [str(getattr(item.origin, part)) for item in chosen]
        everywhere = [str(getattr(item.origin, part)) for item in among]
        for value in sorted(set(values) - {""}):
            count, usual = values.count(value), everywhere.count(value) / len(everywhere)
            lift = count / len(chosen) / usual
            if count >= LEAST_SHARE * len(chosen) and lift > best[0]:
                place = PART_WORDS[part].format(value.replace("_", " "))
                best = lift, f"{count} of {len(chosen)} {place} ({words.percent(usual)} of all {things} are)."
    return best[1]


def item_line(item: Item, shown: Evidence) -> str:
    """One thing behind a number in a line: where it is from, and what was said of it."""
    origin = item.origin
    places = [
        origin.image,
        f"session {origin.session}" if origin.session else "",
        origin.camera,
        origin.kind.replace("_", " "),
        score_words(item, shown),
    ]
    return words.listing(places)


def score_words(item: Item, shown: Evidence) -> str:
    """What was said of a thing, in numbers."""
    if not shown.boxes:
        what = "leukaemia" if shown.task == "field" else "blast"
        return f"probability of {what} {words.probability(item.score)}"
    return f"score {words.probability(item.score)}" if item.label != NONE else "no box at any score"
