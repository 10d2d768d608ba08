"""The upper half of the page: the sentence on two models, every model in a table, accuracy against time."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from allcad_core.errors import AllcadError
from allcad_core.evaluation.judged import FOLDS
from allcad_core.evaluation.speed import Speed
from allcad_core.evaluation.standings import Measured, Standing
from allcad_core.ui import notes, samples, state, words
from allcad_core.ui.compare import choice, scatter, told, work
from allcad_core.ui.compare.ranking import Column, Entry, Row, ranking

EXPLORER = "pages/confusion_explorer.py"
SPLIT = {"cell": "random4", "field": "random4", "detect": "chen17"}
"""The papers' split of each task."""


def figures() -> None:
    """Draw the upper half."""
    task = choice.task()
    with st.container(horizontal=True, vertical_alignment="center", key="compare-head"):
        st.title("Compare models", anchor=False, width="content")
        _task_choice(task)
        st.space("stretch")
        press = st.container(width="content")
    if choice.complaint():
        notes.broken([choice.complaint()])
    try:
        with notes.waiting("al-wait al-ranking") as progress:
            progress("Computing figures from stored results", 1, 1)
            ranked = work.ranked(task)
    except AllcadError as error:
        notes.broken([str(error)])
        return
    with press:
        asked = _speed_button(ranked)
    _leader(task, ranked)
    _sentence(task, ranked)
    left, right = st.columns([11, 8], gap="medium", vertical_alignment="top")
    with left:
        _table(task, ranked)
    with right:
        place = st.container(key="compare-speed")
        notes.doubt(told.HIDES[task], "New session leaves whole sittings out and is what to expect on another day.")
        _licences(ranked)
    if asked:
        _measure(task, ranked)
        st.rerun()
    with place:
        _scatter(task, ranked)
    choice.write_address()


def _task_choice(task: str) -> None:
    state.hold("compare-task-choice", task)
    st.segmented_control(
        "Task",
        work.TASKS,
        required=True,
        key="compare-task-choice",
        label_visibility="collapsed",
        format_func=lambda name: told.TASKS[name],
        on_change=lambda: choice.choose_task(st.session_state["compare-task-choice"]),
    )


def _speed_button(ranked: Sequence[Standing]) -> bool:
    """The button that measures; it is off where nothing ships that could be measured."""
    known = any((choice.task(), entry.model) in work.speeds() for entry in ranked)
    return st.button(
        "Measure speed again" if known else "Measure speed",
        icon=":material/speed:",
        disabled=not any(entry.shipped for entry in ranked),
        help="Time each shipped model on this machine, on a generated smear",
        key="compare-measure",
    )


def _measure(task: str, ranked: Sequence[Standing]) -> None:
    sample = samples.load(samples.listed()[0].name)
    shipped = [entry.model for entry in ranked if entry.shipped]
    trouble = []
    with notes.waiting("al-wait al-line") as progress:
        for number, model in enumerate(shipped, start=1):
            progress(f"Timing {model}", number, len(shipped))
            try:
                work.measure_speed(task, model, sample)
            except AllcadError as error:
                trouble.append(str(error))
    st.session_state["compare-complaint"] = " ".join(trouble)


def _leader(task: str, ranked: Sequence[Standing]) -> None:
    """The answer for somebody who wants one model and no table."""
    ready = [entry for entry in ranked if entry.shipped and entry.session is not None]
    best = max(ready, key=lambda entry: (entry.session and entry.session.value.value) or 0.0, default=None)
    if best is None or best.session is None or best.session.value.value is None:
        return
    value, _, ends = told.share(best.session.value).partition(" ")
    figure = words.in_one_piece(f"{value}{words.NBSP}% {ends}".strip())
    with st.container(key="compare-leader"):
        st.html(
            f'<p class="al-detail">Of the models at hand, <b>{escape(best.model)}</b> scores highest on sessions that it has '
            f"not seen: {told.MEASURES[task]} {figure}.</p>"
        )


def _failures(task: str, pair: tuple[str, str]) -> None:
    """A way from each of the two to what it gets wrong."""
    with st.container(horizontal=True, gap="small"):
        for side, model in zip("ab", pair, strict=True):
            if st.button(
                f"What {model} gets wrong", icon=":material/grid_view:", type="tertiary", key=f"compare-wrong-{side}"
            ):
                st.switch_page(EXPLORER, query_params={"task": task, "model": model})


def _sentence(task: str, ranked: Sequence[Standing]) -> None:
    """Which of two models is better, for somebody who has to choose."""
    pair = choice.pair(ranked)
    with st.container(border=True, key="compare-sentence"):
        left, right = st.columns([5, 3], gap="medium", vertical_alignment="center")
        with right:
            one, other = st.columns(2, gap="small")
            with one:
                _model_choice("Model A", 0, pair, ranked)
            with other:
                _model_choice("Model B", 1, pair, ranked)
        with left, st.container(key="compare-told"):
            if pair is None:
                st.header("No two models are known for this task.", anchor=False)
                return
            first, second = pair
            split = SPLIT[task]
            fair, leaky = (work.pair(task, protocol, first, second) for protocol in (work.SESSION, split))
            on_both = [one.model for one in ranked if one.session and one.papers and one.model not in pair]
            headline, detail = told.verdict(task, first, second, fair, leaky, split, on_both)
            speeds = work.speeds()
            pace = told.pace(speeds.get((task, first)), speeds.get((task, second)))
            st.header(headline, anchor=False)
            st.html(f'<p class="al-detail">{escape(words.in_one_piece(" ".join(filter(None, (detail, pace)))))}</p>')
            _failures(task, pair)


