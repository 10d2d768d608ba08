"""A reload: a new session with the cookie of the old one finds what was brought and said; one without it finds nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from allcad_core.ui import kept, tour

Visit = Callable[..., AppTest]
File = Callable[[int], bytes]


@pytest.fixture
def cookies(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The browser's cookies, as each new session sends them."""
    jar = {tour.COOKIE: tour.DONE}

    def write(*, key: str, data: dict[str, Any]) -> None:
        assert key == "kept"
        jar[data["name"]] = data["value"]

    monkeypatch.setattr(kept, "_mount", write)
    for module in (kept, tour):
        real = module.st
        monkeypatch.setattr(module, "st", _with_cookies(real, jar))
    return jar


def _with_cookies(real: Any, jar: dict[str, str]) -> Any:
    class Streamlit:
        context = SimpleNamespace(cookies=jar)

        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

    return Streamlit()


def press(visitor: AppTest, label: str) -> None:
    next(button for button in visitor.button if button.label == label).click().run()


def test_a_photograph_and_its_review_outlive_a_reload(cookies: dict[str, str], visit: Visit, house: Any, file: File):
    first = visit("analyse")
    assert kept.COOKIE not in cookies
    first.file_uploader[0].set_value([("mine.png", file(1), "image/png")]).run()
    press(first, "\u25cb Healthy")
    assert first.title[0].value == "2 of 5 white cells look like blasts."
    runs = len(house.runs)
    again = visit("analyse")
    assert again.title[0].value == "2 of 5 white cells look like blasts."
    assert len(house.runs) == runs  # its answer was held with it
    cookies[kept.COOKIE] = "0" * 32
    assert visit("analyse").title[0].value == "No smear yet."


def test_a_sample_that_nobody_changed_needs_no_cookie(cookies: dict[str, str], visit: Visit):
    visit("analyse", sample="first")
    assert kept.COOKIE not in cookies


def test_forgotten_is_forgotten(cookies: dict[str, str], visit: Visit, file: File):
    visitor = visit("analyse")
    visitor.file_uploader[0].set_value([("mine.png", file(1), "image/png")]).run()
    assert kept.COOKIE in cookies
    press(visitor, "Forget my photographs")
    assert visitor.title[0].value == "No smear yet."
    assert visit("analyse").title[0].value == "No smear yet."
