"""How often the checks of a photograph warn, on made-up sets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from allcad_core.errors import DataError
from allcad_core.evaluation import quality_alarms

Draw = Callable[..., NDArray[np.uint8]]


def record(pixels: NDArray[np.uint8]) -> SimpleNamespace:
    return SimpleNamespace(read=lambda: SimpleNamespace(pixels=pixels))


def missing(data: Path) -> list[SimpleNamespace]:
    raise DataError(f"not in {data}")


def test_warnings_are_counted_set_by_set(monkeypatch: pytest.MonkeyPatch, draw: Draw, tmp_path: Path) -> None:
    plain, dark = draw((320, 240), purple=[(160, 120, 24)]), np.zeros((240, 320, 3), np.uint8)
    sets = {"ALL-IDB1": lambda _: [record(plain), record(dark)], "PBC": missing}
    monkeypatch.setattr(quality_alarms, "SETS", sets)
    (one,) = quality_alarms.report(tmp_path)
    assert (one.dataset, one.known, one.pictures) == ("ALL-IDB1", True, 2)
    assert one.shares["exposure"].value == 0.5
    assert one.shares["foreign_scale"].value == 0


def test_every_second_picture_is_enough_where_one_asks_so(
    monkeypatch: pytest.MonkeyPatch, draw: Draw, tmp_path: Path
) -> None:
    plain = record(draw((320, 240), purple=[(160, 120, 24)]))
    monkeypatch.setattr(quality_alarms, "SETS", {"Aria": lambda _: [plain] * 5})
    assert [one.pictures for one in quality_alarms.report(tmp_path, every=2)] == [3]


def test_a_folder_without_any_set_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(quality_alarms, "SETS", {"PBC": missing})
    with pytest.raises(DataError, match="No data set lies in"):
        quality_alarms.report(tmp_path)
