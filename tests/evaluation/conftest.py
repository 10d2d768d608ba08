"""A data folder of four small fields, and stored predictions about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from allcad_core.predictions import BoxPrediction, CellPrediction, FieldPrediction, path_of, write


@dataclass(frozen=True)
class House:
    """Folders of data and results."""

    data: Path
    results: Path

    def cells(self, model: str, fold: int, odds: dict[str, Sequence[float]], protocol: str = "field") -> None:
        """Store log odds of true cells; blasts in fields of patients, healthy cells in the others."""
        rows = [
            CellPrediction("ALL-IDB1", name, 0, 0, 9, 9, int(name.endswith("_1")), float(odd), fold)
            for name, values in odds.items()
            for odd in values
        ]
        write(rows, CellPrediction, path_of("cell", protocol, model, fold, self.results))

    def fields(self, model: str, fold: int, odds: dict[str, float], protocol: str = "field") -> None:
        """Store log odds of whole fields."""
        rows = [
            FieldPrediction("ALL-IDB1", name, int(name.endswith("_1")), odd, 0.0, fold) for name, odd in odds.items()
        ]
        write(rows, FieldPrediction, path_of("field", protocol, model, fold, self.results))

    def boxes(self, model: str, fold: int, rows: Sequence[tuple[object, ...]], protocol: str = "field") -> None:
        """Store boxes of 20 px: field, x, y of the middle, label, score, log odds; a bare name for nothing found."""
        stored = [
            BoxPrediction(str(row[0]), 0, 0, 0, 0, "", 0, 0, fold)
            if len(row) == 1
            else BoxPrediction(row[0], row[1] - 10, row[2] - 10, row[1] + 10, row[2] + 10, *row[3:], fold)  # type: ignore
            for row in rows
        ]
        write(stored, BoxPrediction, path_of("detect", protocol, model, fold, self.results))


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Two fields of patients with two blasts each, at (30, 30) and (70, 30), and two of healthy people."""
    folder = tmp_path / "data" / "ALL_IDB1"
    for part in ("im", "xyc"):
        (folder / part).mkdir(parents=True)
    lines = ["field,label,session,camera,taken,group"]
    for name, session in (("Im001_1", "A"), ("Im002_1", "B"), ("Im003_0", "A"), ("Im004_0", "B")):
        Image.fromarray(np.full((100, 120, 3), 230, np.uint8)).save(folder / "im" / f"{name}.jpg")
        (folder / "xyc" / f"{name}.xyc").write_text("30\t30\n70\t30\n" if name.endswith("_1") else "")
        lines.append(f"{name},{name[-1]},{session},Camera,,{name}")
    (folder / "sessions.csv").write_text("\n".join(lines) + "\n")
    return House(tmp_path / "data", tmp_path / "results")
