"""Hostile JSON: saved reviews and boxes in COCO."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from numpy.random import Generator

from benchmarks.hostile.cases import NAMES, SCRIPT
from benchmarks.hostile.good import SIDE, cell_picture, saved
from benchmarks.hostile.mutations import mutated

FIELD = "Im001_1"
"""The picture that boxes speak of: a name as in ALL-IDB1."""
NESTED = 200_000
"""Brackets within brackets."""


def _shuffled(value: Any, generator: Generator, chance: float) -> Any:
    """A JSON value with some of its parts replaced, left out or doubled."""
    if generator.random() < chance:
        odd = (None, True, -1, 0, 1e308, float("nan"), float("inf"), -(2**63), 10**400, "", SCRIPT, [], {}, [[]], "\ud800",
               "../../x", "x" * 5000, {"a": {"a": []}}, "\0", [1] * 1000)  # fmt: skip
        return odd[int(generator.integers(len(odd)))]
    if isinstance(value, dict):
        kept = {name: entry for name, entry in value.items() if generator.random() > chance / 2}
        return {name: _shuffled(entry, generator, chance) for name, entry in kept.items()}
    if isinstance(value, list):
        parts = [_shuffled(entry, generator, chance) for entry in value]
        return parts * 2 if generator.random() < chance / 2 else parts
    return value


def hostile_json(good: Any, generator: Generator, turn: int) -> tuple[str, bytes]:
    """A way to hurt what reads JSON, and the content."""
    fixed = (
        ("empty", b""), ("nothing", b"null"), ("a number", b"1" * 10_000), ("brackets without end", b"[" * NESTED),
        ("nested without end", b'{"a":' * NESTED + b"1" + b"}" * NESTED), ("not UTF-8", b'{"a": "\xff\xfe"}'),
        ("UTF-16", json.dumps(good).encode("utf-16")), ("with a byte order mark", b"\xef\xbb\xbf" + json.dumps(good).encode()),
        ("a list", b"[]"), ("an object", b"{}"), ("a text", json.dumps(SCRIPT).encode()), ("zeros", bytes(10_000)),
    )  # fmt: skip
    if turn < len(fixed):
        return fixed[turn]
    if turn % 2:
        return "values exchanged", json.dumps(_shuffled(good, generator, 0.05)).encode("utf-8", "surrogatepass")
    return mutated(json.dumps(good).encode(), generator)


def review(generator: Generator, turn: int) -> tuple[str, str, dict[str, bytes]]:
    """A saved review: how it was made, its name and its files."""
    good = [
        {
            "sha256": "0" * 64,
            "review": {
                "edits": [
                    {"kind": "relabel", "box": [10.0, 10.0, 60.0, 60.0], "label": "blast"},
                    {"kind": "add", "box": [1.0, 2.0, 30.0, 40.0], "label": "healthy"},
                    {"kind": "delete", "box": [10.0, 10.0, 60.0, 60.0]},
                ]
            },
        }
    ]
    how, data = hostile_json(good, generator, turn)
    return how, f"{NAMES[turn % len(NAMES)]}.json", {"file": data}


def coco_document(names: Sequence[str]) -> dict[str, Any]:
    """A good document of boxes in COCO."""
    boxes = [[5, 6, 40, 50], [50, 40, 30, 30]]
    return {
        "images": [{"id": n, "file_name": name, "width": SIDE, "height": SIDE} for n, name in enumerate(names, 1)],
        "annotations": [
            {"id": 10 * image + n, "image_id": image, "category_id": n, "bbox": box, "area": box[2] * box[3], "iscrowd": 0}
            for image in range(1, len(names) + 1)
            for n, box in enumerate(boxes, 1)
        ],
        "categories": [{"id": 1, "name": "blast"}, {"id": 2, "name": "healthy"}, {"id": 3, "name": "ignore"}],
    }  # fmt: skip


def coco(generator: Generator, turn: int) -> tuple[str, str, dict[str, bytes]]:
    """Boxes in COCO: how they were made, their name and their files."""
    how, data = hostile_json(coco_document([f"{FIELD}.png"]), generator, turn)
    return how, "boxes.json", {"boxes.json": data, f"{FIELD}.png": saved(cell_picture(generator), "PNG")}
