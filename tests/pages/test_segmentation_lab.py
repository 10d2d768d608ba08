"""Segmentation lab: the answer first, each step, a threshold by hand, two methods side by side, a true mask."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from allcad_core.errors import ModelError
from allcad_core.segmentation import base, methods
from allcad_core.ui.lab import work

Visit = Callable[..., AppTest]
Words = Callable[[AppTest], str]
File = Callable[[int], bytes]
LAB = "segmentation_lab"


def mask(height: int = 240, width: int = 320) -> bytes:
    """A mask of the dark discs of the first sample."""
    y, x = np.mgrid[:height, :width]
    inside = np.zeros((height, width), bool)
    for middle in range(40, 320, 60):
        inside |= (x - middle) ** 2 + (y - 150) ** 2 <= 22**2
    memory = io.BytesIO()
    Image.fromarray(inside.astype(np.uint8) * 255).save(memory, "PNG")
    return memory.getvalue()


def choose_method(visitor: AppTest, name: str) -> AppTest:
    group = next(group for group in visitor.get("button_group") if "Side by side" in group.options)
    return group.set_value(name).run()


def set_threshold(visitor: AppTest, level: int, name: str = "paper") -> AppTest:
    visitor.session_state["lab-thresholds"] = {(visitor.session_state["smear"], name): level}
    return visitor.run()


def bring_mask(visitor: AppTest, content: bytes, name: str = "truth.png") -> AppTest:
    uploader = next(one for one in visitor.file_uploader if one.label.startswith("A mask"))
    uploader.set_value([(name, content, "image/png")])
    return visitor.run()


def test_before_the_first_smear_the_lab_offers_ways_to_bring_one(visit: Visit):
    visitor = visit(LAB)
    assert visitor.title[0].value == "No smear yet."
    assert [button.label for button in visitor.button] == ["Try a sample"]
    visitor.button[0].click().run()
    assert not visitor.exception
    assert "white cell" in visitor.title[0].value


def test_the_answer_comes_first(visit: Visit, text: Words):
    visitor = visit(LAB, sample="first")
    assert not visitor.exception
    assert visitor.title[0].value.startswith("10 white cells found by the paper's threshold at grey")
    assert "of the picture is taken for nucleus" in text(visitor)
    assert "For research and teaching. Not a medical device." in text(visitor)


def test_where_the_papers_rule_takes_the_wrong_cluster_the_page_says_so_and_the_mended_rule_is_right(
    visit: Visit, text: Words
):
    visitor = visit(LAB, sample="first")
    assert "The smallest cluster is not the darkest here." in text(visitor)
    choose_method(visitor, "darkest")
    assert visitor.title[0].value.startswith("5 white cells found by the mended rule")
    assert "The smallest cluster" not in text(visitor)


@pytest.mark.parametrize("name", ["darkest", "stain"])
def test_an_address_names_sample_and_method(visit: Visit, name: str, text: Words):
    visitor = visit(LAB, sample="second", method=name)
    assert "second" in text(visitor)
    assert visitor.session_state["lab-method"] == name


def test_an_address_names_a_threshold_and_the_page_writes_one(visit: Visit):
    visitor = visit(LAB, sample="first", method="darkest", threshold="20")
    assert visitor.title[0].value == "0 regions at your threshold, grey 20."
    set_threshold(visitor, 120, "darkest")
    assert visitor.query_params["threshold"] in ("120", ["120"])
    choose_method(visitor, "stain")
    assert "threshold" not in visitor.query_params


@pytest.mark.parametrize("level", ["", "dark", "-3", "9999"])
def test_a_threshold_in_the_address_that_is_none_does_no_harm(visit: Visit, level: str):
    visitor = visit(LAB, sample="first", method="paper", threshold=level)
    assert not visitor.exception
    assert visitor.title[0].value


def test_an_address_that_names_no_known_method_says_so(visit: Visit, text: Words):
    visitor = visit(LAB, sample="first", method="magic")
    assert not visitor.exception
    assert "There is no segmentation method called &#x27;magic&#x27;." in text(visitor)
    assert "white cells found" in visitor.title[0].value


def test_every_method_can_be_chosen(visit: Visit):
    visitor = visit(LAB, sample="first")
    group = next(group for group in visitor.get("button_group") if "Side by side" in group.options)
    assert len(group.options) == len(methods()) + 1
    choose_method(visitor, "stain")
    assert not visitor.exception
    assert "found by the stain's colour" in visitor.title[0].value


def test_a_new_method_appears_by_itself(visit: Visit, text: Words, monkeypatch: pytest.MonkeyPatch):
    registry = {**base._METHODS, "newest": "allcad_core.segmentation.paper:darkest"}
    monkeypatch.setattr(base, "_METHODS", registry)
    visitor = visit(LAB, sample="first", method="newest")
    assert not visitor.exception
    assert visitor.title[0].value.startswith("5 white cells found by the method newest at grey")
    bring_mask(visitor, mask())
    assert ">Newest<" in text(visitor)


def test_a_threshold_by_hand_gives_its_own_regions_and_the_rule_comes_back(visit: Visit):
    visitor = visit(LAB, sample="first")
    rule = visitor.title[0].value
    set_threshold(visitor, 20)
    assert visitor.title[0].value == "0 regions at your threshold, grey 20."
    assert "Nothing here is large enough to be a cell." in "".join(
        getattr(node.proto, "body", "") for node in visitor.get("html")
    )
    choose_method(visitor, "darkest")
    assert "mended rule" in visitor.title[0].value
    choose_method(visitor, "paper")
    assert visitor.title[0].value == "0 regions at your threshold, grey 20."
    visitor.session_state["lab-thresholds"] = {}
    visitor.run()
    assert visitor.title[0].value == rule


def test_two_methods_stand_side_by_side_and_can_be_exchanged(visit: Visit, text: Words):
    visitor = visit(LAB, sample="first", method="side-by-side")
    assert not visitor.exception
    assert visitor.title[0].value.startswith("Paper's threshold and Stain agree on")
    assert "alone takes" in text(visitor)
    assert len(visitor.dataframe[0].value) == len(methods())
    visitor.selectbox(key="lab-pair-1").set_value("darkest").run()
    assert visitor.title[0].value.startswith("Paper's threshold and Mended rule agree on")
    visitor.selectbox(key="lab-pair-1").set_value("paper").run()
    assert visitor.title[0].value == "Choose two different methods to see where they differ."


def test_a_true_mask_scores_every_method(visit: Visit, text: Words):
    visitor = bring_mask(visit(LAB, sample="first"), mask())
    assert not visitor.exception
    words = text(visitor)
    assert "5 are really there. Dice of nuclei" in words
    assert words.count('class="al-track"') == len(methods())
    assert "of the truth is missed" in words
    choose_method(visitor, "side-by-side")
    assert "Dice, nuclei" in visitor.dataframe[0].value.columns
    assert "Dice, whole cells" not in visitor.dataframe[0].value.columns


def test_a_threshold_by_hand_stands_among_the_scores(visit: Visit, text: Words):
    visitor = set_threshold(bring_mask(visit(LAB, sample="first"), mask()), 120)
    assert "Your threshold, 120" in text(visitor)


def test_a_true_mask_can_be_dropped(visit: Visit, text: Words):
    visitor = bring_mask(visit(LAB, sample="first"), mask())
    next(button for button in visitor.button if button.label == "Forget this mask").click().run()
    assert "really there" not in text(visitor)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (mask(120, 160), "truth.png measures 160 \u00d7 120 px, the smear 320 \u00d7 240 px."),
        (b"words", "truth.png is not a picture that allcad can read."),
    ],
)
def test_a_mask_that_does_not_fit_leaves_one_sentence(visit: Visit, text: Words, content: bytes, sentence: str):
    visitor = bring_mask(visit(LAB, sample="first"), content)
    assert not visitor.exception
    assert text(visitor).count(sentence) == 1
    assert "really there" not in text(visitor)
    bring_mask(visitor, mask())
    assert sentence not in text(visitor)


def test_the_mask_of_one_smear_is_not_that_of_another(visit: Visit, text: Words):
    visitor = bring_mask(visit(LAB, sample="first"), mask())
    visitor.query_params["sample"] = "second"
    visitor.run()
    assert "really there" not in text(visitor)


def test_a_scale_set_by_hand_stays_with_its_smear(visit: Visit):
    visitor = visit(LAB, sample="first")
    key = f"lab-scale-{visitor.session_state['smear']}"
    visitor.number_input(key=key).set_value(8.0).run()
    labels = [popover.proto.popover.label for popover in visitor.get("popover")]
    assert "8.0 px a \u00b5m" in labels
    visitor.query_params["sample"] = "second"
    visitor.run()
    labels = [popover.proto.popover.label for popover in visitor.get("popover")]
    assert "8.0 px a \u00b5m" not in labels


def test_a_method_that_cannot_be_used_leaves_a_sentence_and_the_others(
    visit: Visit, text: Words, monkeypatch: pytest.MonkeyPatch
):
    run = work.segment

    def refuse(pixels: np.ndarray, name: str) -> Any:
        if name == "darkest":
            raise ModelError("The weight file is damaged. Restore it from the repository.")
        return run(pixels, name)

    monkeypatch.setattr(work, "segment", refuse)
    visitor = visit(LAB, sample="first", method="darkest")
    assert not visitor.exception
    assert "The weight file is damaged." in text(visitor)
    choose_method(visitor, "paper")
    assert "white cells found" in visitor.title[0].value
    bring_mask(visitor, mask())
    assert not visitor.exception
    assert "The weight file is damaged." in text(visitor)


def test_the_open_smear_is_taken_from_analyse_and_back(visit: Visit, text: Words, file: File):
    visitor = visit("analyse")
    visitor.file_uploader[0].set_value([("mine.png", file(4), "image/png")])
    visitor.run()
    button = next(button for button in visitor.button if button.label == "Segmentation lab")
    button.click().run()
    assert not visitor.exception
    assert "mine" in text(visitor)
    assert "white cells found" in visitor.title[0].value
    visitor.switch_page("pages/analyse.py").run()
    assert "mine" in text(visitor)


def test_what_was_set_outlives_a_change_of_page(visit: Visit):
    visitor = visit(LAB, sample="first")
    choose_method(visitor, "darkest")
    set_threshold(visitor, 120, "darkest")
    before = visitor.title[0].value
    visitor.switch_page("pages/models.py").run()
    visitor.switch_page(f"pages/{LAB}.py").run()
    assert visitor.title[0].value == before


def test_a_method_runs_once_on_a_smear(visit: Visit, file: File, monkeypatch: pytest.MonkeyPatch):
    runs: list[str] = []
    run = work.segment

    def count(pixels: np.ndarray, name: str) -> Any:
        runs.append(name)
        return run(pixels, name)

    visitor = visit("analyse")
    visitor.file_uploader[0].set_value([("mine.png", file(4), "image/png")])
    visitor.run()
    visitor.switch_page(f"pages/{LAB}.py").run()
    monkeypatch.setattr(work, "segment", count)
    choose_method(visitor, "side-by-side")
    visitor.run()
    choose_method(visitor, "stain")
    choose_method(visitor, "side-by-side")
    assert len(runs) <= 2 * len(methods())  # each once on its corner, once on the smear
    seen = len(runs)
    visitor.run()
    assert len(runs) == seen


def test_two_visitors_do_not_see_each_other(visit: Visit, file: File):
    visitor = visit(LAB)
    visitor.file_uploader[0].set_value([("mine.png", file(4), "image/png")])
    visitor.run()
    assert "white cells found" in visitor.title[0].value
    assert visit(LAB).title[0].value == "No smear yet."
