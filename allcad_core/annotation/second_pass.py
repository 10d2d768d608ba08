"""The second, blind pass: which fields another pair of eyes annotates, knowing nothing of the first."""

from __future__ import annotations

from pathlib import Path

DEFAULT_FILE = Path("annotations/second_pass.csv")

FIELDS = (
    *("Im002", "Im005", "Im008", "Im017"),
    *("Im023", "Im028", "Im032"),
    *("Im037", "Im045"),
    *("Im049", "Im053", "Im058", "Im062"),
    *("Im067", "Im075"),
    *("Im081", "Im088"),
    "Im095",
    *("Im098", "Im104"),
)
"""Twenty fields, a line a session from A to H: of each session so many (4, 3, 2, 4, 2, 2, 1, 2), evenly spaced by
number, one of each group of fields that show the same cells. Their names lack the label, which would tell."""


def unlabelled(name: str) -> str:
    """The name of a field without its label.

    >>> unlabelled("Im001_1")
    'Im001'
    """
    return name.partition("_")[0]
