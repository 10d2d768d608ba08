"""Every file to its doors, and what came of it."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.hostile.cases import Case
from benchmarks.hostile.doors import DOORS, doors_of
from benchmarks.hostile.workers import Worker

LIMIT_S = 120.0
"""Seconds by the clock after which a file counts as a hang; a shared machine may be slow."""
LIMIT_BYTES = 1_000_000_000
"""Memory that a file may take at its peak, above what libraries and networks hold already."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What went wrong with one file at one door."""

    case: int
    kind: str
    how: str
    door: str
    what: str


@dataclass
class Survey:
    """What came of a corpus.

    Attributes:
        cases: files tried.
        visits: by door, how many files were answered and how many refused in a sentence.
        slowest: by door, the longest processor time, and its file.
        peak: by door, the most memory of the whole process in bytes, and its file.
        findings: what must be mended.
    """

    cases: int = 0
    visits: dict[str, Counter[str]] = field(default_factory=dict)
    slowest: dict[str, tuple[float, str]] = field(default_factory=dict)
    peak: dict[str, tuple[int, str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def survey(
    cases: Iterable[Case], *, doors: Iterable[str] = tuple(DOORS), limit_s: float = LIMIT_S,
    tell: Callable[[Survey, Case], None] | None = None,
) -> Survey:  # fmt: skip
    """Bring every file to its doors."""
    found = Survey()
    with _workers(tuple(doors)) as workers:
        for case in cases:
            found.cases += 1
            for door in doors_of(case):
                if door in workers:
                    _note(found, case, door, workers[door].visit(door, case, limit_s))
            if tell is not None:
                tell(found, case)
    return found


@contextlib.contextmanager
def _workers(doors: tuple[str, ...]) -> Iterator[dict[str, Worker]]:
    workers = {door: Worker() for door in doors}
    try:
        yield workers
    finally:
        for worker in workers.values():
            worker.close()


def _note(found: Survey, case: Case, door: str, visit: tuple[str, str, float, int]) -> None:
    answer, wrong, seconds, peak = visit
    label = f"{case.number}, {case.kind}: {case.how}"
    if peak > LIMIT_BYTES and not wrong:
        wrong = f"{peak / 1e6:,.0f} MB of memory"
    outcome = "findings" if wrong else "refused" if answer else "answered"
    found.visits.setdefault(door, Counter())[outcome] += 1
    found.slowest[door] = max(found.slowest.get(door, (0.0, "")), (seconds, label))
    found.peak[door] = max(found.peak.get(door, (0, "")), (peak, label))
    if wrong:
        found.findings.append(Finding(case.number, case.kind, case.how, door, wrong))


def plain(found: Survey) -> dict[str, Any]:
    """A survey as JSON holds it."""
    return {
        "cases": found.cases,
        "visits": {door: dict(visits) for door, visits in found.visits.items()},
        "slowest": found.slowest,
        "peak": found.peak,
        "findings": [asdict(one) for one in found.findings],
    }
