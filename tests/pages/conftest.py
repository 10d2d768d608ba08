"""A house without models: pages are tested on pictures and answers that are made here, so that each state can be had."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest, app_test

from allcad_core.errors import ModelError
from allcad_core.explained import Explained
from allcad_core.images import SmearImage
from allcad_core.recipes import Recipe
from allcad_core.results import Cell, FieldAnalysis, Models, Note, Timing
from allcad_core.ui import engine, notes, samples, theme

APP = Path(__file__).parents[2] / "app.py"
SCORES = ((0.95, 0.97), (0.9, 0.93), (0.8, 0.55), (0.7, 0.08), (0.4, 0.02))
"""Score and blast probability of five cells: three blasts, the third to be reviewed, and two healthy ones."""


def _picture(seed: int = 0) -> np.ndarray:
    """A pale field with dark discs, uint8 (240, 320, 3)."""
    pixels = np.full((240, 320, 3), (225, 215, 210), np.uint8)
    generator = np.random.default_rng(seed)
    for x in range(40, 320, 60):
        cv2.circle(pixels, (x, 60), 20, (205, 130, 140), -1)
        cv2.circle(pixels, (x, 150), 22, (90, 50, 140), -1)
    return cv2.add(pixels, generator.integers(0, 9, pixels.shape, np.uint8))


def _png(seed: int = 0) -> bytes:
    memory = io.BytesIO()
    Image.fromarray(_picture(seed)).save(memory, "PNG")
    return memory.getvalue()


def _answer(image: SmearImage, recipe: str = "regions") -> FieldAnalysis:
    """Five cells on the dark discs."""
    cells = tuple(
        Cell(
            (60.0 * place + 14, 124.0, 60.0 * place + 66, 176.0),
            "blast" if p_blast >= 0.5 else "healthy",
            score,
            p_blast,
            {"lightweight": p_blast},
            outline=((60.0 * place + 20, 130), (60.0 * place + 60, 130), (60.0 * place + 40, 170)),
            measures={"nucleus_area": 1520.0, "nc_ratio": 0.8, "roundness": 0.9, "solidity": 0.98, "diameter": 44.0},
            flags=("uncertain",) if 0.35 <= p_blast <= 0.65 else (),
        )
        for place, (score, p_blast) in enumerate(SCORES)
    )
    models = Models("regions", "lightweight", "stain")
    timing = Timing(10, 20, 30, 40, 1440)
    return FieldAnalysis(
        image.name, image.width, image.height, image.sha256, recipe, models, "cpu", "torch", 0.25, cells, image.warnings,
        timing,
    )  # fmt: skip


@dataclass
class House:
    """What the pages stand on: how pictures are answered, and how often a model ran."""

    answer: Callable[[SmearImage, str], FieldAnalysis] = _answer
    runs: list[tuple[str, str]] = field(default_factory=list)
    explained: list[int] = field(default_factory=list)
    others: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """What further classifiers say of the five cells."""
    inside: float | None = 0.72
    """Share of what spoke for an answer that lies inside its cell; ``None``: nothing can be explained."""

    def explain(self, _image: SmearImage, analysis: FieldAnalysis, index: int) -> Explained | None:
        """Stands in for the maps."""
        self.explained.append(index)
        if self.inside is None:
            return None
        cell = analysis.every_cell[index]
        heat = np.tile(np.linspace(0, 1, 32, dtype=np.float32), (32, 1))
        crop = np.full((32, 32, 3), 200, np.uint8)
        return Explained("lightweight", cell.label, cell.p_blast or 0.0, crop, heat, cell.box[:2], 0.5, self.inside)

    def analyse(self, own: engine.Engine, image: SmearImage, progress: engine.Progress | None = None) -> FieldAnalysis:
        """Stands in for the models."""
        if progress is not None:
            progress("Finding white cells", 2, 4)
        self.runs.append((image.name, own.recipe))
        return self.answer(image, own.recipe)

    def find_nothing(self) -> None:
        """From now on no picture has cells."""
        self.answer = lambda image, recipe: replace(_answer(image, recipe), every_cell=())

    def doubt(self, code: str, message: str) -> None:
        """From now on every picture comes with a warning."""
        self.answer = lambda image, recipe: replace(_answer(image, recipe), warnings=(Note(code, message),))

    def break_down(self, sentence: str) -> None:
        """From now on the models cannot be used."""

        def refuse(_image: SmearImage, _recipe: str) -> FieldAnalysis:
            raise ModelError(sentence)

        self.answer = refuse


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[House]:
    """Pages with two models and two samples that answer at once."""
    import streamlit as st

    house = House()

    def raise_again(error: Exception) -> None:
        raise error

    def stand_in(
        own: engine.Engine, image: SmearImage, progress: engine.Progress | None = None, read_ms: float = 0.0
    ) -> FieldAnalysis:
        assert read_ms >= 0
        return house.analyse(own, image, progress)

    monkeypatch.setattr(engine, "explain", house.explain)
    monkeypatch.setattr(engine, "second_opinions", lambda _image, _analysis: house.others)
    known = (
        Recipe("regions", "regions", "lightweight", "stain", 0.25, "Colour proposes cells."),
        Recipe("yolo11n", "yolo11n", "lightweight", "stain", 0.25, "A network proposes cells."),
    )
    listed = (
        samples.Sample("first", "first.png", "Many blasts", "Blasts and healthy cells."),
        samples.Sample("second", "second.png", "Few blasts", "One blast only."),
    )
    for place, sample in enumerate(listed):
        (tmp_path / sample.file).write_bytes(_png(place))
    st.cache_resource.clear()
    monkeypatch.setattr(engine, "recipes", lambda: known)
    monkeypatch.setattr(engine, "default_recipe", lambda: "regions")
    monkeypatch.setattr(engine.Engine, "analyse", stand_in)
    monkeypatch.setattr(samples, "listed", lambda: listed)
    monkeypatch.setattr(samples, "FOLDER", tmp_path)
    monkeypatch.setattr(notes, "unexpected", raise_again)
    yield house
    st.cache_resource.clear()


class OwnNavigation(PagesManager):
    """AppTest asks anew before each run whether there is a folder ``pages``; a server asks never, see theme.own_navigation."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        theme.own_navigation()


@pytest.fixture
def visit(house: House, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Open the dashboard as a visitor at a page and with an address."""
    monkeypatch.setattr(app_test, "PagesManager", OwnNavigation)

    def open_page(page: str = "", **address: str) -> AppTest:
        visitor = AppTest.from_file(str(APP), default_timeout=120)
        visitor.query_params.update(address)
        visitor.run()
        return visitor.switch_page(f"pages/{page}.py").run() if page else visitor

    return open_page


@pytest.fixture
def text() -> Callable[[AppTest], str]:
    """All words of a page."""
    return _text


@pytest.fixture
def file() -> Callable[[int], bytes]:
    """A photograph as a file, another one for each number."""
    return _png


def _text(visitor: AppTest) -> str:
    kinds = (visitor.title, visitor.header, visitor.subheader, visitor.markdown, visitor.caption, visitor.get("html"))
    return "\n".join(
        str(getattr(node, "value", None) or getattr(node.proto, "body", "")) for kind in kinds for node in kind
    )
