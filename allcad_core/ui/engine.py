"""The models behind the pages: shared by all visitors, each behind a lock."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

import streamlit as st

from allcad_core.errors import AllcadError
from allcad_core.images import SmearImage
from allcad_core.results import FieldAnalysis
from allcad_core.ui import samples

if TYPE_CHECKING:
    from allcad_core.explained import Explained
    from allcad_core.recipes import Recipe
    from allcad_core.segmentation import Segmentation

Progress = Callable[[str, int, int], None]
"""Text of the step, its number, number of steps."""


@dataclass(frozen=True)
class Engine:
    """One model that visitors share; a second visitor waits until the first has an answer."""

    recipe: str
    lock: Lock = field(repr=False)

    def analyse(self, image: SmearImage, progress: Progress | None = None, read_ms: float = 0.0) -> FieldAnalysis:
        """Analyse a photograph that took ``read_ms`` milliseconds to read.

        Raises:
            AllcadError: the model cannot be used.
        """
        from allcad_core.analysis import analyse

        with self.lock:
            return analyse(image, self.recipe, progress=progress, read_ms=read_ms)


@st.cache_resource(show_spinner=False)
def _turn() -> Lock:
    return Lock()


@st.cache_resource(show_spinner=False)
def engine(recipe: str) -> Engine:
    """The one engine of this name in this process. All share one lock, as recipes share networks.

    Its networks are compiled in the background where they are not yet.
    """
    from allcad_core.analysis import networks
    from allcad_core.compiled import make_ahead
    from allcad_core.recipes import recipe as known

    with suppress(AllcadError):  # an analysis will tell of it
        make_ahead(networks(known(recipe)))
    return Engine(recipe, _turn())


@st.cache_resource(show_spinner=False)
def _of_samples() -> dict[tuple[str, str], FieldAnalysis]:
    return {}


def of_sample(sample: str, recipe: str, progress: Progress | None = None) -> FieldAnalysis:
    """Analysis of a generated sample, computed once for all visitors.

    Raises:
        AllcadError: the model cannot be used.
    """
    known = _of_samples()
    if (sample, recipe) not in known:
        known[sample, recipe] = engine(recipe).analyse(samples.load(sample), progress)
    return known[sample, recipe]


def is_sample_known(sample: str, recipe: str) -> bool:
    """Whether somebody already asked for this analysis."""
    return (sample, recipe) in _of_samples()


def recipes() -> tuple[Recipe, ...]:
    """The models that a visitor can choose from."""
    from allcad_core.recipes import recipes as known

    return known()


def relabels(name: str) -> bool:
    """Whether a model's cells bear the label of its classifier though its detector has one of its own."""
    return any(one.relabels for one in recipes() if one.name == name)


def default_recipe() -> str:
    """The model that looks where nobody chose one."""
    from allcad_core.recipes import DEFAULT_RECIPE

    return DEFAULT_RECIPE


def stock() -> str:
    """How many models there are to look with, in words. Raises AllcadError."""
    from allcad_core.models import cards

    tasks = [card.task for card in cards().values()]
    finders = 1 + tasks.count("detect")  # regions need no network
    return f"{finders} detectors and {tasks.count('cell')} classifiers of cells ready"


def second_opinions(image: SmearImage, analysis: FieldAnalysis) -> dict[str, tuple[float, ...]]:
    """What every further classifier says of ``every_cell``: blast probabilities by its name. Raises AllcadError."""
    from allcad_core.compared import opinions

    with _turn():
        return opinions(image, analysis)


def threshold(classifier: str | None) -> float | None:
    """From which probability on a classifier calls a cell a blast; ``None`` where no card says so."""
    from allcad_core.models import card

    try:
        return None if classifier is None else card(classifier).threshold
    except AllcadError:
        return None


def explain(image: SmearImage, analysis: FieldAnalysis, index: int) -> Explained | None:
    """Why the classifier judged a cell of ``every_cell`` so; ``None`` where the analysis had no classifier.

    Raises:
        AllcadError: the classifier cannot be used.
    """
    from allcad_core.explained import explain_cells

    with _turn():
        return next(iter(explain_cells(image, analysis, [index])), None)


def segment(image: SmearImage, method: str = "paper") -> Segmentation:
    """Nuclei of a photograph by one segmentation method."""
    from allcad_core.segmentation import segment as run

    return run(image.pixels, method)


@st.cache_resource(show_spinner=False, ttl=60)
def machine() -> str:
    """The machine in a few words: device, cores, and what computes on them."""
    from allcad_core.devices import choose, is_cpu

    if is_cpu():  # without torch, which takes seconds to import
        return f"CPU, {os.cpu_count() or 1} cores, {_backend()}"
    kind = choose().type
    return {"cuda": "NVIDIA GPU", "mps": "Apple GPU"}.get(kind, kind)


def _backend() -> str:
    """What answers for the default model on the CPU; found without torch, which takes seconds to import."""
    from allcad_core import compiled, devices
    from allcad_core.analysis import networks
    from allcad_core.recipes import recipe

    try:
        made = devices.backend(None) != "torch" and all(compiled.is_made(name) for name in networks(recipe()))
    except AllcadError:
        made = False
    return "compiled networks" if made else "PyTorch"
