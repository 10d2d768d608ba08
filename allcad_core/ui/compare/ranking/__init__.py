"""Every model in a table that sorts, where two rows choose the pair that is compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import streamlit as st

from allcad_core.ui.components import component

_mount = component("compare/ranking")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, what it says, and which way it is sorted at the first press."""

    title: str
    meaning: str
    first: Literal["up", "down"] = "down"


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands in one place.

    Attributes:
        text: in bold where ``more`` follows.
        sort: by what the column is sorted; ``None`` for what is missing, which stands last.
        more: muted behind it, such as an interval.
        words: whether it is a text that may be cut, rather than a number.
    """

    text: str
    sort: float | str | None
    more: str = ""
    words: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One model; the first of ``cells`` is its name."""

    model: str
    title: str
    cells: tuple[Entry, ...]


def ranking(
    columns: Sequence[Column],
    rows: Sequence[Row],
    chosen: Sequence[str],
    on_pair: Callable[[str, str], None],
    *,
    key: str,
    subject: str,
    alt: str,
) -> None:
    """Show the table.

    Args:
        columns: an entry of each row for each.
        rows: in the order of the first sight.
        chosen: names of the two that are compared; fewer where there are no two.
        on_pair: called with two names when the visitor chooses, before the page runs again.
        key: name of the table on its page.
        subject: what the rows are; another one is not sorted as the one before it.
        alt: what the table shows, for those who do not see it.
    """

    def report() -> None:
        pair = st.session_state[key].get("pair")
        if isinstance(pair, list) and len(pair) == 2:
            on_pair(str(pair[0]), str(pair[1]))

    _mount(
        key=key,
        data={
            "columns": [asdict(column) for column in columns],
            "rows": [asdict(row) for row in rows],
            "chosen": list(chosen),
            "subject": subject,
            "alt": alt,
        },
        on_pair_change=report,
    )
