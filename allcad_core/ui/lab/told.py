"""The lab's words: what each method and each step does, in a sentence; the headline; the legends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from allcad_core.evaluation.one_smear import Agreement
from allcad_core.ui import words
from allcad_core.ui.lab.truth import Truth
from allcad_core.ui.lab.work import STAIN, Found, Part

StageName = Literal["grey", "feature", "clusters", "mask", "cut", "regions", "truth", "difference"]


@dataclass(frozen=True, slots=True)
class Told:
    """A method in words: its button, its name within a sentence, and what it does."""

    title: str
    name: str
    sentence: str


METHODS: dict[str, Told] = {
    "paper": Told(
        "Paper's threshold",
        "the paper's threshold",
        "Three clusters of grey levels; the one with the fewest pixels is taken for nuclei (Zaiter and Zwiggelaar).",
    ),
    "darkest": Told(
        "Mended rule",
        "the mended rule",
        "The paper's three clusters; the darkest is taken for nuclei, however many pixels it holds.",
    ),
    "stain": Told(
        "Stain",
        "the stain's colour",
        "Colour in place of brightness: what is more purple than red cells is a white cell; touching cells are parted.",
    ),
    "unet": Told(
        "U-Net",
        "the small network",
        "A small network that learned nuclei and cytoplasm from masks which experts drew.",
    ),
}


def method(name: str) -> Told:
    """A method in words; one that nobody wrote about goes by its name."""
    return METHODS.get(name) or Told(name.capitalize(), f"the method {name}", f"The method {name}.")


@dataclass(frozen=True, slots=True)
class Key:
    """An entry of a legend on the picture: words, colour, and ``solid``, ``hatched``, ``dotted`` or ``ring``."""

    words: str
    colour: str
    pattern: Literal["solid", "hatched", "dotted", "ring"] = "solid"


@dataclass(frozen=True, slots=True)
class Stage:
    """A step: its card (title and few words), the sentence below the picture, legend, and how strongly it covers."""

    name: StageName
    title: str
    short: str
    sentence: str
    legend: tuple[Key, ...] = ()
    opacity: float = 1.0


AUBERGINE, PALE, ROSE, GROUND, AMBER, BLUE, OLIVE = (
    "#43305C",
    "#8D7AA8",
    "#C77D84",
    "#B9AFA3",
    "#E8A117",
    "#3C69E1",
    "#8F861B",
)
"""Colours over a picture: the same in both themes, and none of a class."""
DENSITY = ("#F6F0FA", "#33105A")
"""Both ends of a density's colours."""
CLUSTERS = (Key("nuclei", AUBERGINE), Key("red cells", ROSE), Key("ground", GROUND))
TRUTH = (Key("found", AUBERGINE), Key("too much", AMBER, "hatched"), Key("missed", BLUE, "dotted"))
COVER = 0.65


def stages(result: Found, rule: Found, truth: Truth | None, part: Part, score: Agreement | None) -> list[Stage]:
    """The steps of a method on a smear.

    Args:
        result: what is shown; the method's own or that of a threshold set by hand.
        rule: what the method itself found.
        truth: the true mask, where there is one.
        part: which masks are compared with it.
        score: the comparison.
    """
    found = [*_before(result, rule), *_after(result, method(rule.method).sentence)]
    if truth is not None and score is not None:
        found.append(
            Stage(
                "truth",
                "Against the truth",
                f"Dice {score.dice:.2f}.",
                f"The mask beside the true one of {PARTS[part].lower()}: {errors(score)}.",
                TRUTH,
                0.8,
            )
        )
    return [_spaced(stage) for stage in found]


def _before(result: Found, rule: Found) -> list[Stage]:
    """What a method looks at before there is a mask."""
    if result.threshold is None:
        if rule.method != STAIN:
            return []
        sentence = "How much more red and green than blue is absorbed: nuclei are deep, red cells and ground stay pale."
        return [Stage("feature", "Purple", "Colour, not brightness.", sentence)]
    own = result.method == "own"
    return [
        Stage("grey", "Grey", "Colour is dropped.", "Colour is dropped: grey is 30 % red, 59 % green and 11 % blue."),
        Stage(
            "clusters",
            "Threshold",
            f"Three clusters, cut at {result.threshold}.",
            "Grey levels fall into three clusters. Your line cuts them." if own else method(rule.method).sentence,
            CLUSTERS,
        ),
    ]


