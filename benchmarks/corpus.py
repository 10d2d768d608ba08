"""Broken and hostile files by the thousand, from a seed: pictures, ZIP files, YOLO, COCO, VOC, reviews and tables.

A file is a good one that was mutated, or one of the known attacks. Nothing here knows what allcad does with it.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.random import Generator
from PIL import Image

SIDE = 96
"""Pixels of the pictures that are mutated."""
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


def corpus(count: int, seed: int) -> Iterator[Case]:
    """``count`` cases; every kind and every attack is among the first two hundred.

    The same seed gives the same cases.
    """
    makers: Sequence[tuple[str, int, Callable[[Generator, int], tuple[str, str, dict[str, bytes]]]]] = (
        ("picture", 10, _picture), ("review", 2, _review), ("archive", 3, _archive), ("yolo", 2, _yolo),
        ("coco", 2, _coco), ("voc", 1, _voc), ("table", 1, _table),
    )  # fmt: skip
    turns = [(kind, make) for kind, weight, make in makers for _ in range(weight)]
    made = dict.fromkeys((kind for kind, _, _ in makers), 0)
    for number in range(count):
        kind, make = turns[number % len(turns)]
        how, name, files = make(np.random.default_rng([seed, number]), made[kind])
        made[kind] += 1
        yield Case(number, kind, how, name, files)


# -- good files


def cell_picture(generator: Generator, side: int = SIDE) -> Image.Image:
    """A pale ground with a dark disc, as a crop of one cell looks from afar."""
    rows, columns = np.mgrid[:side, :side]
    inside = (rows - side / 2) ** 2 + (columns - side / 2) ** 2 < (side / 4) ** 2
    pixels = np.where(inside[..., None], (90, 50, 140), (225, 215, 210)) + generator.integers(-9, 9, (side, side, 3))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def _saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    memory = io.BytesIO()
    picture.save(memory, kind, **options)
    return memory.getvalue()


def _good(generator: Generator) -> tuple[str, bytes]:
    """A good picture in one of many forms, and its ending."""
    picture = cell_picture(generator)
    exif = Image.Exif()
    exif[0x0112] = int(generator.integers(1, 9))
    forms: list[tuple[str, Callable[[], bytes]]] = [
        ("jpg", lambda: _saved(picture, "JPEG", exif=exif)),
        ("jpg", lambda: _saved(picture, "JPEG", progressive=True, quality=60)),
        ("jpg", lambda: _saved(picture.convert("CMYK"), "JPEG")),
        ("png", lambda: _saved(picture, "PNG")),
        ("png", lambda: _saved(picture.quantize(16), "PNG", transparency=3)),
        ("png", lambda: _saved(Image.fromarray(np.asarray(picture.convert("L"), np.uint16) * 257), "PNG")),
        ("tif", lambda: _saved(picture, "TIFF")),
        ("tif", lambda: _saved(picture, "TIFF", compression="tiff_lzw", exif=exif)),
        ("tif", lambda: _saved(picture, "TIFF", compression="tiff_adobe_deflate")),
        ("tif", lambda: _saved(picture, "TIFF", compression="jpeg")),
        ("tif", lambda: _deep_tiff(picture)),
        ("webp", lambda: _saved(picture, "WEBP")),
        ("webp", lambda: _saved(picture.convert("RGBA"), "WEBP", lossless=True)),
        ("bmp", lambda: _saved(picture, "BMP")),
    ]
    ending, make = forms[int(generator.integers(len(forms)))]
    return ending, make()


def _deep_tiff(picture: Image.Image) -> bytes:
    import tifffile

    memory = io.BytesIO()
    tifffile.imwrite(memory, np.asarray(picture, np.uint16) * 257, photometric="rgb", planarconfig="separate")
    return memory.getvalue()


# -- mutations of bytes

EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def mutated(data: bytes, generator: Generator) -> tuple[str, bytes]:
    """One or several random changes of a file's bytes, and what they were."""
    ways: tuple[Callable[[bytearray, Generator], str], ...] = (
        _flip, _flip_early, _cut, _cut_end, _number, _repeat, _insert, _zeros, _flip, _number,
    )  # fmt: skip
    content = bytearray(data)
    chosen = generator.integers(len(ways), size=int(generator.integers(1, 4)))
    told = [ways[int(way)](content, generator) for way in chosen]
    return ", ".join(told), bytes(content)