def _model_choice(title: str, side: int, pair: tuple[str, str] | None, ranked: Sequence[Standing]) -> None:
    names = [entry.model for entry in ranked]
    key = f"compare-{side}"
    if pair is not None:
        st.session_state[key] = pair[side]

    def take() -> None:
        assert pair is not None
        chosen = st.session_state[key]
        other = pair[1 - side] if pair[1 - side] != chosen else pair[side]
        choice.choose_pair(*((chosen, other) if side == 0 else (other, chosen)))

    st.selectbox(title, names, key=key, on_change=take, disabled=pair is None)


def _table(task: str, ranked: Sequence[Standing]) -> None:
    folds = f"{FOLDS[SPLIT[task]]} random folds" if task != "detect" else "17 test fields"
    known = told.sets(ranked)
    on = ", ".join(f"{number:,} of {name}" for name, number in known.items())
    on = f"{on}, mean over the sittings left out" if on else "nothing stored"
    st.header(f"All {told.TASKS[task].lower()}, out of fold", anchor=False)
    st.caption(
        f"{told.MEASURES[task].capitalize()} in{words.NBSP}% with its 95{words.NBSP}% interval. New session: {on}."
    )
    unit = "ms a cell" if task == "cell" else "ms a field"
    columns = (
        Column("Model", "Name of the model", "up"),
        Column("New session", "On whole sessions at the microscope that the model has not seen; the figure to believe"),
        Column("Papers' split", f"On the split of the papers ({folds}), which leaks"),
        Column("Paper", "What the paper prints for its own"),
        Column(unit, "Measured on this machine: median", "up"),
        Column("MB", "Size of the weight files", "up"),
        Column("Licences", "Of training data and weights, as the card has it", "up"),
    )
    rows = [_row(task, entry) for entry in ranked]
    with st.container(key="compare-ranking"):
        ranking(
            columns,
            rows,
            choice.pair(ranked) or (),
            choice.choose_pair,
            key="compare-table",
            subject=task,
            alt=f"Every model: {told.MEASURES[task]} on new sessions and on the papers' split, the paper's figure, time, size, licences",
        )


def _licences(ranked: Sequence[Standing]) -> None:
    """What the table has no room for."""
    shipped = [entry for entry in ranked if entry.licences]
    if shipped:
        with st.expander("Licences", icon=":material/gavel:"):
            for entry in shipped:
                st.html(f'<p class="al-why"><b>{escape(entry.model)}</b> {escape(entry.licences)}</p>')


def _row(task: str, entry: Standing) -> Row:
    note = told.standing_note(entry)
    speed: Speed | None = work.speeds().get((task, entry.model))
    paper = words.DASH if entry.published is None else f"{100 * entry.published:.1f}"
    return Row(
        entry.model,
        words.listing([entry.title, note]),
        (
            Entry(entry.model, entry.model, note or entry.title or words.NBSP),
            _figure(entry.session),
            _figure(entry.papers),
            Entry(paper, entry.published),
            Entry(told.milliseconds(speed), None if speed is None else speed.times.p50),
            Entry(words.DASH if entry.megabytes is None else f"{entry.megabytes:.1f}", entry.megabytes),
            Entry(entry.licences or words.DASH, entry.licences or None, words=True),
        ),
    )


def _figure(found: Measured | None) -> Entry:
    if found is None or found.value.value is None:
        return Entry(words.DASH, None)
    value, _, ends = told.share(found.value).partition(" ")
    star = " *" if found.missing_folds else ""
    return Entry(value, found.value.value, f"{ends}{star}")


def _scatter(task: str, ranked: Sequence[Standing]) -> None:
    measured = {entry.model: speed for entry in ranked if (speed := work.speeds().get((task, entry.model))) is not None}
    shown = [entry for entry in ranked if entry.model in measured and entry.session is not None]
    unit = "cell" if task == "cell" else "field"
    st.header(f"New-session {'accuracy' if task != 'detect' else 'precision'} against time", anchor=False)
    if not shown:
        with st.container(border=True, height=262, horizontal_alignment="center", vertical_alignment="center"):
            st.html(
                '<p class="al-detail">Nothing was timed on this machine yet. Press Measure speed: it takes some seconds.</p>'
                if any(entry.shipped for entry in ranked)
                else '<p class="al-detail">No model of this task ships, so none can be timed here.</p>'
            )
        return
    figure = scatter.accuracy_against_time(shown, measured, choice.pair(ranked) or (), unit)
    st.plotly_chart(
        figure,
        config={"displayModeBar": False},
        key=f"compare-scatter-{task}",
        alt=scatter.sentence(shown, measured, unit),
    )
