"""The first visit: four short steps over the real pages, to be skipped, remembered in the browser, begun again at will."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import streamlit as st

from allcad_core.ui import samples, state
from allcad_core.ui.components import component

COOKIE = "allcad_tour"
"""Says in the visitor's browser that the tour was finished or skipped; nothing else is written in it."""
DONE = "done"
STEP, GO = "tour-step", "tour-go"
"""Names in the session: the step that is shown, or ``None`` when the tour is over; the page to go to."""
KEY = "tour"

_mount = component("tour")


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        page: title of the page that it stands on; ``file`` is that page.
        file: of the page, as Streamlit names it.
        at: CSS selectors of what it speaks of; the first one that is on the page is framed.
        title: a few words; ``text`` one or two sentences.
        onward: what the button says that goes on.
    """

    page: str
    file: str
    at: tuple[str, ...]
    title: str
    text: str
    onward: str


STEPS = (
    Step(
        "Home",
        "pages/home.py",
        (".st-key-home-bring",),
        "Bring a photograph, or try a sample",
        "Drop in photographs of a stained smear, several at once. The samples were generated here; nothing leaves this "
        "machine.",
        "See an answer",
    ),
    Step(
        "Analyse smear",
        "pages/analyse.py",
        (".st-key-verdict",),
        "The first line is the answer",
        "White cells that look like blasts, with the 95\u00a0% interval of their share. It suggests; it does not diagnose.",
        "Why is that so?",
    ),
    Step(
        "Analyse smear",
        "pages/analyse.py",
        (".st-key-card", ".st-key-verdict"),
        "Choose a cell to see why",
        "Click a box or use the arrow keys. Say what the cell is with 1, 2 or 3; counts follow, and U takes it back.",
        "Which model?",
    ),
    Step(
        "Compare models",
        "pages/compare.py",
        (".st-key-compare-sentence",),
        "Pick the model to trust",
        "One sentence for two models, on sessions that neither has seen. Below it the same smear goes through all of them.",
        "Done",
    ),
)


def show(page: str) -> None:
    """Show the step that belongs on this page, where the tour runs; go to another page where the last press asked for it.

    Args:
        page: title of the page that is about to be drawn.
    """
    _follow()
    number = _step()
    if number is None:
        if st.session_state.pop("tour-told", False):  # the browser is told once, then nothing is left on the page
            _draw(None)
        return
    if STEPS[number].page == page:
        _draw(number)


def again(label: str = "Show me around") -> None:
    """A button that begins the tour anew."""
    if st.button(label, type="tertiary", icon=":material/explore:", key="tour-again"):
        st.session_state[STEP] = 0
        st.switch_page(STEPS[0].file)


def _step() -> int | None:
    """The step that is shown. A visitor without the cookie begins with the first one."""
    if STEP not in st.session_state:
        st.session_state[STEP] = None if st.context.cookies.get(COOKIE) == DONE else 0
    return cast("int | None", st.session_state[STEP])


def _follow() -> None:
    """Go where the last press leads; Analyse needs a smear to speak of."""
    step = st.session_state.pop(GO, None)
    if step is None:
        return
    if STEPS[step].page != "Home" and state.current() is None:
        state.take_sample(samples.listed()[0].name)
    st.switch_page(STEPS[step].file)


def _draw(number: int | None) -> None:
    _mount(key=KEY, data=_described(number), on_act_change=_act)


def _described(number: int | None) -> dict[str, object]:
    told: dict[str, object] = {"cookie": COOKIE, "done": DONE, "steps": len(STEPS)}
    if number is None:
        return {**told, "number": 0}
    step = STEPS[number]
    return {
        **told,
        "number": number + 1,
        "at": list(step.at),
        "title": step.title,
        "text": step.text,
        "onward": step.onward,
    }


def _act() -> None:
    act = st.session_state[KEY].get("act")
    number = _step()
    if number is None or act not in {"on", "back", "skip"}:
        return
    if act == "skip" or (act == "on" and number + 1 == len(STEPS)):
        st.session_state.update({STEP: None, "tour-told": True})
        return
    to = max(0, number + (1 if act == "on" else -1))
    if STEPS[to].page != STEPS[number].page:
        st.session_state[GO] = to
    st.session_state[STEP] = to
