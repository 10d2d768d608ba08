"""The lab's sentences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from allcad_core.evaluation.one_smear import Agreement
from allcad_core.segmentation import Region, methods
from allcad_core.ui.lab import told
from allcad_core.ui.lab.truth import Truth
from allcad_core.ui.lab.work import NUCLEUS, Found

REGION = Region(1, (0, 0, 9, 9), (4, 4), 60, 30, 8, 0.9, 0.98, 80, False, ((0, 0), (9, 0), (9, 9)))
PLANE = np.zeros((100, 100), np.uint8)
PLANE[:9, :9] = NUCLEUS
PAPER = Found("paper", PLANE, (REGION,), 118, True, None, 20.0)
STAIN = Found("stain", PLANE, (), None, True, 60.0, 90.0)
SCORE = Agreement(900, 100, 50, 0.88, 0.96)
TRUTH = Truth(PLANE, ("nucleus", "cell"), 2)


@pytest.mark.parametrize(
    ("found", "headline"),
    [
        (PAPER, "1 white cell found by the paper's threshold at grey 118."),
        (replace(PAPER, regions=(REGION, REGION)), "2 white cells found by the paper's threshold at grey 118."),
        (STAIN, "No white cell found by the stain's colour."),
        (replace(STAIN, method="newest"), "No white cell found by the method newest."),
    ],
)
def test_the_headline_counts_cells_and_says_how(found: Found, headline: str):
    assert told.headline(found, found) == headline


def test_a_threshold_set_by_hand_finds_regions_and_not_white_cells():
    own = replace(PAPER, method="own", threshold=140)
    assert told.headline(own, PAPER) == "1 region at your threshold, grey 140."


def test_the_detail_gives_dice_with_its_interval_where_truth_is_known():
    words = told.detail(PAPER, TRUTH, "nucleus", SCORE)
    assert words.startswith("2 are really there. Dice of nuclei 0.92 (0.88\N{EN DASH}0.96):")
    assert "10\u00a0% of the mask is too much, 5.3\u00a0% of the truth is missed." in words
    assert told.detail(PAPER, None, "nucleus", None) == "0.8\u00a0% of the picture is taken for nucleus."


def test_the_steps_are_those_of_the_method_and_the_last_one_needs_a_true_mask():
    without = told.stages(PAPER, PAPER, None, "nucleus", None)
    beside = told.stages(PAPER, PAPER, TRUTH, "nucleus", SCORE)
    stain = told.stages(STAIN, STAIN, None, "nucleus", None)
    newest = told.stages(replace(STAIN, method="newest"), replace(STAIN, method="newest"), None, "nucleus", None)
    assert [stage.name for stage in without] == ["grey", "clusters", "mask", "cut", "regions"]
    assert [stage.name for stage in beside] == ["grey", "clusters", "mask", "cut", "regions", "truth"]
    assert [stage.name for stage in stain] == ["feature", "mask", "cut", "regions"]
    assert [stage.name for stage in newest] == ["mask", "cut", "regions"]


def test_no_colour_over_a_picture_is_that_of_a_class_and_none_stands_without_a_pattern():
    legends = [told.TRUTH, told.difference_legend("paper", "stain")]
    for legend in legends:
        assert len({key.pattern for key in legend}) == len(legend)
        assert not {"#6D22AE", "#00807A", "#12918A"} & {key.colour for key in legend}


def test_every_method_has_words_of_its_own():
    assert {told.method(name).title for name in methods()} == {told.METHODS[name].title for name in methods()}
    assert all(told.method(name).sentence.endswith(".") for name in methods())


def test_two_methods_are_compared_in_a_sentence():
    assert told.compared("paper", "stain", SCORE) == "Paper's threshold and Stain agree on 86\u00a0%."
    assert told.compared("paper", "paper", SCORE).startswith("Choose two different methods")
    assert told.compared("paper", "stain", Agreement(0, 0, 0)).startswith("Neither method")
    alone = told.alone("paper", "stain", "cell", SCORE)
    assert alone == (
        "Of the pixels that either takes for whole cells, Paper's threshold alone takes 9.5\u00a0%, Stain alone 4.8\u00a0%."
    )
