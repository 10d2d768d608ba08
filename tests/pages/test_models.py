"""Models and data: every card with its figures, their intervals and its limits."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from allcad_core import models
from allcad_core.models import Card, Figure

Visit = Callable[..., AppTest]
Words = Callable[[AppTest], str]


def card(name: str) -> Card:
    return Card(
        name=name,
        title="Lightweight CNN",
        task="cell",
        file=f"{name}.safetensors",
        sha256="0" * 64,
        storage="fp16",
        builder="allcad_core.classification.lightweight:build",
        arguments={},
        input={"size": 80},
        classes=("blast", "healthy"),
        parameters=123456,
        temperature=1.0,
        threshold=0.5,
        paper="A small network.",
        trained_on="Crops of ALL-IDB.",
        never_seen="Other hospitals.",
        command="allcad train",
        licences="Research only.",
        figures=(Figure("Accuracy", 0.87, 0.819, 0.902, "new session", "results/cell.csv"),),
    )


def test_cards_stand_with_figures_intervals_and_limits(visit: Visit, text: Words, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(models, "cards", lambda: {"lightweight": card("lightweight")})
    visitor = visit("models")
    assert not visitor.exception
    assert visitor.title[0].value == "Models and data"
    words = text(visitor)
    assert "<dt>Accuracy</dt><dd><b>0.87</b> (0.82\N{EN DASH}0.90)</dd>" in words
    assert "new session. From results/cell.csv." in words
    assert "Look-alikes of blasts" in words
    assert "**lightweight.safetensors.** Research only." in words
    assert "Never seen.** Other hospitals." in words
    assert "Colour proposes cells." in words


def test_missing_cards_are_one_sentence(visit: Visit, text: Words, monkeypatch: pytest.MonkeyPatch):
    def missing() -> dict[str, Card]:
        raise models.ModelError("cards.json is missing from the weights folder. Restore it from the repository.")

    monkeypatch.setattr(models, "cards", missing)
    visitor = visit("models")
    assert not visitor.exception
    assert "cards.json is missing from the weights folder." in text(visitor)


def test_an_address_opens_a_card_and_an_unknown_one_says_so(visit: Visit, text: Words, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(models, "cards", lambda: {name: card(name) for name in ("one", "two")})
    visitor = visit("models", model="two")
    opened = {entry.label.split("  \n")[1].split(" ")[0]: entry.proto.expanded for entry in visitor.expander}
    assert opened == {"one": False, "two": True}
    assert "There is no model called" in text(visit("models", model="three"))


def test_one_press_looks_with_another_model(visit: Visit, house: object):
    visitor = visit("models")
    next(button for button in visitor.button if button.label == "Look with yolo11n").click().run()
    assert visitor.title[0].value == "No smear yet."
    assert visitor.session_state["recipe"] == "yolo11n"
