"""How the terminal speaks: results on standard output, a progress bar and complaints on standard error."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from allcad_core import files
from allcad_core.errors import AllcadError, DeviceError, UnknownNameError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID
    from rich.table import Table

LONGEST = 500
"""Letters of a complaint; a message may repeat names and lines of a stranger's file."""
PLAIN_WIDTH = 160
"""Columns of a table that goes into a file or a pipe."""

T = TypeVar("T")
Step = Callable[[str, int, int], None]
"""Takes a step's words, its number from 1 and how many there are."""


class Bar:
    """A progress bar on standard error; nothing where that is no terminal."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def show(self, words: str, done: float, total: float | None = None) -> None:
        """Say what is being done, how much of it is finished, and of how much where that has changed."""
        self._progress.update(self._task, description=printable(words), completed=done, total=total)

    def complain(self, words: str) -> None:
        """One line on standard error, above the bar."""
        self._progress.console.print(f"allcad: {sentence(words)}", markup=False, highlight=False, soft_wrap=True)


def printable(text: str) -> str:
    """``text`` without the characters that would steer a terminal (a file name may hold them)."""
    return "".join(
        letter if letter.isprintable() or letter == "\N{NO-BREAK SPACE}" else "\N{REPLACEMENT CHARACTER}"
        for letter in text
    )


def sentence(text: str) -> str:
    """``text`` in one line that a person can read: without steering characters, and no longer than ``LONGEST``."""
    words = printable(" ".join(text[: LONGEST + 1].split("\n")))
    return words if len(words) <= LONGEST else f"{words[:LONGEST]}\N{HORIZONTAL ELLIPSIS}"


def out(*, markup: bool = False) -> Console:
    """The console of standard output, for tables; with ``markup``, for text that escapes what it did not write."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH, highlight=False, markup=markup)


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> Table:
    """A table without lines; the columns in ``right`` hold numbers."""
    from rich.table import Table

    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for number, title in enumerate(titles):
        drawn.add_column(title, justify="right" if number in right else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*map(_cell, row))
    return drawn


def _cell(text: str) -> str:
    return "\n".join(map(printable, text.splitlines()))


def emit(text: str) -> None:
    """Write JSON or other text for programs: UTF-8, a newline at its end, nothing else."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name that is no valid UTF-8 holds lone surrogates; written so, they are JSON's own escapes.
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def deliver(text: str, path: Path | None) -> None:
    """Write text to a file, which is there whole or not at all; to standard output without one.

    Raises:
        DataError: the file cannot be written.
    """
    if path is None:
        emit(text)
        return
    files.write(path, text.encode())
    print(f"Wrote {path}.")


def emit_json(value: object) -> None:
    """Write plain values as JSON; what is not a number (NaN), which JSON has no word for, becomes null."""
    emit(json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False))


def _finite(value: object) -> object:
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not isfinite(value) else value


@contextmanager
def bar(total: int) -> Iterator[Bar]:
    """A bar over ``total`` items."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # What is printed meanwhile goes above the bar, unless it goes elsewhere: then the bar must not take it.
    beside = sys.stdout.isatty()
    drawn = Progress(*columns, console=console, transient=True, disable=not console.is_terminal, redirect_stdout=beside)
    with drawn as progress:
        yield Bar(progress, progress.add_task("", total=total))


def for_each(paths: Sequence[Path], work: Callable[[Path, Step], T]) -> list[T | None]:
    """Do ``work`` on every file; one that fails is named on standard error and gives ``None``, the others go on.

    Errors about the command line itself (an unknown name, a missing device) are not a file's and are passed on.
    """
    results: list[T | None] = []
    with bar(len(paths)) as shown:
        for number, path in enumerate(paths):

            def step(words: str, at: int, of: int, number: int = number, path: Path = path) -> None:
                shown.show(f"{path.name}: {words}", number + (at - 1) / max(of, 1))

            step("reading", 1, 1)
            try:
                results.append(work(path, step))
            except (UnknownNameError, DeviceError):
                raise
            except (AllcadError, OSError, MemoryError) as error:
                shown.complain(_named(path, error))
                results.append(None)
    return results


def _named(path: Path, error: Exception) -> str:
    """The error as one line that says which file it is about, also where two folders hold the same name."""
    if isinstance(error, MemoryError):
        return f"{path}: there is not enough memory for this file."
    words = f"{error.strerror or error}." if isinstance(error, OSError) else str(error)
    return words if words.startswith(str(path)) else f"{path}: {words}"
