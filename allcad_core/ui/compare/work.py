"""What the page computes from stored results, once for all visitors; new files are seen at once."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from allcad_core import files, models
from allcad_core.errors import AllcadError, DataError
from allcad_core.evaluation import versus, versus_boxes
from allcad_core.evaluation.speed import Speed, measure
from allcad_core.evaluation.standings import DETECT, SESSION, Standing, kept_name, standings
from allcad_core.evaluation.versus import Versus
from allcad_core.evaluation.versus_boxes import BoxVersus
from allcad_core.images import SmearImage
from allcad_core.predictions import RESULTS

TASKS = ("cell", "field", DETECT)


def ranked(task: str) -> tuple[Standing, ...]:
    """All models of a task, the best on new sessions first.

    Raises:
        AllcadError: results or cards cannot be read.
    """
    return _ranked(task, str(RESULTS), _stamp(RESULTS / task), _stamp_of(models.WEIGHTS / models.CARDS))


def _stamp(folder: Path) -> str:
    """Changes when a file of predictions does."""
    return files.stamp(folder.glob("*/*/fold*.csv"))


def _stamp_of(path: Path) -> str:
    return files.stamp([path])


@st.cache_resource(show_spinner=False, max_entries=6)
def _ranked(task: str, results: str, _stored: str, _cards: str) -> tuple[Standing, ...]:
    return standings(task, Path(results))


def pair(task: str, protocol: str, first: str, second: str) -> Versus | BoxVersus | None:
    """Two models on the same held-out pictures; ``None`` where they cannot be compared under this protocol.

    Args:
        task: of both.
        protocol: under which both are stored.
        first: name of one.
        second: name of the other.
    """
    return _pair(task, protocol, first, second, str(RESULTS), _stamp(RESULTS / task))


@st.cache_resource(show_spinner=False, max_entries=64)
def _pair(task: str, protocol: str, first: str, second: str, results: str, _: str) -> Versus | BoxVersus | None:
    folder = Path(results)
    try:
        if task == DETECT:
            return versus_boxes.compare(first, second, protocol, folder)
        names = [_stored_name(name, task, protocol, folder) for name in (first, second)]
        one, other = (versus.Stored(name, task, protocol) for name in names)
        return versus.compare(one, other, None, folder)
    except AllcadError:  # nothing stored under this protocol, or no picture that both judged: the page says so
        return None


def _stored_name(model: str, task: str, protocol: str, results: Path) -> str:
    from allcad_core.evaluation.judged import stored_name

    name = stored_name(model, task, protocol, results)
    if name is None:
        raise DataError(f"Nothing of '{model}' is stored under '{protocol}'.")
    return name


def speeds() -> dict[tuple[str, str], Speed]:
    """What was measured on this machine since the server started, by task and model."""
    return _speeds()


@st.cache_resource(show_spinner=False)
def _speeds() -> dict[tuple[str, str], Speed]:
    return {}


def measure_speed(task: str, model: str, image: SmearImage) -> Speed:
    """Time a model and keep what was found for all visitors. Raises AllcadError where it cannot be used."""
    card = model if task == DETECT else _card_name(model, task)
    found = measure(card, task, image)
    _speeds()[task, model] = found
    return found


def _card_name(model: str, task: str) -> str:
    from allcad_core.evaluation.judged import names_of

    known = models.cards()
    return next((name for name in names_of(model, task) if name in known and known[name].task == task), model)


__all__ = ["DETECT", "SESSION", "TASKS", "kept_name", "measure_speed", "pair", "ranked", "speeds"]
