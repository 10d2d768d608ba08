"""What a run knows about its files, in one SQLite file: what is named there as done is done, whatever ends the run.

A result is stored in the same transaction that marks its file as done. From there results move to the tables in parts;
a part counts from the transaction on that takes its results out of here.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, cast

from allcad_core.batch.places import Place
from allcad_core.batch.work import Outcome
from allcad_core.errors import DataError

NAME = "run.sqlite"
WAITING, DONE, FAILED = 0, 1, 2
PAGE = 256
"""Files that are fetched at once."""
LISTED_AT_ONCE = 2000
PATIENCE_S = 30.0
"""Seconds to wait where another program reads the file."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS items(
    id INTEGER PRIMARY KEY, path BLOB NOT NULL, member BLOB NOT NULL, name TEXT NOT NULL,
    status INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0, error TEXT, sha256 TEXT, width INTEGER, height INTEGER,
    blast INTEGER, healthy INTEGER, unsure INTEGER, review INTEGER, kind TEXT, warnings TEXT, ms REAL,
    UNIQUE(path, member));
CREATE TABLE IF NOT EXISTS pending(item INTEGER PRIMARY KEY, result TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS parts(number INTEGER PRIMARY KEY, fields INTEGER NOT NULL, cells INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS facts(name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Item:
    """One file of the run: its number, and where it lies."""

    number: int
    path: str
    member: str
    name: str


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the summary: a file and what came of it; ``None`` where nothing did."""

    number: int
    name: str
    status: int
    error: str | None
    sha256: str | None
    width: int | None
    height: int | None
    blast: int | None
    healthy: int | None
    unsure: int | None
    review: int | None
    kind: str | None
    warnings: str | None
    ms: float | None


FINISH = (
    "UPDATE items SET status = ?, error = NULL, sha256 = ?, width = ?, height = ?, blast = ?, healthy = ?, unsure = ?, "
    "review = ?, kind = ?, warnings = ?, ms = ? WHERE id = ? AND status = ?"
)
TOLD = "id, name, status, error, sha256, width, height, blast, healthy, unsure, review, kind, warnings, ms"


class Store:
    """The SQLite file of a run. One process writes it; others may read.

    Raises:
        DataError: of every method: the file is damaged, locked, or the disk is full.
    """

    def __init__(self, folder: Path) -> None:
        """Open the run in ``folder``, or begin one."""
        self._path = folder / NAME
        with self._sentences():
            self._connection = sqlite3.connect(self._path, timeout=PATIENCE_S)
            self._connection.create_function("folder", 1, _folder, deterministic=True)
            self._connection.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise DataError(
                f"The run in '{self._path.parent}' cannot be read or written ({error}). Free space or choose another "
                "folder; the same command goes on from what is done."
            ) from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """All of it or nothing."""
        with self._sentences(), self._connection:
            yield self._connection

    def _rows(self, question: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        with self._sentences():
            return self._connection.execute(question, values).fetchall()

    def facts(self) -> dict[str, Any]:
        """What was decided when the run began."""
        return {name: json.loads(value) for name, value in self._rows("SELECT name, value FROM facts")}

    def set_facts(self, facts: Mapping[str, object]) -> None:
        """Keep what was decided."""
        with self._writing() as connection:
            rows = [(name, json.dumps(value)) for name, value in facts.items()]
            connection.executemany("INSERT OR REPLACE INTO facts VALUES(?, ?)", rows)

    def add(self, places: Iterable[Place]) -> Iterator[int]:
        """Take up files; those that are known stay as they are. Gives how many were looked at, now and then."""
        seen = 0
        coming = iter(places)
        while some := list(islice(coming, LISTED_AT_ONCE)):
            rows = [
                (os.fsencode(one.path), _coded(one.member), _plain(one.name), _plain(one.refused) or None)
                for one in some
            ]
            with self._writing() as connection:
                connection.executemany(
                    "INSERT OR IGNORE INTO items(path, member, name, error, refused, status) "
                    f"VALUES(?1, ?2, ?3, ?4, ?4 IS NOT NULL, CASE WHEN ?4 IS NULL THEN {WAITING} ELSE {FAILED} END)",
                    rows,
                )
            seen += len(some)
            yield seen

    def retry(self) -> None:
        """Let everything that failed wait again; what could not even be opened is found again or not."""
        with self._writing() as connection:
            connection.execute("DELETE FROM items WHERE refused")
            connection.execute("UPDATE items SET status = ?, error = NULL WHERE status = ?", (WAITING, FAILED))

    def counts(self) -> tuple[int, int, int]:
        """How many files wait, are done, have failed."""
        found = dict(self._rows("SELECT status, count(*) FROM items GROUP BY status"))
        return found.get(WAITING, 0), found.get(DONE, 0), found.get(FAILED, 0)

    def waiting(self) -> Iterator[Item]:
        """The files that wait, by path; a few are held at a time."""
        after: tuple[bytes, bytes] = (b"", b"")
        question = (
            "SELECT id, path, member, name FROM items WHERE status = ? AND (path, member) > (?, ?) "
            "ORDER BY path, member LIMIT ?"
        )
        while rows := self._rows(question, (WAITING, *after, PAGE)):
            for number, path, member, name in rows:
                yield Item(number, os.fsdecode(path), member.decode("utf-8", "surrogatepass"), name)
            after = (rows[-1][1], rows[-1][2])

    def item(self, number: int) -> Item:
        """One file by its number."""
        ((path, member, name),) = self._rows("SELECT path, member, name FROM items WHERE id = ?", (number,))
        return Item(number, os.fsdecode(path), member.decode("utf-8", "surrogatepass"), name)

    def keep(self, answers: Iterable[Outcome]) -> int:
        """Keep what came of some files and mark them, all or none; an answer that comes twice counts once.

        Returns:
            How many results wait for a table because of it.
        """
        waiting = 0
        with self._writing() as connection:
            for answer in answers:
                if answer.field is None:
                    connection.execute(
                        "UPDATE items SET status = ?, error = ? WHERE id = ? AND status = ?",
                        (FAILED, _plain(answer.error), answer.number, WAITING),
                    )
                elif connection.execute(FINISH, _finished(answer.number, answer.field)).rowcount:
                    result = json.dumps({"field": answer.field, "cells": answer.cells}, ensure_ascii=True)
                    connection.execute("INSERT INTO pending VALUES(?, ?)", (answer.number, result))
                    waiting += 1
        return waiting

    def pending(self, most: int) -> list[tuple[int, dict[str, Any]]]:
        """Results that are in no part yet, with the numbers of their files, in the order of these."""
        rows = self._rows("SELECT item, result FROM pending ORDER BY item LIMIT ?", (most,))
        return [(number, cast("dict[str, Any]", json.loads(result))) for number, result in rows]

    def count_pending(self) -> int:
        """How many results are in no part yet."""
        return int(self._rows("SELECT count(*) FROM pending")[0][0])

    def parts(self) -> list[int]:
        """Numbers of the parts that count."""
        return [number for (number,) in self._rows("SELECT number FROM parts ORDER BY number")]

    def add_part(self, number: int, items: Iterable[int], fields: int, cells: int) -> None:
        """From now on a part counts, and its results are no longer pending."""
        with self._writing() as connection:
            connection.executemany("DELETE FROM pending WHERE item = ?", [(item,) for item in items])
            connection.execute("INSERT INTO parts VALUES(?, ?, ?)", (number, fields, cells))

    def told(self, rest: str = "ORDER BY path, member", values: tuple[object, ...] = ()) -> Iterator[Told]:
        """Lines of the summary, one after the other.

        Args:
            rest: the end of the question, in SQL; never words of a stranger.
            values: what stands for its question marks.
        """
        with self._sentences():
            for row in self._connection.execute(f"SELECT {TOLD} FROM items {rest}", values):  # noqa: S608  # nosec B608
                yield Told(*row)

    def ask(self, question: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Sums and groups for the report, by a question in SQL. ``folder(name)`` is known to it."""
        return self._rows(question, values)


def _finished(number: int, field: Mapping[str, Any]) -> tuple[object, ...]:
    values = [field[name] for name in ("sha256", "width", "height", "blast", "healthy", "unsure", "to_review")]
    rest = (field["suggestion_kind"], " ".join(field["warnings"]), field["total_ms"])
    return (DONE, *values, *rest, number, WAITING)


def _coded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _plain(text: str) -> str:
    """A text that UTF-8 can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _folder(name: str) -> str:
    """The folder of a name, as a report groups by it."""
    return str(PurePosixPath(name).parent)
