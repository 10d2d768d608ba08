"""The table of cells for spreadsheets: one row a cell, and no name in it becomes a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from allcad_core.results import FieldAnalysis

COLUMNS = ("image", "cell", "x0", "y0", "x1", "y1", "label", "score", "p_blast", "flags", "reviewed")
"""``cell`` counts from 1 in the order of the JSON form; the box is in pixels of the picture as a person sees it."""

FORMULA_STARTS = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
"""A spreadsheet reads a text that starts so, or with its full-width form, as a formula (OWASP, CSV injection)."""


def table_csv(analyses: Iterable[FieldAnalysis]) -> str:
    """CSV (RFC 4180) with one row for each shown cell; texts are quoted, numbers are not.

    ``flags`` are joined by a space; ``p_blast`` is empty without a classifier.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(COLUMNS)
    for analysis in analyses:
        image = harmless(analysis.image)
        for number, cell in enumerate(analysis.cells, start=1):
            writer.writerow(
                (
                    image,
                    number,
                    *(round(float(edge), 2) for edge in cell.box),
                    cell.label,
                    float(cell.score),
                    "" if cell.p_blast is None else float(cell.p_blast),
                    harmless(" ".join(cell.flags)),
                    "yes" if cell.reviewed else "no",
                )
            )
    return buffer.getvalue()


def harmless(text: str) -> str:
    """One printable line that no spreadsheet takes for a formula: an apostrophe in front makes it text.

    >>> harmless("=cmd()|x"), harmless("smear.png")
    ("'=cmd()|x", 'smear.png')
    """
    line = "".join(letter if letter.isprintable() else "?" for letter in text)
    return f"'{line}" if line.lstrip()[:1] in FORMULA_STARTS else line
