"""The row of choices: task, model, data set, protocol, threshold, filters, and a visitor's own pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from allcad_core.ui import state, words
from allcad_core.ui.explorer import choice, own_data, told
from allcad_core.ui.explorer.choice import Choice
from allcad_core.ui.explorer.evidence import PARTS, Evidence
from allcad_core.ui.explorer.own_data import Own
from allcad_core.ui.explorer.work import Stored

PART_TITLES = {"session": "Sessions", "camera": "Cameras", "kind": "Kinds"}


def stored_row(chosen: Choice, stored: Stored) -> None:
    """Choices among what is stored."""
    state.hold("explorer-task", chosen.task)
    st.segmented_control(
        "Task",
        list(stored),
        required=True,
        key="explorer-task",
        format_func=lambda task: told.TASK_NAMES[task],
        on_change=lambda: choice.change(task=st.session_state["explorer-task"]),
    )
    _select("Model", "model", list(stored[chosen.task]), chosen.model, str)
    protocols = stored[chosen.task][chosen.model]
    _select("Protocol", "protocol", protocols, chosen.protocol, lambda name: told.PROTOCOLS[name].title)


def rest(whole: Evidence, value: float | None) -> float:
    """Choices that depend on what was read. Returns where the threshold stands; ``value`` is what the visitor set."""
    if whole.others:
        data_sets(whole)
    level = threshold(whole, value)
    filters(whole)
    own_button(whole.task)
    return level


def data_sets(whole: Evidence) -> None:
    """Choice among the data sets that the model was asked about."""
    _select("Data", "dataset", sorted({whole.dataset, *whole.others}), whole.dataset, str)


def own_row(brought: Own, *, can_go_back: bool) -> None:
    """What stands in place of the choices while the visitor's own pictures are shown."""
    st.badge(brought.name, icon=":material/folder_open:", color="gray")
    st.caption(f"judged by {brought.evidence.model}", width="content")
    if can_go_back:
        st.button("Back to stored results", icon=":material/arrow_back:", on_click=choice.show_own, args=(None,))


def threshold(whole: Evidence, value: float | None) -> float:
    """The slider. Returns where it stands; ``value`` is what the visitor set, ``None`` for the usual threshold."""
    state.hold("explorer-threshold", round(whole.usual if value is None else value, 2))
    with st.container(key="explorer-slider", width=250, gap=None):
        return st.slider(
            "Score threshold" if whole.boxes else "Threshold",
            0.0,
            1.0,
            step=0.01,
            key="explorer-threshold",
            help=_threshold_help(whole),
            on_change=lambda: choice.set_threshold(st.session_state["explorer-threshold"]),
        )


def _threshold_help(whole: Evidence) -> str:
    if whole.boxes:
        return "Boxes under this score are hidden."
    return "From which probability on a picture is called a blast. Until you move it, each fold has its own, chosen on the others."


def usual_threshold(whole: Evidence, value: float | None) -> None:
    """Say which threshold counts, and offer the way back to the usual one."""
    if value is not None:
        words_back = (
            "Back to the usual score" if whole.boxes or whole.protocol == told.OWN else "Back to each fold's own"
        )
        st.button(
            words_back,
            type="tertiary",
            icon=":material/undo:",
            on_click=choice.set_threshold,
            args=(None,),
            key="explorer-usual",
        )
        return
    levels = sorted({round(float(level), 2) for level in whole.levels})
    if whole.protocol == told.OWN and not whole.boxes:
        sentence = f"At {whole.usual:.2f}, the threshold of the model's card"
    elif len(levels) > 1:
        ends = f"{levels[0]:.2f}{words.DASH}{levels[-1]:.2f}"
        sentence = f"Each fold at its own threshold, chosen on the others ({ends})"
    else:
        sentence = f"At {whole.usual:.2f}, the usual score" if whole.boxes else f"At {whole.usual:.2f}"
    st.caption(sentence, width="content")


def filters(whole: Evidence) -> None:
    """Sessions, cameras and kinds to restrict to; nothing where all things are alike in these."""
    values = {part: found for part in PARTS if len(found := whole.values(part)) > 1}
    if not values:
        return
    active = dict(choice.filters())
    count = sum(len(chosen) for chosen in active.values())
    with st.popover(f"Filter, {count} chosen" if count else "Filter", icon=":material/filter_alt:"):
        for part, found in values.items():
            key = f"explorer-filter-{part}"
            state.hold(key, [value for value in active.get(part, ()) if value in found])
            st.pills(
                PART_TITLES[part],
                list(found),
                selection_mode="multi",
                key=key,
                format_func=_counted(found),
                on_change=_report(part, key),
            )
        if count:
            st.button("Show all", icon=":material/filter_alt_off:", on_click=choice.clear_filters)


def _counted(found: dict[str, int]) -> Callable[[str], str]:
    return lambda value: f"{value.replace('_', ' ')} ({found[value]})"


def _report(part: str, key: str) -> Callable[[], None]:
    return lambda: choice.set_filter(part, tuple(st.session_state[key]))


def own_button(task: str = "cell") -> None:
    """The button that opens the dialog for the visitor's own pictures, set to what the page shows."""
    if st.button("My own data", icon=":material/folder_open:"):
        own_data.ask(choice.show_own, task)


def _select(label: str, field: str, options: Sequence[str], value: str, named: Callable[[str], str]) -> None:
    key = f"explorer-{field}"
    state.hold(key, value)
    st.selectbox(
        label,
        options,
        key=key,
        format_func=named,
        width=172,
        on_change=lambda: choice.change(**{field: st.session_state[key]}),
    )
