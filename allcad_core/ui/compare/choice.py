"""What a visitor of the page chose: task, pair of models, stress, a cell on which models disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import cast
from uuid import uuid4

import streamlit as st

from allcad_core.errors import AllcadError, UnknownNameError
from allcad_core.evaluation.standings import Standing
from allcad_core.stress import NO_STRESS, RANGES, Stress
from allcad_core.ui import samples, state
from allcad_core.ui.compare import work
from allcad_core.ui.state import Smear

ADDRESS = ("task", "a", "b", "sample", *(entry.name for entry in fields(Stress)))


def visitor() -> str:
    """A name for this visitor, to be told from others on the bench."""
    return cast("str", st.session_state.setdefault("compare-visitor", uuid4().hex))


def smear() -> Smear:
    """The visitor's smear, or the first sample where there is none."""
    return state.current() or Smear(samples.load(samples.listed()[0].name), samples.listed()[0].name)


def task() -> str:
    """Which kind of model is compared."""
    return cast("str", st.session_state.get("compare-task", work.TASKS[0]))


def choose_task(name: str) -> None:
    """Compare models of another kind."""
    st.session_state["compare-task"] = name


def pair(ranked: Sequence[Standing]) -> tuple[str, str] | None:
    """The two models that the sentence is about; ``None`` where fewer than two are there."""
    names = [entry.model for entry in ranked]
    chosen = cast("dict[str, tuple[str, str]]", st.session_state.get("compare-pairs", {})).get(task(), ())
    if len(chosen) == 2 and set(chosen) <= set(names):
        return chosen[0], chosen[1]
    liked = [entry.model for entry in ranked if entry.session is not None and entry.shipped]
    rest = [entry.model for entry in ranked if entry.session is not None or entry.papers is not None]
    first, second, *_ = (*dict.fromkeys([*liked, *rest, *names]), "", "")
    return (first, second) if second else None


def choose_pair(first: str, second: str) -> None:
    """Compare two others."""
    pairs = dict(st.session_state.get("compare-pairs", {}))
    st.session_state["compare-pairs"] = {**pairs, task(): (first, second)}


def stress() -> Stress:
    """What is done to the smear."""
    return cast("Stress", st.session_state.get("compare-stress", NO_STRESS))


def set_stress(name: str, value: float) -> None:
    """Set one kind of stress; the others stay."""
    number = round(value) if name == "jpeg" else value
    st.session_state["compare-stress"] = replace(stress(), **{name: number})  # type: ignore[arg-type]
    choose_place(None)


def clear_stress() -> None:
    """Show the smear as it is."""
    st.session_state["compare-stress"] = NO_STRESS
    choose_place(None)


def place() -> int | None:
    """Number of the cell that is looked at more closely."""
    return cast("int | None", st.session_state.get("compare-place"))


def choose_place(number: int | None) -> None:
    """Look at a cell more closely."""
    st.session_state["compare-place"] = number


def complaint() -> str:
    """What was wrong with the address; empty where nothing was."""
    return cast("str", st.session_state.get("compare-complaint", ""))


def follow_address() -> None:
    """Do what the address asks for, ``?task=&a=&b=&sample=&blur=...``, once for each new address."""
    asked = {name: value for name in ADDRESS if (value := st.query_params.get(name)) is not None}
    if asked == st.session_state.get("compare-address"):
        return
    st.session_state["compare-address"] = asked
    st.session_state["compare-complaint"] = ""
    try:
        _follow(asked)
    except AllcadError as error:
        st.session_state["compare-complaint"] = str(error)


def _follow(asked: dict[str, str]) -> None:
    own = state.current()
    if "sample" in asked and (own is None or own.sample != asked["sample"]):
        state.take_sample(asked["sample"])
    if "task" in asked:
        if asked["task"] not in work.TASKS:
            raise UnknownNameError("task", asked["task"], list(work.TASKS))
        choose_task(asked["task"])
    if "a" in asked or "b" in asked:
        known = [entry.model for entry in work.ranked(task())]
        for name in (asked.get("a"), asked.get("b")):
            if name is not None and name not in known:
                raise UnknownNameError("model to compare", name, known)
        usual = pair(work.ranked(task())) or ("", "")
        choose_pair(asked.get("a", usual[0]), asked.get("b", usual[1]))
    strengths = {name: _number(name, asked[name]) for name in RANGES if name in asked}
    if strengths:
        st.session_state["compare-stress"] = replace(NO_STRESS, **strengths)  # type: ignore[arg-type]


def _number(name: str, text: str) -> float:
    try:
        return int(text) if name == "jpeg" else float(text)
    except ValueError:
        allowed = RANGES[name]
        raise UnknownNameError(f"strength of '{name}'", text, [f"{allowed.low:g} to {allowed.high:g}"]) from None


def write_address() -> None:
    """Say in the address what the page shows, so that it can be sent to somebody. Own photographs stay unnamed."""
    try:
        own, chosen = smear(), pair(work.ranked(task()))
    except AllcadError:  # the page says so where the table would stand
        return
    parameters = {"task": task()}
    if chosen is not None:
        parameters |= {"a": chosen[0], "b": chosen[1]}
    if own.sample is not None:
        parameters["sample"] = own.sample
    parameters |= {name: f"{getattr(stress(), name):g}" for name in stress().active}
    if st.query_params.to_dict() != parameters:
        st.query_params.from_dict(parameters)
    st.session_state["compare-address"] = parameters
