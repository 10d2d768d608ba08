"""The lower half of the page: one smear through every model, as it is or made worse, and where they disagree."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import streamlit as st

from allcad_core import compared, stress
from allcad_core.compared import Place
from allcad_core.errors import AllcadError
from allcad_core.ground import ground_colour
from allcad_core.images import SmearImage
from allcad_core.results import FieldAnalysis
from allcad_core.stress import NO_STRESS, RANGES, Stress
from allcad_core.ui import bring, label, media, notes, state, words
from allcad_core.ui.compare import choice, told
from allcad_core.ui.compare.bench import REST_S, Answer, bench
from allcad_core.ui.compare.board import Panel, board
from allcad_core.ui.state import Smear

PAGE = "pages/compare.py"
LONGEST_SIDE = 1600
"""Pixels of the picture in the panels: sharp at three panels a row and twofold zoom, and quick to encode."""
MORE_S = 0.15
"""Seconds that a run waits for a further answer; a slider is answered within that."""
STEPS = {"blur": 0.5, "stain": 0.05, "brightness": 0.05, "magnification": 0.05, "jpeg": 5}


def one_smear() -> None:
    """Draw the lower half."""
    smear = choice.smear()
    with st.container(key="label", border=True, horizontal=True, vertical_alignment="center"):
        label.title(smear)
        st.space("stretch")
        if st.button("Analyse", icon=":material/biotech:", help="This smear on the page Analyse smear"):
            _go(smear, bring.PAGE)
        label.change(PAGE)
    _sliders()
    try:
        names = tuple(entry.name for entry in compared.looks())
    except AllcadError as error:
        notes.broken([str(error)])
        return
    chosen = choice.stress()
    desk = bench()
    if st.session_state.pop("compare-more", False):
        desk.wait(int(st.session_state.get("compare-known", 0)), MORE_S)
    told_so_far = desk.wish(choice.visitor(), smear.image, chosen, names)
    st.session_state["compare-known"] = desk.known
    before = desk.wish_known(smear.image, NO_STRESS, names) if chosen.active else {}
    _answers(smear, chosen, names, told_so_far, before)


def _go(smear: Smear, page: str) -> None:
    if state.current() is None and smear.sample is not None:
        state.take_sample(smear.sample)
    st.switch_page(page)


def _sliders() -> None:
    """One slider for each kind of stress."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("The same smear through each", anchor=False, width="content")
        st.caption("Make the photograph worse and see which models hold.", width="content")
        st.space("stretch")
        st.button(
            "As it is", icon=":material/undo:", disabled=not choice.stress().active, on_click=choice.clear_stress,
            help="Take all changes back", key="compare-clear",
        )  # fmt: skip
    for column, name in zip(st.columns(len(RANGES), gap="medium"), RANGES, strict=True):
        with column:
            _slider(name)


def _slider(name: str) -> None:
    title, form = told.UNITS[name]
    allowed, key = RANGES[name], f"compare-{name}"
    value = getattr(choice.stress(), name)
    whole = name == "jpeg"
    state.hold(key, int(value) if whole else float(value))
    st.slider(
        title,
        int(allowed.low) if whole else float(allowed.low),
        int(allowed.high) if whole else float(allowed.high),
        step=int(STEPS[name]) if whole else STEPS[name],
        format=form,
        key=key,
        help=told.HELP[name],
        on_change=lambda: choice.set_stress(name, st.session_state[key]),
    )


def _answers(
    smear: Smear,
    chosen: Stress,
    names: tuple[str, ...],
    answers: Mapping[str, Answer],
    before: Mapping[str, Answer],
) -> None:
    """The board and what is to be said about it."""
    found = {name: answer for name in names if isinstance(answer := answers.get(name), FieldAnalysis)}
    disputed = compared.disputed(places := compared.places(found))
    earlier = {name: answer.counts.blast for name, answer in before.items() if isinstance(answer, FieldAnalysis)}
    summary = _summary(places, found, names, chosen, earlier)
    st.html(f'<p class="al-said-board" role="status">{escape(summary)}</p>')
    number = choice.place()
    number = number if number is not None and number < len(disputed) else None
    st.session_state["compare-turn"] = turn = int(st.session_state.get("compare-turn", 0)) + 1
    size = _size(smear.image, chosen)
    with st.container(key="compare-board"):
        board(
            picture(smear, chosen),
            size,
            [_panel(name, answers.get(name), earlier.get(name)) for name in names],
            disputed,
            key="compare-panels",
            alt=f"{smear.name} through {len(names)} models. {summary}",
            turn=turn,
            rest_s=REST_S,
            chosen=number,
            arrived=bool(st.session_state.pop("compare-arrived", False)),
            on_place=choice.choose_place,
            on_more=_more,
        )
    choice.write_address()
    if number is not None:
        _closer(smear, chosen, disputed[number], number)


