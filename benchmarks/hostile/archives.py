"""Hostile ZIP files."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable

from numpy.random import Generator

from benchmarks.hostile.cases import NAMES, SCRIPT
from benchmarks.hostile.documents import coco_document
from benchmarks.hostile.good import cell_picture, saved
from benchmarks.hostile.labels import YOLO
from benchmarks.hostile.mutations import mutated
from benchmarks.hostile.pictures import png_of_one_colour


def packed(files: dict[str, bytes]) -> bytes:
    """Files as a ZIP file, whose entries are of no certain day, so that the same files give the same bytes."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as opened:
        for name, data in files.items():
            opened.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return memory.getvalue()


def _good_archive(generator: Generator, turn: int) -> dict[str, bytes]:
    pictures = [saved(cell_picture(generator), "PNG") for _ in range(3)]
    layouts: tuple[dict[str, bytes], ...] = (
        {"blast/a.png": pictures[0], "healthy/b.png": pictures[1], "healthy/c.png": pictures[2]},
        {"images/a.png": pictures[0], "labels/a.txt": YOLO, "classes.txt": b"blast\nhealthy\n"},
        {"boxes.json": json.dumps(coco_document(["a.png", "b.png"])).encode(), "a.png": pictures[0], "b.png": pictures[1]},
    )  # fmt: skip
    return layouts[turn % len(layouts)]


def _linked() -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as opened:
        entry = zipfile.ZipInfo("blast/link.png")
        entry.external_attr = 0o120777 << 16
        opened.writestr(entry, "/etc/passwd")
    return memory.getvalue()


def _with_flag(data: bytes, flag: int) -> bytes:
    """The general flag of every entry set, in its own header and in the list."""
    content = bytearray(data)
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = 0
        while (start := content.find(signature, start)) >= 0:
            content[start + place] |= flag
            start += 4
    return bytes(content)


def _said_size(data: bytes, size: int) -> bytes:
    """The unpacked size in the list, and nowhere else, set to another."""
    content = bytearray(data)
    place = content.rindex(b"PK\x01\x02") + 24
    content[place : place + 4] = struct.pack("<I", size)
    return bytes(content)


ARCHIVE_ATTACKS: tuple[tuple[str, Callable[[dict[str, bytes]], bytes]], ...] = (
    ("empty", lambda _: b""),
    ("an archive of nothing", lambda _: packed({})),
    ("words", lambda _: b"PK these are words"),
    ("a path that climbs", lambda good: packed(good | {"../../climbed.png": b"x"})),
    ("a path from the root", lambda good: packed(good | {"/tmp/climbed.png": b"x"})),  # noqa: S108
    ("a path of Windows", lambda good: packed(good | {"..\\..\\climbed.png": b"x"})),
    ("a drive", lambda good: packed(good | {"C:climbed.png": b"x"})),
    ("a link", lambda _: _linked()),
    ("zeros that swell", lambda good: packed(good | {"blast/zeros.png": bytes(60_000_000)})),
    ("labels that swell", lambda good: packed(good | {"labels/zeros.txt": bytes(40_000_000)})),
    ("an archive in an archive", lambda good: packed({"blast/a.zip": packed(good), "blast/a.png": good.get("blast/a.png", b"")})),
    ("locked", lambda good: _with_flag(packed(good), 1)),
    ("a size that is not so", lambda good: _said_size(packed(good), 10)),
    ("a size of four gigabytes", lambda good: _said_size(packed(good), 0xFFFFFFFE)),
    ("fifty thousand files", lambda _: packed({f"blast/{n}.png": b"" for n in range(50_000)})),
    ("a name that is a file and a folder", lambda good: packed({"blast": b"x", "blast/a.png": b"y"} | good)),
    ("a very deep path", lambda good: packed(good | {"a/" * 2_000 + "b.png": b"x"})),
    ("a name of 60000 letters", lambda good: packed(good | {"x" * 60_000 + ".png": b"x"})),
    ("names with script and steering letters", lambda good: packed({f"blast/{name}.png": next(iter(good.values())) for name in NAMES})),
    ("a class called script", lambda good: packed({f"{SCRIPT.replace('/', '_')}/a.png": next(iter(good.values()))})),
    ("a class called nothing", lambda good: packed({" /a.png": next(iter(good.values())), "healthy/b.png": b"x"})),
    ("a picture that swells", lambda good: packed(good | {"blast/flat.png": png_of_one_colour(14_000, 14_000)})),
    ("hidden files", lambda good: packed({"__MACOSX/blast/._a.png": b"x", "blast/.DS_Store": b"y"} | good)),
)  # fmt: skip


def archive(generator: Generator, turn: int) -> tuple[str, str, dict[str, bytes]]:
    """How it was made, its name and its files; ``turn`` counts those of this kind."""
    good = _good_archive(generator, turn)
    if turn < len(ARCHIVE_ATTACKS):
        how, make = ARCHIVE_ATTACKS[turn]
        data = make(good)
    elif turn % 2:
        how, data = mutated(packed(good), generator)
    else:
        inner = list(good)[int(generator.integers(len(good)))]
        how, good[inner] = mutated(good[inner], generator)
        how, data = f"{inner} in it: {how}", packed(good)
    return how, "mine.zip", {"file": data}
