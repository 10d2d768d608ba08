"""A shelf for what is slow to find: the truth of every picture, kept between runs under a key of the code that found it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import allcad_core
from allcad_core import files
from allcad_core.datasets import CropRecord, FieldRecord
from allcad_core.segmentation import Region
from allcad_core.training.truth import Truth

FINDS = ("segmentation", "ground.py", "images.py", "classification/crops.py", "training/truth.py", "datasets")
"""Parts of the package on which the truth of a picture depends."""
R = TypeVar("R", FieldRecord, CropRecord)
Tell = Callable[[str, int, int], None]
"""Told the data set, the picture done and how many there are."""


def key(extra: Iterable[Path] = ()) -> str:
    """A short digest of the code that finds the truth, and of further files such as drawn boxes."""
    package = Path(allcad_core.__file__).parent
    code = [
        path
        for part in FINDS
        for path in sorted((package / part).rglob("*.py") if "." not in part else [package / part])
    ]
    digest = hashlib.sha256()
    for path in [*code, *extra]:
        digest.update(path.read_bytes() if path.is_file() else b"-")
    return digest.hexdigest()[:12]


def truths(
    records: Sequence[R], find: Callable[[R], Truth], shelf: Path | None, name: str, tell: Tell | None = None
) -> list[Truth]:
    """The truth of each record, from the shelf where it stands there, else found and put there.

    Args:
        records: of one data set.
        find: finds the truth of one.
        shelf: folder; ``None`` keeps nothing.
        name: of the data set.
        tell: told after each record.
    """
    path = None if shelf is None else shelf / f"{name}.json"
    known = _read(path)
    found, fresh = [], False
    for number, record in enumerate(records, start=1):
        truth = known.get(record.name)
        if truth is None:
            truth, fresh = find(record), True
            known[record.name] = truth
        found.append(truth)
        if tell is not None:
            tell(name, number, len(records))
    if fresh and path is not None:
        files.write(path, json.dumps({name: asdict(truth) for name, truth in known.items()}).encode())
    return found


def _read(path: Path | None) -> dict[str, Truth]:
    if path is None or not path.is_file():
        return {}
    try:
        return {name: _truth(entry) for name, entry in json.loads(path.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # a damaged shelf is filled again


def _truth(entry: dict[str, Any]) -> Truth:
    return Truth(
        entry["red_cell_diameter"],
        tuple((kind, (x0, y0, x1, y1)) for kind, (x0, y0, x1, y1) in entry["cells"]),
        tuple(_region(region) for region in entry["regions"]),
    )


def _region(entry: dict[str, Any]) -> Region:
    whole = dict(entry)
    for name in ("box", "centroid"):
        whole[name] = tuple(whole[name])
    whole["outline"] = tuple((x, y) for x, y in whole["outline"])
    return Region(**whole)
