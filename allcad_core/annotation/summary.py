"""The annotation in figures: counts by session and class, where boxes come from, doubtful cases; also as Markdown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from allcad_core.annotation.build import FieldAnnotation
from allcad_core.annotation.corrections import Correction
from allcad_core.datasets.boxes import KINDS, Kind

Fields = Mapping[str, FieldAnnotation]

_DOUBT = re.compile(
    r"looks like|\bno cross|without a cross|cannot tell|unsure|doubt|perhaps|maybe|\bor\b|\?", re.IGNORECASE
)
"""Words of a note that tell a doubtful case: what the experts decided otherwise, and what could be two things."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Fields and boxes of one session.

    Attributes:
        session: letter; empty where unknown.
        fields: how many.
        boxes: number by class.
        empty: fields without a counted cell.
    """

    session: str
    fields: int
    boxes: Mapping[Kind, int]
    empty: int


def tallies(fields: Fields, sessions: Mapping[str, str | None]) -> list[Tally]:
    """Counts by session, in order of their letters.

    Args:
        fields: the annotation.
        sessions: by name of the field.
    """
    found = []
    for session in sorted({sessions.get(name) or "" for name in fields}):
        own = [one for name, one in fields.items() if (sessions.get(name) or "") == session]
        kinds = [Counter(marked.cell.kind for marked in one.boxes) for one in own]
        boxes = {kind: sum(each[kind] for each in kinds) for kind in KINDS}
        empty = sum(not each["blast"] and not each["healthy"] for each in kinds)
        found.append(Tally(session, len(own), boxes, empty))
    return found


def sources(fields: Fields) -> dict[str, int]:
    """Number of boxes by how they came about, the most frequent first."""
    return dict(Counter(marked.cell.source for one in fields.values() for marked in one.boxes).most_common())


def doubtful(corrections: Iterable[Correction]) -> list[Correction]:
    """Rows whose note tells of a doubt, by field."""
    return sorted((row for row in corrections if _DOUBT.search(row.note)), key=lambda row: row.image)


def markdown(fields: Fields, sessions: Mapping[str, str | None], corrections: Iterable[Correction]) -> str:
    """Counts, sources and doubtful cases for ``docs/annotation.md``."""
    rows = tallies(fields, sessions)
    lines = [
        "| session | fields | blast | healthy | ignore | fields without a counted cell |",
        "|---|---|---|---|---|---|",
    ]
    lines += [_row(row.session or "unknown", row) for row in rows]
    total = {kind: sum(row.boxes[kind] for row in rows) for kind in KINDS}
    lines.append(_row("all", Tally("", sum(r.fields for r in rows), total, sum(r.empty for r in rows))))
    lines += ["", "| source | boxes |", "|---|---|"]
    lines += [f"| `{source}` | {number} |" for source, number in sources(fields).items()]
    lines += ["", "| field | box | class | note |", "|---|---|---|---|"]
    lines += [f"| {row.image} | {_named(row)} | {_kind(row, fields)} | {row.note} |" for row in doubtful(corrections)]
    return "\n".join(lines) + "\n"


def _row(name: str, row: Tally) -> str:
    numbers = (row.fields, *(row.boxes[kind] for kind in KINDS), row.empty)
    return f"| {name} | {' | '.join(map(str, numbers))} |"


def _kind(row: Correction, fields: Fields) -> str:
    """The class that came out for the box that a row speaks of; empty where it speaks of none."""
    cells = {marked.id: marked.cell.kind for marked in fields[row.image].boxes} if row.image in fields else {}
    return cells.get(row.id) or row.kind or ""


def _named(row: Correction) -> str:
    if row.id:
        return row.id
    place = row.box or row.point or ()
    return " ".join(f"{side:g}" for side in place)
