"""The tables of a run as Parquet: two folders, ``fields`` and ``cells``, of parts that belong together by number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from allcad_core.batch.rows import MEASURES, QUALITY, STEPS, Row, analysis_of
from allcad_core.batch.store import Store
from allcad_core.errors import DataError
from allcad_core.files import HALF, whole
from allcad_core.results import FieldAnalysis

if TYPE_CHECKING:
    import pyarrow as pa

FIELDS, CELLS = "fields", "cells"
PART = 512
"""Fields of a part: its rows are held in memory while it is written, some megabytes."""
ENDING = ".parquet"


def flush(store: Store, folder: Path) -> None:
    """Move pending results into the tables, a part at a time.

    Raises:
        DataError: they cannot be written.
    """
    while some := store.pending(PART):
        number = max(store.parts(), default=0) + 1
        fields = [result["field"] for _, result in some]
        cells = [
            cell | {"probabilities": list(dict(cell["probabilities"]).items())}  # as Arrow wants its maps
            for _, result in some
            for cell in result["cells"]
        ]
        _write(folder / FIELDS / _name(number), fields, _field_schema())
        _write(folder / CELLS / _name(number), cells, _cell_schema())
        store.add_part(number, [item for item, _ in some], len(fields), len(cells))


def tidy(store: Store, folder: Path) -> None:
    """Remove parts that do not count: a run that was ended between writing and counting left them.

    Raises:
        DataError: a part that counts is missing.
    """
    known = {_name(number) for number in store.parts()}
    for table in (FIELDS, CELLS):
        place = folder / table
        place.mkdir(exist_ok=True)
        there = {path.name for path in place.iterdir()}
        for name in there - known:
            if name.endswith(ENDING) or (f"{ENDING}." in name and name.endswith(HALF)):
                (place / name).unlink()
        if missing := known - there:
            raise DataError(
                f"The run in '{folder}' lacks '{table}/{min(missing)}'. Put it back, or start anew in another folder."
            )


def analyses(store: Store, folder: Path) -> Iterator[tuple[int, FieldAnalysis]]:
    """Every field's number and analysis, read back a part at a time."""
    for number in store.parts():
        yield from _of_part(folder, number, None)


def some_analyses(store: Store, folder: Path, wanted: Sequence[int]) -> dict[int, FieldAnalysis]:
    """The analyses of these fields, by number."""
    numbers = list(wanted)
    return dict(one for part in store.parts() for one in _of_part(folder, part, numbers)) if numbers else {}


def _of_part(folder: Path, part: int, wanted: list[int] | None) -> Iterator[tuple[int, FieldAnalysis]]:
    import pyarrow.parquet as pq

    filters = None if wanted is None else [("field", "in", wanted)]
    fields = pq.read_table(folder / FIELDS / _name(part), filters=filters, partitioning=None).to_pylist()
    if not fields:
        return
    of_field: dict[int, list[Row]] = {}
    for cell in pq.read_table(folder / CELLS / _name(part), filters=filters, partitioning=None).to_pylist():
        of_field.setdefault(cell["field"], []).append(cell)
    for field in fields:
        yield field["field"], analysis_of(field, of_field.get(field["field"], []))


def _name(number: int) -> str:
    return f"part-{number:06}{ENDING}"


def _write(path: Path, rows: list[Row], schema: pa.Schema) -> None:
    """Write a table whole or not at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with whole(path, "Free space; the same command goes on from what is done.") as half:
        pq.write_table(pa.Table.from_pylist(rows, schema), half, compression="zstd")


def _field_schema() -> pa.Schema:
    import pyarrow as pa

    text, count, number = pa.string(), pa.int32(), pa.float64()
    kinds: dict[str, Any] = {
        "field": pa.int64(),
        **dict.fromkeys(("file", "sha256"), text),
        **dict.fromkeys(("width", "height"), count),
        **dict.fromkeys(("recipe", "detector", "classifier", "segmenter", "device", "backend"), text),
        "confidence": number,
        **dict.fromkeys(("blast", "healthy", "unsure", "to_review"), count),
        **dict.fromkeys(("blast_share", "blast_share_low", "blast_share_high"), number),
        **dict.fromkeys(("suggestion_kind", "suggestion"), text),
        **dict.fromkeys(("warnings", "warning_texts"), pa.list_(text)),
        "stain": pa.list_(number),
        **dict.fromkeys(QUALITY, number),
        **{f"{step}_ms": pa.float32() for step in STEPS},
    }
    return pa.schema({**kinds, "white_cells": count})


def _cell_schema() -> pa.Schema:
    import pyarrow as pa

    length, number = pa.float32(), pa.float64()
    return pa.schema(
        {
            "field": pa.int64(),
            "file": pa.string(),
            "cell": pa.int32(),
            "shown": pa.bool_(),
            **dict.fromkeys(("x0", "y0", "x1", "y1"), length),
            "label": pa.string(),
            "score": number,
            "p_blast": number,
            "probabilities": pa.map_(pa.string(), number),
            "flags": pa.list_(pa.string()),
            **dict.fromkeys(MEASURES, length),
            "outline": pa.list_(length),
        }
    )
