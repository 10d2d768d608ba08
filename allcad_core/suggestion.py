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
DOUBT_CODES = frozenset({"blurred", "exposure", "foreign_scale", "foreign_stain", "no_ground"})
"""Warning codes that put the whole count in doubt."""

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


def _cells(count: int) -> str:
    return f"{count} white cell" + ("" if count == 1 else "s")


def suggest(blasts: int, healthy: int, warnings: Collection[str] = ()) -> Suggestion:
    """Suggestion for a field with these counts.

    Args:
        blasts: cells labelled blast at the chosen confidence.
        healthy: cells labelled healthy; cells that a person cannot tell are in neither count.
        warnings: codes of the analysis' warnings.
    """
    total = blasts + healthy
    doubts = sorted(DOUBT_CODES.intersection(warnings))
    share = wilson(blasts, total)
    if total == 0:
        if doubts:
            return Suggestion(
                "cannot_tell",
                "allcad cannot tell: no white cell was found, and the picture is not what the models know.",
                "Try a sharper, evenly lit photograph of the thin part of the smear.",
                tuple(doubts),
            )
        return Suggestion(
            "no_white_cells",
            "No white cell was found.",
            "Lower the score, or bring another field of the smear.",
            (),
        )
    reasons = [f"{blasts} of {total} white cells look like blasts: {share}."]
    if doubts:
        return Suggestion(
            "cannot_tell",
            f"Treat these counts with doubt: {blasts} of {_cells(total)} would count as blasts.",
            "The picture differs from what the models have seen; the warnings say how.",
            (*reasons, *doubts),
        )
    if blasts == 0:
        high = wilson(0, total).high or 0.0
        return Suggestion(
            "no_blasts",
            "No white cell looks like a blast.",
            f"{total} {'was' if total == 1 else 'were'} counted; blasts may still be elsewhere on the slide "
            f"(0 to {100 * high:.0f}\u00a0%).",
            tuple(reasons),
        )
    headline = (
        f"{blasts} of {_cells(total)} look{'s' if blasts == 1 else ''} like {'a blast' if blasts == 1 else 'blasts'}."
    )
    if blasts >= ENOUGH_BLASTS and blasts >= BLAST_SHARE_LINE * total:
        return Suggestion(
            "blasts_suspected",
            headline,
            f"This suggests a smear that a specialist should look at. {NOT_A_DIAGNOSIS}",
            (
                *reasons,
                f"At least {ENOUGH_BLASTS} cells and {BLAST_SHARE_LINE:.0%} of the white cells.".replace(
                    "%", "\u00a0%"
                ),
            ),
        )
    return Suggestion(
        "few_suspicious",
        headline,
        f"{'One cell' if blasts == 1 else 'So few cells'} can be a mistake: look at the cells, and at more fields. "
        f"{NOT_A_DIAGNOSIS}",
        tuple(reasons),
    )
