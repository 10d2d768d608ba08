"""Hostile pictures: known attacks first, then good ones that were mutated."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.random import Generator

from benchmarks.hostile.cases import NAMES, SCRIPT
from benchmarks.hostile.good import cell_picture, good, saved
from benchmarks.hostile.mutations import mutated


def picture(generator: Generator, turn: int) -> tuple[str, str, dict[str, bytes]]:
    """A picture: how it was made, its name and its file."""
    if turn < len(ATTACKS):
        how, name, data = ATTACKS[turn]()
    else:
        ending, data = good(generator)
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
    return f"chunk {kind!r}: {how}", data[:8] + b"".join(chunk(kind, content) for kind, content in chunks)


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG with its check sum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


@cache
def png_of_one_colour(
    width: int, height: int, *between: bytes, rows: int | None = None, depth: int = 8, colour: int = 2
) -> bytes:
    """A PNG of one colour with as many rows of pixels as its header says, or others."""
    packer = zlib.compressobj(1)
    row = bytes(1 + width * depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour] // 8)
    content = b"".join(packer.compress(row) for _ in range(height if rows is None else rows)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = [chunk(b"IHDR", head), *between, chunk(b"IDAT", content), chunk(b"IEND", b"")]
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
    data = bytearray(saved(cell_picture(np.random.default_rng(0)), "JPEG"))
    place = data.index(b"\xff\xc0") + 5
    data[place : place + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def _svg() -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">{SCRIPT}</svg>'.encode()


def _gif() -> bytes:
    return saved(cell_picture(np.random.default_rng(0)).quantize(16), "GIF")


def _apng() -> bytes:
    frames = [cell_picture(np.random.default_rng(seed)) for seed in range(3)]
    return saved(frames[0], "PNG", save_all=True, append_images=frames[1:])


def _two_in_one() -> bytes:
    """A PNG that is a ZIP file as well."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as opened:
        opened.writestr(zipfile.ZipInfo("a.html"), SCRIPT)
    return saved(cell_picture(np.random.default_rng(0)), "PNG") + memory.getvalue()


def _swelling_text() -> bytes:
    return chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80_000_000), 9))


ATTACKS: tuple[Callable[[], tuple[str, str, bytes]], ...] = (
    lambda: ("empty", "empty.jpg", b""),
    lambda: ("one byte", "one.png", b"\x89"),
    lambda: ("a signature and nothing else", "head.jpg", b"\xff\xd8\xff"),
    lambda: ("markup", "page.png", f"<!doctype html>{SCRIPT}".encode()),
    lambda: ("drawing with a script", "drawing.jpg", _svg()),
    lambda: ("196 megapixels in a small file", "flat.png", png_of_one_colour(14_000, 14_000)),
    lambda: ("over a thousand megapixels", "vast.png", png_of_one_colour(65_000, 65_000, rows=3)),
    lambda: ("header of 2147483647 x 1", "thin.png", png_of_one_colour(64, 64).replace(struct.pack(">II", 64, 64), struct.pack(">II", 2**31 - 1, 1), 1)),
    lambda: ("fewer rows than the header says", "short.png", png_of_one_colour(9_000, 9_000, rows=2)),
    lambda: ("more rows than the header says", "long.png", png_of_one_colour(128, 128, rows=200_000)),
    lambda: ("16 bits, 190 megapixels", "deep.png", png_of_one_colour(13_800, 13_800, depth=16)),
    lambda: ("text that swells to 80 MB", "text.png", png_of_one_colour(96, 96, _swelling_text())),
    lambda: ("a million tiny chunks", "chunks.png", png_of_one_colour(96, 96, *[chunk(b"teXt", b"")] * 300_000)),
    lambda: ("colour profile that is noise", "profile.png", png_of_one_colour(96, 96, chunk(b"iCCP", b"x\0\0" + b"\xff" * 999))),
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
    lambda: ("a pixel high", "line.png", png_of_one_colour(5_000, 1)),
    lambda: ("noise", "noise.jpg", np.random.default_rng(1).bytes(50_000)),
    lambda: ("zeros", "zeros.tif", bytes(1_000_000)),
)  # fmt: skip
"""Known ways to hurt what opens a picture: how, name and content of each, made when asked for."""
