"""A hostile input, and the names that it may have."""

from __future__ import annotations

from dataclasses import dataclass

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
NAMES = (
    "field", SCRIPT.replace("/", "_"), "=cmd|' /C calc'!A1", "a\x1b[2Jb", "é" * 80, "x" * 200, "con", "..", "%2e%2e%2fx",
    "\u202egnp.x", "{{7*7}}", "a\nb", "'; DROP TABLE items;--", "${HOME}", "🩸",
)  # fmt: skip
"""Names that a file or a label may have."""


@dataclass(frozen=True, slots=True)
class Case:
    """One hostile input.

    Attributes:
        number: in the corpus.
        kind: ``picture``, ``review``, ``archive``, ``yolo``, ``coco``, ``voc`` or ``table``: says which doors it tries.
        how: how it was made.
        name: what its visitor calls it.
        files: content by path; a folder where there are several.
    """

    number: int
    kind: str
    how: str
    name: str
    files: dict[str, bytes]
