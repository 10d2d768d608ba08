"""What the check of a data folder found, as one typed report; its JSON form and its tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong. ``falsifies``: an evaluation on these data would give a false figure.

    Attributes:
        code: stable word for programs.
        falsifies: whether the check must fail.
        message: one sentence for a person.
        files: what it is about, at most ``LISTED`` of them.
        count: how many there are.
    """

    code: str
    falsifies: bool
    message: str
    files: tuple[str, ...] = ()
    count: int = 1


LISTED = 50
"""Files that a problem lists."""


@dataclass(frozen=True, slots=True)
class SetSummary:
    """What is there of one data set: pictures by label and kind, what is missing of the official release."""

    name: str
    folder: str
    pictures: int
    labels: dict[str, int]
    kinds: dict[str, int]
    boxes: int
    points: int
    masks: int
    missing: tuple[str, ...]
    licence: str
    cite: str


@dataclass(frozen=True, slots=True)
class Copies:
    """Two pictures with the same pixels (``exact``) or nearly the same."""

    one: str
    other: str
    exact: bool
    correlation: float
    apart: bool
    """They stand in different folds or data sets, or carry different labels."""


@dataclass(frozen=True, slots=True)
class SharedCells:
    """Two fields that show the same cells, and the share of the first that both show."""

    one: str
    other: str
    share: float
    correlation: float


@dataclass(frozen=True, slots=True)
class CropPlace:
    """Where a crop was cut: its fields and x0, y0, x1, y1 in their pixels."""

    crop: str
    fields: tuple[str, ...]
    box: tuple[int, int, int, int]
    correlation: float


@dataclass(frozen=True, slots=True)
class SittingRow:
    """One sitting at the microscope: how many fields, with which camera, when."""

    session: str
    camera: str
    first: str
    last: str
    leukaemia: int
    healthy: int


@dataclass(frozen=True)
class CheckReport:
    """All that the check found."""

    root: str
    sets: tuple[SetSummary, ...]
    sittings: tuple[SittingRow, ...]
    copies: tuple[Copies, ...]
    overlaps: tuple[SharedCells, ...]
    groups: tuple[tuple[str, ...], ...]
    crops: tuple[CropPlace, ...]
    problems: tuple[Problem, ...]

    @property
    def falsifying(self) -> bool:
        """Whether anything would falsify an evaluation."""
        return any(problem.falsifies for problem in self.problems)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values for JSON."""
        return {"schema_version": SCHEMA_VERSION, **asdict(self), "falsifying": self.falsifying}


def problem(code: str, message: str, files: Iterable[str] = (), *, falsifies: bool) -> Problem:
    """A problem about files, of which the first ``LISTED`` are kept."""
    every = sorted(files)
    return Problem(code, falsifies, message, tuple(every[:LISTED]), max(1, len(every)))


def render(report: CheckReport, console: Console) -> None:
    """Print the report as tables."""
    _print_sets(report, console)
    if report.sittings:
        _print_sittings(report, console)
    _print_findings(report, console)
    _print_problems(report, console)


def _print_sets(report: CheckReport, console: Console) -> None:
    from rich.table import Table

    table = Table("Data set", title=f"Data in {report.root}")
    for column in ("Pictures", "Label 1", "Label 0", "Boxes", "Points", "Masks", "Missing"):
        table.add_column(column, justify="right")
    for entry in report.sets:
        labels = (entry.labels.get(key, 0) for key in ("1", "0"))
        counts = (entry.pictures, *labels, entry.boxes, entry.points, entry.masks, len(entry.missing))
        table.add_row(entry.name, *(str(count) if count else "" for count in counts))
    console.print(table)


def _print_sittings(report: CheckReport, console: Console) -> None:
    from rich.table import Table

    table = Table("Sitting", "Camera", "From", "To", title="Sittings at the microscope")
    for column in ("Leukaemia", "Healthy"):
        table.add_column(column, justify="right")
    for row in report.sittings:
        counts = (str(count) if count else "" for count in (row.leukaemia, row.healthy))
        table.add_row(row.session, row.camera, row.first, row.last.rsplit(" ", 1)[-1], *counts)
    console.print(table)


def _print_findings(report: CheckReport, console: Console) -> None:
    if report.crops:
        console.print(f"{len(report.crops)} crops were found in their fields.", highlight=False)
    for names in report.groups:
        console.print(f"Show the same cells: {', '.join(names)}.", highlight=False)
    for pair in report.copies:
        kind = "the same pixels" if pair.exact else "nearly the same"
        console.print(f"{kind.capitalize()}: {pair.one} and {pair.other}.", highlight=False, markup=False)


def _print_problems(report: CheckReport, console: Console) -> None:
    from rich.markup import escape

    if not report.problems:
        console.print("[green]Nothing is wrong.[/green]")
    for entry in report.problems:
        word = "[red]Falsifies:[/red]" if entry.falsifies else "[yellow]Note:[/yellow]"
        console.print(f"{word} {escape(entry.message)}", highlight=False)
        shown = ", ".join(entry.files[:8]) + (f" and {entry.count - 8} more" if entry.count > 8 else "")
        if shown:
            console.print(f"  {escape(shown)}", highlight=False, style="dim")
    if report.falsifying:
        console.print("[red]An evaluation on these data would be false.[/red]")
