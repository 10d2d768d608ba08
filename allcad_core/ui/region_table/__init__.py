"""Regions with their measures in a table that sorts, where a chosen row frames the cell in the viewer and the other way round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from allcad_core.ui.components import component

_mount = component("region_table", "lab/bus.js")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, its unit, what it measures, and decimals."""

    title: str
    unit: str
    meaning: str
    decimals: int = 0


def region_table(
    columns: Sequence[Column], rows: Sequence[Sequence[float]], *, key: str, subject: str, notes: Sequence[str] = ()
) -> None:
    """Show the table.

    Args:
        columns: all but the number of the cell, which comes first.
        rows: a value a column, in the order of the cells.
        key: name of the table on its page.
        subject: names what the rows are numbered in; a choice holds for one subject.
        notes: a word for each row, such as that the edge cuts the cell; empty for none.
    """
    _mount(
        key=key,
        data={
            "columns": [asdict(column) for column in columns],
            "rows": [[round(value, 4) for value in row] for row in rows],
            "notes": list(notes),
            "subject": subject,
        },
    )
