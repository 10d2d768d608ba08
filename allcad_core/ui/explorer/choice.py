"""What a visitor of the explorer chose: model, task, protocol, data set, threshold, filters, a field of the matrix."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import streamlit as st

from allcad_core.errors import AllcadError, UnknownNameError
from allcad_core.ui.explorer import told, work
from allcad_core.ui.explorer.evidence import BLAST, HEALTHY, PARTS
from allcad_core.ui.explorer.own_data import Own
from allcad_core.ui.explorer.work import Chosen, Stored

FIRST = (BLAST, HEALTHY)
"""The field of the matrix that is open at first: the blasts that were called healthy."""
LIKED = ("best_cell", "best_field", "lightweight", "regions")
"""Models that are shown first where they are stored."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice; ``dataset`` and ``threshold`` are ``None`` for the usual ones."""

    task: str
    model: str
    protocol: str
    dataset: str | None = None
    threshold: float | None = None


def current(stored: Stored) -> Choice:
    """The visitor's choice, mended where it is not stored any more."""
    chosen = cast("Choice | None", st.session_state.get("explorer-choice"))
    return first(stored) if chosen is None else mended(chosen, stored)


def first(stored: Stored) -> Choice:
    """What a visitor sees who chose nothing."""
    task = next(iter(stored))
    return mended(Choice(task, "", ""), stored)


def mended(chosen: Choice, stored: Stored) -> Choice:
    """The nearest choice that is stored: the same protocol for another model, the same model for another task."""
    task = chosen.task if chosen.task in stored else next(iter(stored))
    models = stored[task]
    liked = next((name for name in LIKED if name in models), next(iter(models)))
    model = chosen.model if chosen.model in models else liked
    protocol = chosen.protocol if chosen.protocol in models[model] else models[model][0]
    dataset = chosen.dataset if task == chosen.task else None
    return Choice(task, model, protocol, dataset, chosen.threshold if task == chosen.task else None)


def change(**changes: object) -> None:
    """Take over a part of the choice; another model or protocol starts at its own threshold."""
    chosen = current(work.stored())
    fresh = replace(chosen, **changes)  # type: ignore[arg-type]
    if set(changes) - {"threshold"}:
        fresh = replace(fresh, threshold=None)
    if "task" in changes:
        st.session_state.pop("explorer-place", None)
    if "task" in changes or "dataset" in changes:
        st.session_state.pop("explorer-filter", None)
    st.session_state["explorer-choice"] = fresh
    turn_to(0)


def own() -> Own | None:
    """The visitor's own pictures, where they are what the page shows."""
    return cast("Own | None", st.session_state.get("explorer-own"))


def show_own(brought: Own | None) -> None:
    """Show the visitor's own pictures, or go back to what is stored."""
    for name in ("explorer-filter", "explorer-place", "explorer-own-threshold"):
        st.session_state.pop(name, None)
    st.session_state["explorer-own"] = brought
    turn_to(0)


def own_threshold() -> float | None:
    """The threshold that the visitor set for own pictures."""
    return cast("float | None", st.session_state.get("explorer-own-threshold"))


def set_threshold(value: float | None) -> None:
    """Set the threshold for what the page shows; ``None`` goes back to the usual one."""
    if own() is not None:
        st.session_state["explorer-own-threshold"] = value
        turn_to(0)
    else:
        change(threshold=value)


def filters() -> Chosen:
    """Values that the visitor restricts to, by part of an origin."""
    chosen = cast("dict[str, tuple[str, ...]]", st.session_state.get("explorer-filter", {}))
    return tuple((part, chosen[part]) for part in PARTS if chosen.get(part))


def set_filter(part: str, values: tuple[str, ...]) -> None:
    """Restrict to some values; none lifts the restriction."""
    chosen = dict(st.session_state.get("explorer-filter", {}))
    st.session_state["explorer-filter"] = {**chosen, part: values}
    turn_to(0)


def clear_filters() -> None:
    """Show everything again."""
    st.session_state.pop("explorer-filter", None)
    turn_to(0)


def place() -> tuple[int, int]:
    """The field of the matrix whose things are shown."""
    return cast("tuple[int, int]", st.session_state.get("explorer-place", FIRST))


def choose_place(chosen: tuple[int, int]) -> None:
    """Show what another field of the matrix counts."""
    st.session_state["explorer-place"] = chosen
    turn_to(0)


def page() -> int:
    """Which page of the things is shown, from 0."""
    return cast("int", st.session_state.get("explorer-page", 0))


def turn_to(number: int) -> None:
    """Show another page of the things."""
    st.session_state["explorer-page"] = max(0, number)
    st.session_state.pop("explorer-item", None)


def item() -> int:
    """Index of the framed thing on its page."""
    return cast("int", st.session_state.get("explorer-item", 0))


def choose_item(index: int) -> None:
    """Frame another thing."""
    st.session_state["explorer-item"] = index


def complaint() -> str:
    """What was wrong with the address; empty where nothing was."""
    return cast("str", st.session_state.get("explorer-complaint", ""))


def follow_address(stored: Stored) -> None:
    """Do what the address asks for, ``?model=&task=&protocol=&threshold=&set=``, once for each new address."""
    asked = {name: st.query_params.get(name) for name in ("task", "model", "protocol", "set", "threshold")}
    if asked == st.session_state.get("explorer-address"):
        return
    st.session_state["explorer-address"] = asked
    st.session_state["explorer-complaint"] = ""
    if not any(asked.values()) or not stored:
        return
    try:
        st.session_state["explorer-choice"] = _asked(asked, stored)
        st.session_state["explorer-own"] = None
    except AllcadError as error:
        st.session_state["explorer-complaint"] = str(error)


def _asked(asked: dict[str, str | None], stored: Stored) -> Choice:
    """The choice that an address names; a task that it leaves out is found by the model. Raises UnknownNameError."""
    model, protocol = asked["model"], asked["protocol"]
    task = asked["task"] or next((name for name in stored if model in stored[name]), next(iter(stored)))
    if task not in stored:
        raise UnknownNameError("task with stored results", task, list(stored))
    if model is not None and model not in stored[task]:
        raise UnknownNameError(f"model with stored results of '{told.TASK_NAMES[task]}'", model, list(stored[task]))
    chosen = mended(Choice(task, model or "", protocol or "", asked["set"]), stored)
    if protocol is not None and chosen.protocol != protocol:
        raise UnknownNameError(
            f"protocol with stored results of {chosen.model}", protocol, list(stored[task][chosen.model])
        )
    return replace(chosen, threshold=_number(asked["threshold"]))


def _number(text: str | None) -> float | None:
    try:
        value = None if text is None else float(text)
    except ValueError:
        raise UnknownNameError("threshold", str(text), ["a number from 0 to 1"]) from None
    if value is not None and not 0 <= value <= 1:
        raise UnknownNameError("threshold", str(text), ["a number from 0 to 1"])
    return value


def write_address(chosen: Choice) -> None:
    """Say in the address what the page shows, so that it can be sent to somebody."""
    parameters = {"task": chosen.task, "model": chosen.model, "protocol": chosen.protocol}
    if chosen.dataset is not None:
        parameters["set"] = chosen.dataset
    if chosen.threshold is not None:
        parameters["threshold"] = f"{chosen.threshold:g}"
    if st.query_params.to_dict() != parameters:
        st.query_params.from_dict(parameters)
    st.session_state["explorer-address"] = {
        name: parameters.get(name) for name in ("task", "model", "protocol", "set", "threshold")
    }
