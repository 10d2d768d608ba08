"""Plans of training: every one builds its network and writes a whole card."""

from __future__ import annotations

import pytest

from allcad_core import models
from allcad_core.errors import AllcadError, UnknownNameError
from allcad_core.recipes import recipes
from allcad_core.training.plans import PLANS, draft_card, named, plan, vary


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


def test_settings_are_changed_one_by_one() -> None:
    course, changed = plan("resnet50").course, vary("resnet50", epochs=3, seed=0, lr=0.01).course
    assert course is not None
    assert changed is not None
    assert (changed.settings.epochs, changed.settings.lr, changed.settings.seed) == (3, 0.01, 0)
    assert changed.settings.batch == course.settings.batch
    assert vary("resnet50") == plan("resnet50")


def test_a_start_replaces_that_of_the_plan() -> None:
    assert vary("resnet50", pretrained="none").pretraining is None
    fetched = vary("regnet", pretrained="imagenet")
    assert (fetched.pretraining, fetched.start) == (None, {"pretrained": "imagenet"})
    assert vary("lightweight", pretrained="indomain").pretraining == plan("lightweight").pretraining


@pytest.mark.parametrize(
    ("name", "start", "sentence"),
    [("lightweight", "imagenet", "no ImageNet weights"), ("best_cell", "indomain", "no pre-training in the domain")],
)
def test_a_start_that_is_not_to_be_had_is_refused(name: str, start: str, sentence: str) -> None:
    with pytest.raises(AllcadError, match=sentence):
        vary(name, pretrained=start)


def test_a_detector_keeps_its_settings() -> None:
    with pytest.raises(AllcadError, match="is a detector"):
        vary("yolo11n", epochs=3)


def test_a_form_is_found_by_its_task() -> None:
    assert named("lightweight", "field") == "lightweight_field"
    assert named("lightweight", "cell") == named("lightweight", None) == "lightweight"
    assert named("whole_image", "field") == "whole_image"


def test_papers_networks_are_fitted_as_the_paper_says() -> None:
    for name in ("lightweight", "resnet50", "regnet", "lightweight_field", "resnet50_field", "regnet_field"):
        course = plan(name).course
        assert course is not None
        assert (course.settings.epochs, course.settings.lr, course.settings.cycle) == (25, 1e-4, False)
        assert plan(name).input["mask"] == "paper"
