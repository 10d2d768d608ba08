"""Runs without models: files are told apart by what is in them, and workers stand in this very process."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from allcad_core import analysis
from allcad_core.batch import run as running
from allcad_core.batch.progress import Progress
from allcad_core.batch.run import Settings
from allcad_core.batch.work import Job, Outcome, look
from allcad_core.images import SmearImage
from allcad_core.results import Cell, FieldAnalysis, Models, Note, Quality, Timing

OUTLINE = ((12.0, 14.5), (44.0, 14.5), (44.0, 40.25), (12.0, 40.25))
SIZE = (96, 72)


def _answer(image: SmearImage, model: str = "regions", confidence: float = 0.25) -> FieldAnalysis:
    """As many blasts as the picture's first pixel says, one healthy cell, one box below the score."""
    blasts = int(image.pixels[0, 0, 0]) % 4
    cells = [
        Cell(
            (10.25 + 3 * place, 12.5, 46.0 + 3 * place, 42.0), "blast", 0.9 - place / 10, 0.95, {"best_cell": 0.95},
            OUTLINE, {"area": 824.0, "nc_ratio": 0.75, "diameter": 33.5}, ("uncertain",) if place else (),
        )
        for place in range(blasts)
    ]  # fmt: skip
    cells += [Cell((60.0, 40.0, 90.0, 70.0), "healthy", 0.5, 0.02), Cell((1.0, 1.0, 9.0, 9.0), "healthy", 0.1, 0.3)]
    return FieldAnalysis(
        image=image.name,
        width=image.width,
        height=image.height,
        sha256=image.sha256,
        recipe=model,
        models=Models("regions", "best_cell", "stain"),
        device="cpu",
        backend="torch",
        confidence=confidence,
        every_cell=tuple(cells),
        warnings=(Note("blurred", "The picture is blurred."),) if blasts == 3 else (),
        timing_ms=Timing(1.0, 2.0, 3.0, 4.0, 10.0),
        quality=Quality(0.5, 210.0, 0.1, (0.3, 0.5, 0.2), len(cells), None, None),
    )


@dataclass
class Inline:
    """An engine without processes, of which some can be made to end."""

    workers: int = 2
    deadly: frozenset[str] = frozenset()
    """Names of files that end whoever looks at them."""
    interrupt_at: int | None = None
    """Somebody ends the run when so many jobs were begun."""
    looked: list[str] = field(default_factory=list)
    restarts: int = 0

    def __enter__(self) -> Inline:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, job: Job) -> Future[Outcome]:
        if self.interrupt_at is not None and len(self.looked) >= self.interrupt_at:
            raise KeyboardInterrupt
        self.looked.append(job.name)
        future: Future[Outcome] = Future()
        if job.name in self.deadly:
            future.set_exception(BrokenExecutor("gone"))
        else:
            future.set_result(look(job))
        return future

    def killed(self, error: BaseException) -> bool:
        return isinstance(error, BrokenExecutor)

    def restart(self) -> None:
        self.restarts += 1


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Inline:
    """What works in the place of processes, with answers that are made here."""
    inline = Inline()

    def stand_in(image: SmearImage, model: str, *, confidence: float, **_: object) -> FieldAnalysis:
        return _answer(image, model, confidence)

    monkeypatch.setattr(running, "make", lambda *_: inline)
    monkeypatch.setattr(analysis, "analyse", stand_in)
    return inline


@pytest.fixture
def do(tmp_path: Path, engine: Inline) -> Callable[..., Progress]:
    """Do a run over these sources in ``tmp_path/run``."""

    def one(*sources: Path | str, **options: object) -> Progress:
        return running.run(Settings(tuple(map(str, sources)), **options), tmp_path / "run")  # type: ignore[arg-type]

    return one


@pytest.fixture
def picture() -> Callable[..., Path]:
    """Write a small picture with so many blasts; its other pixels are its own."""

    def one(path: Path, blasts: int = 1) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        seed = int.from_bytes(hashlib.sha256(os.fsencode(path)).digest()[:4])
        pixels = np.random.default_rng(seed).integers(0, 255, (SIZE[1], SIZE[0], 3), np.uint8)
        pixels[0, 0] = blasts
        Image.fromarray(pixels).save(path)
        return path

    return one


@pytest.fixture
def answer() -> Callable[..., FieldAnalysis]:
    """What the models' stand-in says of a picture."""
    return _answer