def _after(result: Found, sentence: str) -> list[Stage]:
    """The mask, and what follows from it."""
    nuclei = (Key("nucleus", AUBERGINE), Key("cytoplasm", PALE))
    short = "What it takes for cells."
    if result.threshold is not None:
        short = f"All up to grey {result.threshold} is kept."
        sentence = "Every pixel as dark as the threshold or darker is taken for nucleus."
    return [
        Stage("mask", "Mask on picture", short, sentence, nuclei if result.knows_cytoplasm else nuclei[:1], COVER),
        Stage(
            "cut",
            "Masked picture",
            "The rest turns white.",
            "Only what the mask holds stays. A classifier of whole fields is given that, on the colour of the ground.",
        ),
        Stage(
            "regions",
            "Regions",
            f"{words.plural(len(result.regions), 'cell')}, measured.",
            "What hangs together is one cell; specks are dropped. Choose one here or in the table.",
        ),
    ]


def _spaced(stage: Stage) -> Stage:
    return Stage(
        stage.name,
        stage.title,
        stage.short,
        stage.sentence.replace(" %", f"{words.NBSP}%"),
        stage.legend,
        stage.opacity,
    )


def errors(score: Agreement) -> str:
    """Which part of the mask is too much, and which of the truth is missed."""
    extra, missed = _share(score.only_one, score.both), _share(score.only_other, score.both)
    return f"{extra} of the mask is too much, {missed} of the truth is missed"


def alone(one: str, other: str, part: Part, score: Agreement) -> str:
    """How much of what either takes, each of two methods takes alone."""
    taken = score.both + score.only_one + score.only_other
    if not taken or one == other:
        return ""
    first, second = (small_percent(only / taken) for only in (score.only_one, score.only_other))
    what = f"Of the pixels that either takes for {PARTS[part].lower()}"
    return f"{what}, {method(one).title} alone takes {first}, {method(other).title} alone {second}."


def _share(wrong: int, right: int) -> str:
    return small_percent(wrong / (wrong + right) if wrong + right else 0.0)


def small_percent(share: float) -> str:
    r"""A share in per cent, with one decimal where it is small.

    >>> small_percent(0.123), small_percent(0.034), small_percent(0.0001)
    ('12\xa0%', '3.4\xa0%', '< 0.1\xa0%')
    """
    if 0 < share < 0.001:
        return f"< 0.1{words.NBSP}%"
    return f"{100 * share:.1f}{words.NBSP}%" if 0 < share < 0.0995 else words.percent(share)


def cells(count: int) -> str:
    """How many white cells, as the beginning of a sentence."""
    return "No white cell" if count == 0 else words.plural(count, "white cell")


def headline(result: Found, rule: Found) -> str:
    """The answer of the page: how many cells, found how."""
    if result.method == "own":
        return f"{words.plural(len(result.regions), 'region')} at your threshold, grey {result.threshold}."
    at = "" if result.threshold is None else f" at grey {result.threshold}"
    return f"{cells(len(result.regions))} found by {method(rule.method).name}{at}."


def detail(result: Found, truth: Truth | None, part: Part, score: Agreement | None) -> str:
    """What stands below the headline: against the truth where it is known, else how much the mask holds."""
    share = small_percent(float(result.mask("nucleus").mean()))
    if truth is None or score is None:
        return f"{share} of the picture is taken for nucleus."
    there = "1 is" if truth.cells == 1 else f"{truth.cells} are"
    return f"{there} really there. Dice of {PARTS[part].lower()} {dice(score)}: {errors(score)}."


def dice(score: Agreement) -> str:
    """Dice with its interval."""
    ends = "" if score.low is None or score.high is None else f" ({score.low:.2f}{words.DASH}{score.high:.2f})"
    return f"{score.dice:.2f}{ends}"


PARTS: dict[Part, str] = {"nucleus": "Nuclei", "cell": "Whole cells"}


def compared(one: str, other: str, score: Agreement) -> str:
    """The answer of the side-by-side view."""
    if one == other:
        return "Choose two different methods to see where they differ."
    if not score.both + score.only_one + score.only_other:
        return "Neither method finds anything on this smear."
    return f"{method(one).title} and {method(other).title} agree on {words.percent(score.jaccard)}."


def difference_legend(one: str, other: str) -> tuple[Key, ...]:
    """Colours of the difference between two methods."""
    return (
        Key("both", AUBERGINE),
        Key(f"only {method(one).title}", OLIVE, "hatched"),
        Key(f"only {method(other).title}", BLUE, "dotted"),
    )
