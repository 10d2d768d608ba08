"""The words and number formats of the pages, so that a share or a probability reads the same everywhere."""

from __future__ import annotations

from collections.abc import Iterable

from allcad_core.intervals import EN_DASH, Proportion
from allcad_core.results import Cell, Label

NBSP = "\u00a0"
DASH = EN_DASH
"""Between the ends of an interval, and alone for what is missing."""
JOINER = "\u2060"
"""A word joiner: no line ends beside it."""
TIMES = "\u00d7"

NOTICE = "For research and teaching. Not a medical device."
"""Stands at the foot of every page."""

GLYPHS: dict[str, str] = {"blast": "\u25c6", "healthy": "\u25cb", "review": "\u25b2", "unsure": "\u00d7"}
COLOURS: dict[str, str] = {"blast": "violet", "healthy": "green", "review": "orange", "unsure": "gray"}
"""Streamlit's names of the class colours, which the theme sets to violet, teal, amber and grey."""
NAMES: dict[str, str] = {"blast": "blast", "healthy": "healthy", "review": "to review", "unsure": "cannot tell"}

REVIEW_FLAGS = frozenset({"disagree", "uncertain"})
"""Flags of a cell that ask for a person's look."""

SHORT_WARNINGS: dict[str, str] = {
    "blurred": "Blurred",
    "exposure": "Exposure",
    "foreign_scale": "Unusual magnification",
    "foreign_stain": "Unusual stain",
    "no_ground": "No clear ground",
    "extension": "Wrong extension",
    "pages": "First page only",
}
"""A warning's code as the two words of its badge."""


def to_review(cell: Cell) -> bool:
    """Whether a person should look at the cell: models disagree or the probability is near one half."""
    return not cell.reviewed and not REVIEW_FLAGS.isdisjoint(cell.flags)


def suspicion(cell: Cell) -> float:
    """How much the cell looks like a blast, 0..1: the calibrated probability, else the detector's score for its label.

    >>> suspicion(Cell((0, 0, 9, 9), "healthy", 0.75))
    0.25
    """
    return cell.suspicion


def in_one_piece(text: str) -> str:
    r"""The same text, its intervals never parted by the end of a line.

    >>> ascii(in_one_piece("(21\u201394)"))
    "'(21\\u2060\\u2013\\u206094)'"
    """
    return text.replace(DASH, f"{JOINER}{DASH}{JOINER}")


def percent(share: float | None) -> str:
    r"""A share in whole per cent.

    >>> percent(0.571)
    '57\xa0%'
    """
    return DASH if share is None else f"{100 * share:.0f}{NBSP}%"


def interval(share: Proportion) -> str:
    """The ends of a share's interval in whole per cent, without the sign: ``37`` en dash ``76``."""
    if share.low is None or share.high is None:
        return DASH
    return f"{100 * share.low:.0f}{DASH}{100 * share.high:.0f}"


def probability(value: float | None) -> str:
    """A probability with two decimals, never certain.

    >>> probability(0.944), probability(0.998), probability(0.001)
    ('0.94', '> 0.99', '< 0.01')
    """
    if value is None:
        return DASH
    if value > 0.99:
        return "> 0.99"
    return "< 0.01" if value < 0.01 else f"{value:.2f}"


def duration(milliseconds: float) -> str:
    """A time as a person says it.

    >>> duration(212.4), duration(1440)
    ('212 ms', '1.4 s')
    """
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def size(width: int, height: int) -> str:
    """The size of a picture, in pixels."""
    return f"{width} {TIMES} {height} px"


def short_warning(code: str) -> str:
    """The few words of a warning's badge."""
    return SHORT_WARNINGS.get(code, code.replace("_", " ").capitalize())


def plural(count: int, noun: str) -> str:
    """A count with its noun.

    >>> plural(1, "file"), plural(3, "file")
    ('1 file', '3 files')
    """
    return f"{count} {noun}" + ("" if count == 1 else "s")


def coloured(kind: str) -> str:
    """The glyph of a class in its colour, as Streamlit's Markdown."""
    return f":{COLOURS[kind]}[{GLYPHS[kind]}]"


def label_name(label: Label) -> str:
    """The class as a person reads it."""
    return NAMES[label]


def listing(parts: Iterable[str]) -> str:
    """Parts of a caption, set apart by middle dots."""
    return " \u00b7 ".join(part for part in parts if part)
