"""Plans of training: every one builds its network and writes a whole card."""

from __future__ import annotations

import pytest

from allcad_core import models
from allcad_core.analysis import recipes
from allcad_core.errors import UnknownNameError
from allcad_core.training.plans import PLANS, draft_card, plan


def test_an_unknown_plan_lists_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="model to train called 'vgg'"):
        plan("vgg")


def test_every_network_that_a_recipe_names_can_be_trained() -> None:
    named = {
        name for recipe in recipes() for name in (recipe.detector, recipe.classifier) if name not in ("regions", None)
    }
    assert named <= set(PLANS)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(PLANS))
def test_a_plan_builds_its_network_and_drafts_its_card(name: str) -> None:
    card = draft_card(name)
    assert models.build(card.builder, card.arguments).state_dict()
    assert set(card.classes) == ({"ALL", "normal"} if card.task == "field" else {"blast", "healthy"})
    assert card.command == f"allcad train {name} --data DIR --ship"
    assert all((card.title, card.paper, card.trained_on, card.never_seen, card.licences))
    assert (card.sha256, card.figures) == ("", ())
