"""What all tests share: the real data or a reason to skip, a generated field, and how hypothesis searches."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from allcad_core.synthesis import GeneratedField

# A shared machine can be slow at any moment: time is no reason to fail. In CI the same examples are tried every time.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Every test that asks for the real data carries the mark ``data``."""
    for item in items:
        if "data_root" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.data)


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
