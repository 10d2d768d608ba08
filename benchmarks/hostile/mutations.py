"""Random changes of a file's bytes."""

from __future__ import annotations

from collections.abc import Callable

from numpy.random import Generator

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
