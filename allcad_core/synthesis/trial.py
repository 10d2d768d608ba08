"""The generated fields on which classifiers of real cells are tried: neither samples nor training show them."""

from __future__ import annotations

from collections.abc import Iterator

from allcad_core.synthesis.fields import GeneratedField, generate

PROTOCOL = "generated"
"""Name under which their predictions are stored."""
FIRST_SEED = 1000
"""Of the first field; the others follow."""
FIELDS = 24
SIZE = (1280, 960)
"""Width, height in px."""


def image_name(seed: int) -> str:
    """Name of the field of a seed in stored predictions."""
    return f"generated-{seed}"


def fields(count: int = FIELDS) -> Iterator[GeneratedField]:
    """The first so many fields of the trial, made one by one."""
    for number in range(count):
        yield generate(FIRST_SEED + number, SIZE)
