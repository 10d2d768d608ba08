"""The stage itself: a component that fills the screen, runs the scenes and the game in the browser, and asks for new cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from allcad_core.ui import media, theme, words
from allcad_core.ui.components import component
from allcad_core.ui.stage import told
from allcad_core.ui.stage.game import LARGEST_SEED, Card, Round
from allcad_core.ui.stage.scenes import Matrix, Scene

KEY = "stage"

_mount = component("stage/show", *(f"stage/show/{name}.js" for name in ("dom", "scenes", "game")), name="stage")


def show(scenes: Sequence[Scene], played: Round | None, wanted: int, on_seed: Callable[[int], None]) -> None:
    """Put the stage on its page. Once it is there it needs no answer from the server, save for new cells.

    Args:
        scenes: in order.
        played: the cells of the game; ``None`` while they are made.
        wanted: seed of the round that is or will be played.
        on_seed: called with the seed of the round that the visitor asks for, before the page runs again.
    """

    def report() -> None:
        seed = st.session_state[KEY].get("seed")
        if isinstance(seed, int):
            on_seed(seed)

    _mount(
        key=KEY,
        data={
            "marks": {
                tone: media.address(theme.ASSETS / name, "image/svg+xml", f"stage.{tone}")
                for tone, name in (("paper", "mark.svg"), ("ink", "mark-dark.svg"))
            },
            "notice": words.NOTICE,
            "scenes": [_scene(number, scene) for number, scene in enumerate(scenes)],
            "seed": wanted,
            "seeds": LARGEST_SEED + 1,
            "game": None if played is None else _game(played),
        },
        on_seed_change=report,
    )


def _scene(number: int, scene: Scene) -> dict[str, Any]:
    return {
        "name": scene.name,
        "sentence": scene.sentence,
        "lines": list(scene.lines),
        "image": media.address(scene.jpeg, "image/jpeg", f"stage.scene{number}") if scene.jpeg else "",
        "width": scene.size[0],
        "height": scene.size[1],
        "marks": [
            {"box": [round(edge, 1) for edge in mark.box], "kind": mark.kind, "tag": mark.tag} for mark in scene.marks
        ],
        "matrix": None if scene.matrix is None else _matrix(scene.matrix),
    }


def _matrix(matrix: Matrix) -> dict[str, Any]:
    return {"counts": [list(row) for row in matrix.counts], "right": matrix.right, "source": matrix.source}


def _game(played: Round) -> dict[str, Any]:
    return {
        "seed": played.seed,
        "model": played.model,
        "source": played.source,
        "note": played.note,
        "cards": [_card(number, card) for number, card in enumerate(played.cards)],
        "scores": told.scores(len(played.cards)),
        "verdicts": told.verdicts(len(played.cards)),
    }


def _card(number: int, card: Card) -> dict[str, Any]:
    return {
        "image": media.address(card.jpeg, "image/jpeg", f"stage.cell{number}"),
        "looked": media.address(card.looked, "image/jpeg", f"stage.looked{number}") if card.looked else "",
        "lookedWords": card.looked_words,
        "frame": [round(edge, 4) for edge in card.frame],
        "truth": card.truth,
        "headline": card.headline,
        "why": card.why,
        "hard": card.hard,
        "said": card.said,
        "chance": words.probability(card.chance),
    }
