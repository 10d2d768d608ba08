"""The rule that turns counts into a suggestion in plain words: the only place where it is written.

The line of 20 % is the textbook share of blasts from which acute leukaemia is considered (of nucleated
cells in marrow; allcad sees blood, so the rule suggests a specialist's look and nothing more).
How often each suggestion is given on real fields is printed by ``allcad evaluate suggestion``.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from allcad_core.intervals import wilson

Kind = Literal["no_white_cells", "no_blasts", "few_suspicious", "blasts_suspected", "cannot_tell"]

BLAST_SHARE_LINE = 0.20
"""Textbook share of blasts for acute leukaemia."""
ENOUGH_BLASTS = 3
"""Fewer blast boxes than this can be mistakes of the model; they never give "blasts suspected"."""
DOUBTS = {
    "blurred": "The picture is blurred.",
    "exposure": "The picture is too dark or too bright.",
    "foreign_scale": "The cells are much larger or smaller than those that the models know.",
    "foreign_stain": "The stain differs from those that the models know.",
    "no_ground": "No empty background was found against which the stain could be measured.",
}
"""Warning codes that put the whole count in doubt, each with its reason in words."""
DOUBT_CODES = frozenset(DOUBTS)

NOT_A_DIAGNOSIS = "It is not a diagnosis."


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What allcad suggests about one field: ``headline`` first, then what follows from it and why."""

    kind: Kind
    headline: str
    detail: str
    reasons: tuple[str, ...]

    @property
    def text(self) -> str:
        """Headline and detail as one line."""
        return f"{self.headline} {self.detail}"


def suggest(blasts: int, healthy: int, warnings: Collection[str] = ()) -> Suggestion:
    """Suggestion for a field with these counts.

    Args:
        blasts: cells labelled blast at the chosen confidence.
        healthy: cells labelled healthy; cells that a person cannot tell are in neither count.
        warnings: codes of the analysis' warnings; those that are not in ``DOUBTS`` do not matter here.

    Raises:
        ValueError: a count is negative.
    """
    doubts = tuple(sentence for code, sentence in DOUBTS.items() if code in warnings)
    if blasts + healthy == 0:
        return _without_cells(doubts)
    reasons = (f"{_verdict(blasts, blasts + healthy)}: {wilson(blasts, blasts + healthy)}.", *doubts)
    if doubts:
        return Suggestion(
            "cannot_tell",
            f"Treat these counts with doubt. {_verdict(blasts, blasts + healthy)}.",
            f"The picture differs from what the models have seen; the warnings say how. {NOT_A_DIAGNOSIS}",
            reasons,
        )
    if blasts == 0:
        return _without_blasts(healthy, reasons)
    return _with_blasts(blasts, blasts + healthy, reasons)


def _verdict(blasts: int, total: int) -> str:
    """The counts as a sentence without its full stop."""
    cells = f"{blasts} of {total} white cell{'' if total == 1 else 's'}"
    return f"{cells} looks like a blast" if blasts == 1 else f"{cells} look like blasts"


def _without_cells(doubts: tuple[str, ...]) -> Suggestion:
    if doubts:
        return Suggestion(
            "cannot_tell",
            "allcad cannot tell: no white cell was found, and the picture is not what the models know.",
            "Try a sharper, evenly lit photograph of the thin part of the smear.",
            doubts,
        )
    return Suggestion(
        "no_white_cells", "No white cell was found.", "Lower the score, or bring another field of the smear.", ()
    )


def _without_blasts(healthy: int, reasons: tuple[str, ...]) -> Suggestion:
    high = wilson(0, healthy).high or 0.0
    return Suggestion(
        "no_blasts",
        "No white cell looks like a blast.",
        f"{healthy} {'was' if healthy == 1 else 'were'} counted; blasts may still be elsewhere on the slide "
        f"(0 to {100 * high:.0f}\N{NO-BREAK SPACE}%). {NOT_A_DIAGNOSIS}",
        reasons,
    )


def _with_blasts(blasts: int, total: int, reasons: tuple[str, ...]) -> Suggestion:
    line = f"{100 * BLAST_SHARE_LINE:.0f}\N{NO-BREAK SPACE}%"
    headline = f"{_verdict(blasts, total)}."
    over = blasts / total >= BLAST_SHARE_LINE
    if blasts >= ENOUGH_BLASTS and over:
        return Suggestion(
            "blasts_suspected",
            headline,
            f"This suggests a smear that a specialist should look at. {NOT_A_DIAGNOSIS}",
            (*reasons, f"They are at least {ENOUGH_BLASTS} cells and {line} of the white cells."),
        )
    few = f"fewer than {ENOUGH_BLASTS} cells" if over else f"less than {line} of the white cells"
    subject = "One cell" if blasts == 1 else "A few cells"
    return Suggestion(
        "few_suspicious",
        headline,
        f"{subject} can be a mistake: look at the cells, and at more fields. {NOT_A_DIAGNOSIS}",
        (*reasons, f"{'It is' if blasts == 1 else 'They are'} {few}."),
    )
