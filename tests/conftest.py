"""What all tests share: the real data or a reason to skip, a generated field, and how hypothesis searches."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray

if TYPE_CHECKING:
    from allcad_core.synthesis import GeneratedField

# A shared machine can be slow at any moment: time is no reason to fail. In CI the same examples are tried every time.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")
# Whether somebody has compiled networks on this machine must not decide what is tested.
os.environ["ALLCAD_BACKEND"] = "torch"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test that asks for the real data carries the mark ``data``; the journeys in a browser come last.

    Playwright keeps an event loop running in the main thread from its first test on, where others want their own.
    """
    for item in items:
        if "data_root" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.data)
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder of the real data; the test is skipped where it is missing."""
    from allcad_core.datasets import find_data
    from allcad_core.errors import DataError

    try:
        return find_data()
    except DataError as error:
        pytest.skip(f"The real data are not here: {error}")


@pytest.fixture(scope="session")
def generated() -> GeneratedField:
    """A small generated field with its boxes and masks."""
    from allcad_core.synthesis import generate

    return generate(7, (640, 480))


@pytest.fixture(scope="session")
def generated_file(generated: GeneratedField, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same field as a PNG file."""
    from PIL import Image

    path = tmp_path_factory.mktemp("generated") / "field.png"
    Image.fromarray(generated.pixels).save(path)
    return path


@pytest.fixture(scope="session")
def draw() -> Callable[..., NDArray[np.uint8]]:
    """Draw a smear of plain discs: ``draw((width, height), purple=[(x, y, radius)], red=[...], pale=[...])``."""
    return _draw


GROUND, PURPLE, RED, PALE = (225, 215, 210), (90, 50, 140), (205, 130, 140), (150, 145, 200)
"""Colours of the empty ground, of nuclei, red cells and blue cytoplasm, RGB."""

Discs = Sequence[tuple[float, float, float]]


def _draw(size: tuple[int, int], *, purple: Discs = (), red: Discs = (), pale: Discs = ()) -> NDArray[np.uint8]:
    width, height = size
    pixels = np.full((height, width, 3), GROUND, np.uint8)
    for discs, colour in ((red, RED), (pale, PALE), (purple, PURPLE)):
        for x, y, radius in discs:
            middle, length = (round(16 * x), round(16 * y)), round(16 * radius)  # shift=4: sixteenths of a pixel
            cv2.circle(pixels, middle, length, colour, cv2.FILLED, cv2.LINE_AA, 4)
    return pixels
