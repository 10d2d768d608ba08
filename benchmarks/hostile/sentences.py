"""What is a sentence for a person, and what is none."""

from __future__ import annotations

import re

LONGEST = 600
"""Letters of a sentence for a person, names included."""
BAD_WORDS = re.compile(r"Traceback|\b[A-Z]\w*(Error|Exception)\b|<class '|object at 0x|\bNoneType\b")


class WrongError(Exception):
    """A door did not do what it promises."""


def sentence(text: str) -> str:
    """A text as one that a person can read.

    Raises:
        WrongError: it is none.
    """
    words = text.strip()
    if not words:
        raise WrongError("an empty sentence")
    if len(words) > LONGEST:
        raise WrongError(f"a sentence of {len(words)} letters: {words[:200]}…")
    if found := BAD_WORDS.search(words):
        raise WrongError(f"words of a program, '{found.group()}': {words[:300]}")
    if not words.replace("\n", " ").isprintable():
        raise WrongError(f"letters that steer a terminal: {words[:200]!r}")
    return words
