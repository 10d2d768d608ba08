"""What stage mode says: sentences of the scenes, reasons for each cell, and how a visitor did beside the model."""

from __future__ import annotations

from collections.abc import Mapping
from math import comb

from allcad_core.intervals import wilson
from allcad_core.ui import words

MOST_WORDS = 10
"""Of a scene's sentence: more cannot be read in passing."""
SURE = 0.05
"""Chance under which a lead counts as more than luck."""
SMALL = 1.45
"""Red cells across: a blast below this measures what a lymphocyte does."""
FOLDED = 0.93
"""Solidity under which an outline counts as notched."""

TYPICAL: dict[str, str] = {
    "blast": "A blast is young: a large nucleus, fine chromatin, a thin rim of cytoplasm.",
    "lymphocyte": "A lymphocyte is small, with a dense nucleus and coarse chromatin.",
    "monocyte": "A monocyte is large, with a folded nucleus in wide grey cytoplasm.",
    "neutrophil": "A neutrophil has a nucleus of several lobes.",
    "eosinophil": "An eosinophil has two lobes and coarse orange granules.",
    "healthy": "Its chromatin is coarse, or its nucleus leaves room for cytoplasm.",
}
HARD: dict[str, str] = {
    "lymphocyte": "a round nucleus that fills its cell also belongs to blasts.",
    "monocyte": "large and pale, with fine chromatin, it comes close to a blast.",
    "neutrophil": "a lobed nucleus seen from the side can look whole.",
    "eosinophil": "out of focus, its granules cannot be seen.",
    "healthy": "a young or crushed healthy cell can look like a blast.",
}


def boxes_sentence(blasts: int, total: int) -> str:
    """How many cells look like blasts, in at most ten words.

    >>> boxes_sentence(6, 10)
    '6 of 10 white cells look like blasts.'
    """
    if total == 0:
        return "No white cell was found here."
    if blasts == 0:
        return f"None of {total} white cells looks like a blast."
    return f"{blasts} of {words.plural(total, 'white cell')} look{'s' if blasts == 1 else ''} like {'a blast' if blasts == 1 else 'blasts'}."


def differ_sentence(differing: int, total: int) -> str:
    """On how many cells two models differ.

    >>> differ_sentence(3, 10)
    'Two models differ on 3 of 10 cells.'
    """
    if total == 0:
        return "Two models agree: there is no white cell."
    if differing == 0:
        return f"Two models agree on all {total} cells."
    return f"Two models differ on {differing} of {words.plural(total, 'cell')}."


def headline(truth: str, kind: str) -> str:
    """What a cell is, as the answer to a question.

    >>> headline("healthy", "eosinophil"), headline("blast", "blast"), headline("healthy", "healthy")
    ('It is an eosinophil.', 'It is a blast.', 'It is healthy.')
    """
    if truth == "blast":
        return "It is a blast."
    if kind == "healthy":
        return "It is healthy."
    return f"It is {'an' if kind[0] in 'aeiou' else 'a'} {kind}."


def why(kind: str, measures: Mapping[str, float], red_cell: float | None) -> str:
    """What speaks for the truth: what was measured, then what is typical of its kind.

    Args:
        kind: of the cell, a key of ``TYPICAL``.
        measures: of the cell as analyses carry them, px; empty where it was not measured.
        red_cell: diameter of a red cell in px, where it is known.
    """
    seen = []
    if "nc_ratio" in measures:
        seen.append(f"the nucleus fills {words.percent(measures['nc_ratio'])} of the cell")
    if red_cell and "diameter" in measures:
        seen.append(f"the cell measures {measures['diameter'] / red_cell:.1f} red cells across")
    if "solidity" in measures:
        seen.append("its outline is " + ("notched" if measures["solidity"] < FOLDED else "smooth"))
    if not seen:
        return TYPICAL[kind]
    listed = ", ".join(seen[:-1]) + (" and " if len(seen) > 1 else "") + seen[-1]
    return f"{listed[0].upper()}{listed[1:]}. {TYPICAL[kind]}"


def hard(kind: str, measures: Mapping[str, float], red_cell: float | None) -> str:
    """Why somebody could take the cell for another one."""
    if kind != "blast":
        return HARD[kind]
    if red_cell and measures.get("diameter", SMALL * red_cell) < SMALL * red_cell:
        return "a small blast measures no more than a lymphocyte."
    if measures.get("solidity", 1.0) < FOLDED:
        return "a notched outline also belongs to monocytes."
    return "large lymphocytes and monocytes come close to it."


def scores(cells: int) -> list[str]:
    """For each number of right answers, from 0 on: the share with its interval.

    >>> scores(12)[9].replace(words.NBSP, " ").replace(words.DASH, "-")
    '9 of 12: 75 % (47-91)'
    """
    return [f"{right} of {cells}: {wilson(right, cells)}" for right in range(cells + 1)]


def verdicts(cells: int) -> list[list[str]]:
    """Who did better, by cells that only the visitor and that only the model had right.

    Leads are judged by the exact sign test on the cells in which the two differ (McNemar 1947, in its binomial form).
    """
    return [[verdict(visitor, model) for model in range(cells + 1 - visitor)] for visitor in range(cells + 1)]


def verdict(visitor: int, model: int) -> str:
    """The same for one pair of numbers.

    >>> verdict(3, 1)
    'You lead by 2. So few cells cannot show who is better.'
    """
    if visitor == model:
        return "A draw. So few cells cannot show who is better."
    lead = abs(visitor - model)
    first = f"You lead by {lead}." if visitor > model else f"The model leads by {lead}."
    if sign_test(visitor, model) >= SURE:
        return f"{first} So few cells cannot show who is better."
    return f"{first} That is more than luck would give."


def sign_test(one: int, other: int) -> float:
    """Two-sided chance of a split as uneven as this if both were equally good.

    >>> sign_test(0, 6)
    0.03125
    """
    total = one + other
    tail = sum(comb(total, count) for count in range(min(one, other) + 1)) / 2**total
    return min(1.0, 2.0 * float(tail))