def _more() -> None:
    st.session_state["compare-more"] = True


def _summary(
    places: tuple[Place, ...],
    found: Mapping[str, FieldAnalysis],
    names: tuple[str, ...],
    chosen: Stress,
    earlier: Mapping[str, int],
) -> str:
    parts = [compared.summary(places, found)] if len(found) > 1 else []
    if len(found) < len(names):
        parts.append(f"{len(found)} of {len(names)} models have answered.")
    elif chosen.active:
        after = {name: analysis.counts.blast for name, analysis in found.items()}
        parts.append(f"With {told.stress_words(chosen)}: {told.held(dict(earlier), after)}" if earlier else "")
    return " ".join(filter(None, parts))


def _panel(name: str, answer: Answer | None, earlier: int | None) -> Panel:
    if answer is None:
        return Panel(name, "waiting")
    if isinstance(answer, str):
        return Panel(name, "failed", note=answer)
    counts = answer.counts
    notes_ = [words.short_warning(note.code) for note in answer.warnings]
    changed = "" if earlier is None or earlier == counts.blast else f"was {words.plural(earlier, 'blast')}"
    note = words.listing([words.duration(answer.timing_ms.total), changed, *dict.fromkeys(notes_)])
    return Panel(name, "done", f"{counts.blast} of {counts.total}", note, answer.cells)


def _size(image: SmearImage, chosen: Stress) -> tuple[int, int]:
    """Size of the stressed picture, the measure of its boxes."""
    factor = chosen.magnification
    return max(1, round(image.width * factor)), max(1, round(image.height * factor))


def picture(smear: Smear, chosen: Stress) -> bytes:
    """The smear under a stress as the browser gets it."""

    def make() -> bytes:
        pixels = stressed_pixels(smear, chosen)
        return media.jpeg(media.at_most(pixels, LONGEST_SIDE))

    return state.remember(("stressed", smear.key, chosen), make)


def stressed_pixels(smear: Smear, chosen: Stress) -> media.Pixels:
    """The smear under a stress, uint8 (height, width, 3), RGB."""
    if not chosen.active:
        return smear.image.pixels
    ground = state.remember(("ground", smear.key), lambda: ground_colour(smear.image.pixels))
    return stress.apply(smear.image.pixels, chosen, ground)


def _closer(smear: Smear, chosen: Stress, place: Place, number: int) -> None:
    """One disputed cell, large, with the word of each model."""
    left, right = st.columns([1, 5], gap="medium", vertical_alignment="center")
    with left:
        crop = state.remember(
            ("closer", smear.key, chosen, place.box),
            lambda: media.jpeg(media.crop(stressed_pixels(smear, chosen), place.box, 256), media.CROP_QUALITY),
        )
        st.image(crop, width=180, alt=f"Place {number + 1}, on which the models disagree")
    rows = []
    for model in place.models:
        cell = place.cells.get(model)
        kind = "found no cell here" if cell is None else words.NAMES[cell.label]
        glyph = "" if cell is None else words.GLYPHS[cell.label]
        chance = "" if cell is None else f"blast probability {words.probability(cell.suspicion)}"
        rows.append(
            f'<span class="al-model">{escape(model)}</span><b>{glyph} {escape(kind)}</b><span>{escape(chance)}</span>'
        )
    with right:
        st.header(f"Place {number + 1}: the models disagree", anchor=False)
        st.html(f'<div class="al-words">{"".join(rows)}</div>')
        st.button("Close", icon=":material/close:", on_click=choice.choose_place, args=(None,), key="compare-close")