def _place(content: bytearray, generator: Generator, end: int | None = None) -> int:
    return int(generator.integers(max(1, min(len(content), end or len(content)))))


def _flip(content: bytearray, generator: Generator) -> str:
    count = int(generator.integers(1, 40))
    for _ in range(count if content else 0):
        content[_place(content, generator)] = int(generator.integers(256))
    return f"{count} bytes changed"


def _flip_early(content: bytearray, generator: Generator) -> str:
    if content:
        content[_place(content, generator, 120)] ^= 1 << int(generator.integers(8))
    return "a bit of the header turned"


def _number(content: bytearray, generator: Generator) -> str:
    value, width = EXTREMES[int(generator.integers(len(EXTREMES)))], int(generator.choice([1, 2, 4]))
    order = ("little", "big")[int(generator.integers(2))]
    place = _place(content, generator, int(generator.choice([64, 400, 100_000])))
    content[place : place + width] = (value & (1 << 8 * width) - 1).to_bytes(width, order)  # type: ignore[arg-type]
    return f"number {value:#x} at {place}"


def _cut(content: bytearray, generator: Generator) -> str:
    place = _place(content, generator)
    del content[place:]
    return f"cut at {place}"


def _cut_end(content: bytearray, generator: Generator) -> str:
    count = int(generator.integers(1, 20))
    del content[-count:]
    return f"last {count} bytes cut"


def _repeat(content: bytearray, generator: Generator) -> str:
    place = _place(content, generator)
    part = content[place : place + int(generator.integers(1, 4000))]
    content[place:place] = part * int(generator.integers(1, 30))
    return "a part repeated"


def _insert(content: bytearray, generator: Generator) -> str:
    place = _place(content, generator)
    content[place:place] = generator.bytes(int(generator.integers(1, 500)))
    return "noise put in"


def _zeros(content: bytearray, generator: Generator) -> str:
    place = _place(content, generator)
    count = int(generator.integers(1, 2000))
    content[place : place + count] = bytes(len(content[place : place + count]))
    return "a part made zero"


# -- pictures


def _picture(generator: Generator, turn: int) -> tuple[str, str, dict[str, bytes]]:
    if turn < len(ATTACKS):
        how, name, data = ATTACKS[turn]()
    else:
        ending, data = _good(generator)
        name = f"{NAMES[turn % len(NAMES)] if turn % 7 == 0 else f'field-{turn}'}.{ending}"
        if ending == "png" and turn % 2:
            how, data = _png_in_order(data, generator)
        else:
            how, data = mutated(data, generator)
    return how, name, {"file": data}


def _png_in_order(data: bytes, generator: Generator) -> tuple[str, bytes]:
    """A chunk of a PNG mutated, with its check sum made right, so that the decoder goes on into it."""
    chunks, place = [], 8
    while place + 8 <= len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        chunks.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + length]))
        place += 12 + length
    chosen = int(generator.integers(len(chunks)))
    kind, content = chunks[chosen]
    how, content = mutated(content, generator)
    if generator.random() < 0.2:
        kind = bytes(
            generator.choice([b"IHDR", b"PLTE", b"tRNS", b"iCCP", b"zTXt", b"iTXt", b"eXIf", b"acTL", b"fcTL"])
        )
    chunks[chosen] = (kind, content)
    return f"chunk {kind!r}: {how}", data[:8] + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


