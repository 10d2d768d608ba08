"""The errors that allcad raises: one family, each a sentence that a person can act on."""

from __future__ import annotations

QUOTED = 80
"""Letters of a stranger's text that a message repeats."""


def quoted(text: object) -> str:
    r"""A text from a file as a message repeats it: its beginning, without the letters that would steer a terminal.

    >>> quoted("0 0.5" + 100 * "9")[-5:], quoted("a\x1b[2J")
    ('9999…', 'a?[2J')
    """
    words = text[: QUOTED + 1] if isinstance(text, str) else str(text)
    shown = words if len(words) <= QUOTED else f"{words[:QUOTED]}…"
    return "".join(letter if letter.isprintable() else "?" for letter in shown)


class AllcadError(Exception):
    """Base of all errors of allcad. ``str(error)`` says what is wrong, with what, and what to do."""


class ImageError(AllcadError):
    """A picture that cannot be read. The message names the file and the remedy."""


class ModelError(AllcadError):
    """A weight file or card that is missing, damaged or not what its card says."""


class CompileError(ModelError):
    """A network that cannot be compiled here, though its weights are good; torch still answers."""


class UnknownNameError(AllcadError):
    """A name that no registry knows. The message lists the known ones."""

    def __init__(self, kind: str, name: str, known: list[str]) -> None:
        listing = ", ".join(sorted(known)) or "none"
        super().__init__(f"There is no {kind} called '{name}'. Known: {listing}.")
        self._parts = (kind, name, known)

    def __reduce__(self) -> tuple[type[UnknownNameError], tuple[str, str, list[str]]]:
        return type(self), self._parts  # so that it comes back from a worker process


class DataError(AllcadError):
    """A data set, annotation or result file that cannot be used as it is."""


class DeviceError(AllcadError):
    """A compute device that was asked for and is not there."""
