"""All kinds of hostile files by turns, from a seed.

A file is a good one that was mutated, or one of the known attacks. Nothing here knows what allcad does with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.random import Generator

from benchmarks.hostile.archives import archive
from benchmarks.hostile.cases import Case
from benchmarks.hostile.documents import coco, review
from benchmarks.hostile.labels import table, voc, yolo
from benchmarks.hostile.pictures import picture


def corpus(count: int, seed: int) -> Iterator[Case]:
    """``count`` cases; every kind and every attack is among the first two hundred.

    The same seed gives the same cases.
    """
    makers: Sequence[tuple[str, int, Callable[[Generator, int], tuple[str, str, dict[str, bytes]]]]] = (
        ("picture", 10, picture), ("review", 2, review), ("archive", 3, archive), ("yolo", 2, yolo),
        ("coco", 2, coco), ("voc", 1, voc), ("table", 1, table),
    )  # fmt: skip
    turns = [(kind, make) for kind, weight, make in makers for _ in range(weight)]
    made = dict.fromkeys((kind for kind, _, _ in makers), 0)
    for number in range(count):
        kind, make = turns[number % len(turns)]
        how, name, files = make(np.random.default_rng([seed, number]), made[kind])
        made[kind] += 1
        yield Case(number, kind, how, name, files)
