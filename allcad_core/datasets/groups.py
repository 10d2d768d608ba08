"""Sets of things that hang together by pairs: fields with the same cells, copies of a picture."""

from __future__ import annotations

from collections.abc import Iterable


def tied(names: Iterable[str], ties: Iterable[tuple[str, str]]) -> list[frozenset[str]]:
    """Cut ``names`` into sets that hang together by ``ties``, sorted by their first name.

    Ties to a name that is not among ``names`` count for nothing.
    """
    group = {name: frozenset({name}) for name in names}
    for one, other in ties:
        if one in group and other in group and group[one] is not group[other]:
            joined = group[one] | group[other]
            group |= dict.fromkeys(joined, joined)
    return sorted(set(group.values()), key=min)


def first_names(names: Iterable[str], ties: Iterable[tuple[str, str]]) -> dict[str, str]:
    """First name of the set that each name hangs together with: a name for its group."""
    return {name: min(together) for together in tied(names, ties) for name in together}
