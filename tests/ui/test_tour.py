"""The tour: it is there on the first visit, leads over three pages, and stays away once it was skipped or finished."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from allcad_core.ui import samples, state, tour

DOOR = Path(__file__).parents[2] / "app.py"
PAGES = {"Home": "home", "Analyse smear": "analyse", "Compare models": "compare"}
BARE = """
import streamlit as st
from allcad_core.ui import tour
tour.show(st.session_state.get("on", "Home"))
if st.session_state.get("offer"):
    tour.again()
"""


class Browser:
    """Stands in for the browser: what it is shown, and which buttons are pressed there."""

    def __init__(self) -> None:
        self.shown: list[dict[str, Any]] = []
        self.press = ""
        self.gone: list[str] = []

    def mount(self, *, key: str, data: dict[str, Any], on_act_change: Callable[[], None]) -> None:
        self.shown.append(data)
        if self.press:
            st.session_state[key] = {"act": self.press}
            self.press = ""
            on_act_change()
            st.rerun()

    def go(self, file: str) -> None:
        self.gone.append(file)
        st.session_state["on"] = next(title for title, name in PAGES.items() if f"pages/{name}.py" == file)
        st.rerun()


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    browser = Browser()
    monkeypatch.setattr(tour, "_mount", browser.mount)
    monkeypatch.setattr(st, "switch_page", browser.go)
    monkeypatch.setattr(samples, "listed", lambda: (samples.Sample("first", "first.png", "Many", "Many."),))
    monkeypatch.setattr(state, "take_sample", lambda name: st.session_state.update({"taken": name}))
    return browser


def press(visitor: AppTest, browser: Browser, act: str) -> None:
    browser.press = act
    visitor.run()


def test_a_new_visitor_is_led_from_home_over_an_answer_to_the_comparison(browser: Browser):
    visitor = AppTest.from_string(BARE).run()
    numbers = [browser.shown[-1]["number"]]
    for _ in tour.STEPS[1:]:
        press(visitor, browser, "on")
        numbers.append(browser.shown[-1]["number"])
    assert numbers == [1, 2, 3, 4]
    assert browser.gone == ["pages/analyse.py", "pages/compare.py"]
    assert visitor.session_state["taken"] == "first"
    press(visitor, browser, "on")
    assert browser.shown[-1]["number"] == 0  # the browser is told to remember
    told = len(browser.shown)
    visitor.run()
    assert len(browser.shown) == told
    assert not visitor.exception


def test_a_step_back_returns_to_its_page(browser: Browser):
    visitor = AppTest.from_string(BARE).run()
    for act in ("on", "on", "on", "back"):
        press(visitor, browser, act)
    assert browser.shown[-1]["number"] == 3
    assert browser.gone[-1] == "pages/analyse.py"


def test_skipped_is_skipped_until_asked_for_again(browser: Browser):
    visitor = AppTest.from_string(BARE)
    visitor.session_state["offer"] = True
    visitor.run()
    press(visitor, browser, "skip")
    told = len(browser.shown)
    visitor.run()
    assert len(browser.shown) == told
    visitor.button[0].click().run()
    assert browser.shown[-1]["number"] == 1


def test_a_visitor_whose_browser_remembers_sees_no_tour(browser: Browser, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tour.st, "context", SimpleNamespace(cookies={tour.COOKIE: tour.DONE}))
    visitor = AppTest.from_string(BARE).run()
    assert browser.shown == []
    assert not visitor.exception


def test_other_pages_are_left_alone(browser: Browser):
    visitor = AppTest.from_string(BARE)
    visitor.session_state["on"] = "Batch"
    visitor.run()
    assert browser.shown == []


@pytest.mark.parametrize("step", tour.STEPS, ids=lambda step: step.title)
def test_every_step_stands_on_a_page_and_speaks_of_something_there(step: tour.Step):
    door = DOOR.read_text("utf-8")
    assert f'st.Page("{step.file}", title="{step.page}"' in door
    keys = {place.removeprefix(".st-key-") for place in step.at}
    sources = [DOOR.parent / step.file, *(Path(tour.__file__).parents[1]).rglob("*.py")]
    written = "\n".join(path.read_text("utf-8") for path in sources)
    assert all(f'key="{key}"' in written for key in keys)
