"""Several fields as one patient's smear: their cells are pooled, not their percentages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from allcad_core.errors import DataError
from allcad_core.intervals import Proportion, wilson
from allcad_core.results import Counts, FieldAnalysis
from allcad_core.suggestion import DOUBT_CODES, Suggestion, suggest


@dataclass(frozen=True)
class Pooled:
    """What allcad says about all fields of one smear together.

    Attributes:
        fields: an analysis each, every photograph once.
        twice: names of photographs that were given again and count once.
    """

    fields: tuple[FieldAnalysis, ...]
    twice: tuple[str, ...] = ()

    @cached_property
    def counts(self) -> Counts:
        """Cells of all fields by label."""
        each = [field.counts for field in self.fields]
        return Counts(sum(one.blast for one in each), sum(one.healthy for one in each), sum(one.unsure for one in each))

    @property
    def blast_fraction(self) -> Proportion:
        """Share of blasts among all counted white cells with its 95 % Wilson interval over the pool."""
        return wilson(self.counts.blast, self.counts.total)

    @cached_property
    def doubtful(self) -> tuple[FieldAnalysis, ...]:
        """Fields with a warning that puts their count in doubt."""
        return tuple(field for field in self.fields if any(note.code in DOUBT_CODES for note in field.warnings))

    @cached_property
    def doubts(self) -> tuple[str, ...]:
        """Codes that put the pool in doubt: those of doubtful fields, where these hold at least half of the cells.

        One blurred field among ten good ones is named, but it does not take the answer away.
        """
        inside = sum(field.counts.total for field in self.doubtful)
        if not self.doubtful or 2 * inside < self.counts.total:
            return ()
        codes = [note.code for field in self.doubtful for note in field.warnings if note.code in DOUBT_CODES]
        return tuple(dict.fromkeys(codes))

    @property
    def suggestion(self) -> Suggestion:
        """The suggestion for the pooled counts."""
        return suggest(self.counts.blast, self.counts.healthy, self.doubts)

    @property
    def spread(self) -> tuple[float, float] | None:
        """Smallest and largest share of blasts among fields with white cells; ``None`` for fewer than two of these."""
        shares = [value for field in self.fields if (value := field.blast_fraction.value) is not None]
        return (min(shares), max(shares)) if len(shares) > 1 else None

    @property
    def reviewed(self) -> int:
        """How many of the cells a person has looked at."""
        return sum(field.reviewed for field in self.fields)


def pool(analyses: Iterable[FieldAnalysis]) -> Pooled:
    """Pool the fields of one smear; a photograph that is given twice counts once.

    Args:
        analyses: at least one, all by the same model and at the same confidence.

    Raises:
        DataError: there is none, or they are by different models or at different confidences.
    """
    every = tuple(analyses)
    if not every:
        raise DataError("There is no field to pool.")
    if len({(field.recipe, field.confidence) for field in every}) > 1:
        raise DataError("Fields are pooled only where one model looked at all of them at one confidence.")
    fields: dict[str, FieldAnalysis] = {}
    twice = []
    for field in every:
        if field.sha256 in fields:
            twice.append(field.image)
        else:
            fields[field.sha256] = field
    return Pooled(tuple(fields.values()), tuple(twice))