@cache
def _png(width: int, height: int, *between: bytes, rows: int | None = None, depth: int = 8, colour: int = 2) -> bytes:
    """A PNG of one colour with as many rows of pixels as its header says, or others."""
    packer = zlib.compressobj(1)
    row = bytes(1 + width * depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour] // 8)
    content = b"".join(packer.compress(row) for _ in range(height if rows is None else rows)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = [_chunk(b"IHDR", head), *between, _chunk(b"IDAT", content), _chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _tiff(tags: dict[int, tuple[int, int, int]], body: bytes = b"", following: int = 0) -> bytes:
    """A little-endian TIFF with these entries: kind, count and value by tag."""
    entries = b"".join(
        struct.pack("<HHII", tag, kind, many, value) for tag, (kind, many, value) in sorted(tags.items())
    )
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", following) + body


def _tiff_tags(width: int, height: int, **more: tuple[int, int, int]) -> dict[int, tuple[int, int, int]]:
    base = {256: (4, 1, width), 257: (4, 1, height), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1), 273: (4, 1, 8),
            277: (3, 1, 1), 278: (4, 1, height), 279: (4, 1, width * height & 0xFFFFFFFF)}  # fmt: skip
    return base | {int(tag.lstrip("t")): value for tag, value in more.items()}


def _jpeg_of_size(width: int, height: int) -> bytes:
    """A small JPEG whose header says another size."""
    data = bytearray(_saved(cell_picture(np.random.default_rng(0)), "JPEG"))
    place = data.index(b"\xff\xc0") + 5
    data[place : place + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def _svg() -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">{SCRIPT}</svg>'.encode()


def _gif() -> bytes:
    return _saved(cell_picture(np.random.default_rng(0)).quantize(16), "GIF")


def _apng() -> bytes:
    frames = [cell_picture(np.random.default_rng(seed)) for seed in range(3)]
    return _saved(frames[0], "PNG", save_all=True, append_images=frames[1:])


def _two_in_one() -> bytes:
    """A PNG that is a ZIP file as well."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as opened:
        opened.writestr("a.html", SCRIPT)
    return _saved(cell_picture(np.random.default_rng(0)), "PNG") + memory.getvalue()


def _swelling_text() -> bytes:
    return _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80_000_000), 9))


ATTACKS: tuple[Callable[[], tuple[str, str, bytes]], ...] = (
    lambda: ("empty", "empty.jpg", b""),
    lambda: ("one byte", "one.png", b"\x89"),
    lambda: ("a signature and nothing else", "head.jpg", b"\xff\xd8\xff"),
    lambda: ("markup", "page.png", f"<!doctype html>{SCRIPT}".encode()),
    lambda: ("drawing with a script", "drawing.jpg", _svg()),
    lambda: ("196 megapixels in a small file", "flat.png", _png(14_000, 14_000)),
    lambda: ("over a thousand megapixels", "vast.png", _png(65_000, 65_000, rows=3)),
    lambda: ("header of 2147483647 x 1", "thin.png", _png(64, 64).replace(struct.pack(">II", 64, 64), struct.pack(">II", 2**31 - 1, 1), 1)),
    lambda: ("fewer rows than the header says", "short.png", _png(9_000, 9_000, rows=2)),
    lambda: ("more rows than the header says", "long.png", _png(128, 128, rows=200_000)),
    lambda: ("16 bits, 190 megapixels", "deep.png", _png(13_800, 13_800, depth=16)),
    lambda: ("text that swells to 80 MB", "text.png", _png(96, 96, _swelling_text())),
    lambda: ("a million tiny chunks", "chunks.png", _png(96, 96, *[_chunk(b"teXt", b"")] * 300_000)),
    lambda: ("colour profile that is noise", "profile.png", _png(96, 96, _chunk(b"iCCP", b"x\0\0" + b"\xff" * 999))),
    lambda: ("animated", "moving.png", _apng()),
    lambda: ("GIF called JPEG", "still.jpg", _gif()),
    lambda: ("JPEG header of 65500 x 65500", "vast.jpg", _jpeg_of_size(65_500, 65_500)),
    lambda: ("JPEG header of 14000 x 14000", "large.jpg", _jpeg_of_size(14_000, 14_000)),
    lambda: ("JPEG header of 0 x 0", "none.jpg", _jpeg_of_size(0, 0)),
    lambda: ("JPEG of comments alone", "comments.jpg", b"\xff\xd8" + b"\xff\xfe\xff\xff" * 50_000),
    lambda: ("a picture that is a ZIP file too", "both.png", _two_in_one()),
    lambda: ("TIFF directory that follows itself", "loop.tif", _tiff(_tiff_tags(96, 96), bytes(9216), 8)),
    lambda: ("TIFF strip beyond the file", "beyond.tif", _tiff(_tiff_tags(96, 96, t273=(4, 1, 0x7FFFFFFF)))),
    lambda: ("TIFF of 190 megapixels in 200 bytes", "hollow.tif", _tiff(_tiff_tags(13_800, 13_800))),
    lambda: ("TIFF with four thousand million strips", "strips.tif", _tiff(_tiff_tags(96, 96, t273=(4, 0xFFFFFFFF, 8)))),
    lambda: ("TIFF tile of 100000 x 100000", "tile.tif", _tiff(_tiff_tags(96, 96, t322=(4, 1, 100_000), t323=(4, 1, 100_000), t324=(4, 1, 8), t325=(4, 1, 99)))),
    lambda: ("TIFF with 65535 samples", "samples.tif", _tiff(_tiff_tags(96, 96, t277=(3, 1, 65_535)), bytes(9216))),
    lambda: ("TIFF with 0 samples", "nothing.tif", _tiff(_tiff_tags(96, 96, t277=(3, 1, 0)), bytes(9216))),
    lambda: ("TIFF of 64 bit values", "wide.tif", _tiff(_tiff_tags(96, 96, t258=(3, 1, 64)), bytes(80_000))),
    lambda: ("WebP canvas of 16384 x 16384", "canvas.webp", b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\x10\0\0\0\xff\x3f\0\xff\x3f\0"),
    lambda: ("BMP of 2147483647 rows", "rows.bmp", b"BM" + struct.pack("<IHHIIiiHHIIiiII", 99, 0, 0, 54, 40, 96, 2**31 - 1, 1, 24, 0, 0, 0, 0, 0, 0)),
    lambda: ("BMP with a palette beyond the file", "palette.bmp", b"BM" + struct.pack("<IHHIIiiHHIIiiII", 99, 0, 0, 54, 40, 96, 96, 1, 8, 1, 0, 0, 0, 2**32 - 1, 0)),
    lambda: ("a pixel high", "line.png", _png(5_000, 1)),
    lambda: ("noise", "noise.jpg", np.random.default_rng(1).bytes(50_000)),
    lambda: ("zeros", "zeros.tif", bytes(1_000_000)),
)  # fmt: skip
"""Known ways to hurt what opens a picture: how, name and content of each, made when asked for."""


# -- JSON and text


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


NESTED = 200_000
"""Brackets within brackets."""


def _hostile_json(good: Any, generator: Generator, turn: int) -> tuple[str, bytes]:
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


def _review(generator: Generator, turn: int) -> tuple[str, str, dict[str, bytes]]:
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
    how, data = _hostile_json(good, generator, turn)
    return how, f"{NAMES[turn % len(NAMES)]}.json", {"file": data}


def _coco_document(names: Sequence[str]) -> dict[str, Any]:
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


FIELD = "Im001_1"
"""The picture that boxes speak of: a name as in ALL-IDB1."""


def _coco(generator: Generator, turn: int) -> tuple[str, str, dict[str, bytes]]:
    how, data = _hostile_json(_coco_document([f"{FIELD}.png"]), generator, turn)
    return how, "boxes.json", {"boxes.json": data, f"{FIELD}.png": _saved(cell_picture(generator), "PNG")}


YOLO = b"0 0.5 0.5 0.4 0.4\n1 0.25 0.3 0.2 0.2\n"
YOLO_ATTACKS: tuple[tuple[str, dict[str, bytes]], ...] = (
    ("no boxes", {f"{FIELD}.txt": b""}),
    ("numbers that are none", {f"{FIELD}.txt": b"0 nan inf -inf 1e999\n"}),
    ("a class without end", {f"{FIELD}.txt": b"9" * 5000 + b" 0.5 0.5 0.1 0.1\n"}),
    ("a negative class", {f"{FIELD}.txt": b"-1 0.5 0.5 0.1 0.1\n"}),
    ("a polygon of 100000 corners", {f"{FIELD}.txt": b"0" + b" 0.5 0.25" * 100_000}),
    ("two hundred thousand boxes", {f"{FIELD}.txt": b"0 0.5 0.5 0.1\n" * 200_000}),
    ("not UTF-8", {f"{FIELD}.txt": b"0 0.5 \xff\xfe 0.5"}),
    ("classes with a script", {"classes.txt": f"{SCRIPT}\nhealthy\n".encode()}),
    ("no classes", {"classes.txt": b""}),
    ("YAML that swells", {"classes.txt": None, "data.yaml": b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(  # type: ignore[dict-item]
        f"{b}: &{b} [*{a},*{a},*{a},*{a},*{a},*{a},*{a},*{a},*{a}]\n".encode() for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ) + b"names: *i\n"}),
    ("YAML with an object", {"classes.txt": None, "data.yaml": b"names: !!python/object/apply:os.system [echo]\n"}),  # type: ignore[dict-item]
    ("YAML with mixed names", {"classes.txt": None, "data.yaml": b"names: {0: blast, x: healthy}\n"}),  # type: ignore[dict-item]
    ("YAML with a list as a key", {"classes.txt": None, "data.yaml": b"? [a]\n: b\nnames: {? [1] : c}\n"}),  # type: ignore[dict-item]
    ("YAML nested without end", {"classes.txt": None, "data.yaml": b"names: " + b"[" * 20_000}),  # type: ignore[dict-item]
    ("YAML with control letters", {"classes.txt": None, "data.yaml": b"names: [a\x00b\x07]\n"}),  # type: ignore[dict-item]
    ("YAML with a date that is none", {"classes.txt": None, "data.yaml": b"names: [2020-99-99]\n"}),  # type: ignore[dict-item]
    ("YAML that names itself", {"classes.txt": None, "data.yaml": b"names: &a [*a]\n"}),  # type: ignore[dict-item]
)  # fmt: skip
"""Files that take the place of the good ones; ``None`` takes one away."""


def _yolo(generator: Generator, turn: int) -> tuple[str, str, dict[str, bytes]]:
    files: dict[str, bytes] = {f"{FIELD}.png": _saved(cell_picture(generator), "PNG"), f"{FIELD}.txt": YOLO,
                               "classes.txt": b"blast\nhealthy\nignore\n"}  # fmt: skip
    if turn < len(YOLO_ATTACKS):
        how, changed = YOLO_ATTACKS[turn]
        files = {name: data for name, data in (files | changed).items() if data is not None}
    else:
        name = (f"{FIELD}.txt", f"{FIELD}.txt", "classes.txt")[turn % 3]
        how, files[name] = mutated(files[name], generator)
    return how, "labels", files


VOC = b"""<annotation><filename>Im001_1.png</filename><size><width>96</width><height>96</height></size><object><name>blast</name>
<bndbox><xmin>5</xmin><ymin>6</ymin><xmax>45</xmax><ymax>50</ymax></bndbox></object></annotation>"""
VOC_ATTACKS = (
    ("entities that swell", b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>' + VOC.replace(b"blast", b"&b;")),
    ("an entity of the machine", b'<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + VOC.replace(b"blast", b"&a;")),
    ("nested without end", b"<annotation>" * 100_000),
    ("a path that climbs", VOC.replace(b"Im001_1.png", b"../../../../etc/passwd")),
    ("a script for a class", VOC.replace(b"blast", b"&lt;script&gt;alert(1)&lt;/script&gt;")),
    ("numbers that are none", VOC.replace(b"<xmin>5<", b"<xmin>nan<").replace(b"<ymin>6<", b"<ymin>-inf<")),
    ("numbers without end", VOC.replace(b"<xmax>45<", b"<xmax>1e308<")),
    ("empty", b""),
)  # fmt: skip


def _voc(generator: Generator, turn: int) -> tuple[str, str, dict[str, bytes]]:
    how, data = VOC_ATTACKS[turn] if turn < len(VOC_ATTACKS) else mutated(VOC, generator)
    return how, "boxes", {f"{FIELD}.xml": data, f"{FIELD}.png": _saved(cell_picture(generator), "PNG")}


CORRECTIONS = (
    b"image,action,id,class,x0,y0,x1,y1,note\n"
    b"Im001_1,ok,,,,,,,\nIm001_1,delete,2,,,,,,dirt\nIm001_1,add,,blast,1,2,40,50,\n"
)
CORRECTION_ATTACKS = (
    ("empty", b""), ("zeros", bytes(5000)), ("not UTF-8", b"image,action\n\xff\xfe,\x00"), ("one line without end", b"," * 300_000),
    ("a quote that never ends", CORRECTIONS.replace(b"dirt", b'"' + b"x" * 200_000)),
    ("numbers that are none", CORRECTIONS.replace(b"1,2,40,50", b"nan,inf,1e400,-inf")),
    ("numbers without end", CORRECTIONS.replace(b"delete,2,", b"delete," + b"9" * 5000 + b",")),
    ("a script", CORRECTIONS.replace(b"dirt", SCRIPT.encode())),
)  # fmt: skip


def _table(generator: Generator, turn: int) -> tuple[str, str, dict[str, bytes]]:
    known = turn < len(CORRECTION_ATTACKS)
    how, data = CORRECTION_ATTACKS[turn] if known else mutated(CORRECTIONS, generator)
    return how, "corrections.csv", {"corrections.csv": data}


# -- ZIP files


def _packed(files: dict[str, bytes], **options: Any) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in files.items():
            opened.writestr(zipfile.ZipInfo(name) if "\0" in name else name, data, **options)
    return memory.getvalue()


def _good_archive(generator: Generator, turn: int) -> dict[str, bytes]:
    pictures = [_saved(cell_picture(generator), "PNG") for _ in range(3)]
    layouts: tuple[dict[str, bytes], ...] = (
        {"blast/a.png": pictures[0], "healthy/b.png": pictures[1], "healthy/c.png": pictures[2]},
        {"images/a.png": pictures[0], "labels/a.txt": YOLO, "classes.txt": b"blast\nhealthy\n"},
        {"boxes.json": json.dumps(_coco_document(["a.png", "b.png"])).encode(), "a.png": pictures[0], "b.png": pictures[1]},
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
    ("an archive of nothing", lambda _: _packed({})),
    ("words", lambda _: b"PK these are words"),
    ("a path that climbs", lambda good: _packed(good | {"../../climbed.png": b"x"})),
    ("a path from the root", lambda good: _packed(good | {"/tmp/climbed.png": b"x"})),  # noqa: S108
    ("a path of Windows", lambda good: _packed(good | {"..\\..\\climbed.png": b"x"})),
    ("a drive", lambda good: _packed(good | {"C:climbed.png": b"x"})),
    ("a link", lambda _: _linked()),
    ("zeros that swell", lambda good: _packed(good | {"blast/zeros.png": bytes(60_000_000)})),
    ("labels that swell", lambda good: _packed(good | {"labels/zeros.txt": bytes(40_000_000)})),
    ("an archive in an archive", lambda good: _packed({"blast/a.zip": _packed(good), "blast/a.png": good.get("blast/a.png", b"")})),
    ("locked", lambda good: _with_flag(_packed(good), 1)),
    ("a size that is not so", lambda good: _said_size(_packed(good), 10)),
    ("a size of four gigabytes", lambda good: _said_size(_packed(good), 0xFFFFFFFE)),
    ("fifty thousand files", lambda _: _packed({f"blast/{n}.png": b"" for n in range(50_000)})),
    ("a name that is a file and a folder", lambda good: _packed({"blast": b"x", "blast/a.png": b"y"} | good)),
    ("a very deep path", lambda good: _packed(good | {"a/" * 2_000 + "b.png": b"x"})),
    ("a name of 60000 letters", lambda good: _packed(good | {"x" * 60_000 + ".png": b"x"})),
    ("names with script and steering letters", lambda good: _packed({f"blast/{name}.png": next(iter(good.values())) for name in NAMES})),
    ("a class called script", lambda good: _packed({f"{SCRIPT.replace('/', '_')}/a.png": next(iter(good.values()))})),
    ("a class called nothing", lambda good: _packed({" /a.png": next(iter(good.values())), "healthy/b.png": b"x"})),
    ("a picture that swells", lambda good: _packed(good | {"blast/flat.png": _png(14_000, 14_000)})),
    ("hidden files", lambda good: _packed({"__MACOSX/blast/._a.png": b"x", "blast/.DS_Store": b"y"} | good)),
)  # fmt: skip


def _archive(generator: Generator, turn: int) -> tuple[str, str, dict[str, bytes]]:
    good = _good_archive(generator, turn)
    if turn < len(ARCHIVE_ATTACKS):
        how, make = ARCHIVE_ATTACKS[turn]
        data = make(good)
    elif turn % 2:
        how, data = mutated(_packed(good), generator)
    else:
        inner = list(good)[int(generator.integers(len(good)))]
        how, good[inner] = mutated(good[inner], generator)
        how, data = f"{inner} in it: {how}", _packed(good)
    return how, "mine.zip", {"file": data}
