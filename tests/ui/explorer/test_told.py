"""Sentences and numbers of the explorer, without a page around them."""

from __future__ import annotations

import numpy as np
import pytest

from allcad_core.evaluation.metrics import Estimate
from allcad_core.evaluation.origins import Origin
from allcad_core.ui.explorer import behind, told, work
from allcad_core.ui.explorer.evidence import BLAST, HEALTHY, NONE, Evidence, Item

PERCENT = "\u00a0%"
RIGHT = Estimate(0.92, 0.89, 0.94)


def item(truth: int, score: float, session: str = "A", fold: int = 0, label: int = BLAST, level: float = 0.5) -> Item:
    return Item(Origin("Set", f"Im{score}", "f", "g", session), None, truth, label, score, fold, level)


def shown(*items: Item, task: str = "cell", protocol: str = "session") -> Evidence:
    return Evidence("svm", task, protocol, "Set", items)


def test_the_answer_names_model_share_and_what_is_missed():
    evidence = shown(item(BLAST, 0.9), item(BLAST, 0.2), item(HEALTHY, 0.1))
    expected = f"svm calls 92{PERCENT} (89\N{EN DASH}94) of the cells right; it misses 1 of 2 blasts."
    assert told.headline(evidence, evidence.matrix(), RIGHT) == expected


def test_of_healthy_blood_the_false_blasts_are_told():
    evidence = shown(item(HEALTHY, 0.9), item(HEALTHY, 0.1))
    assert told.headline(evidence, evidence.matrix(), RIGHT).endswith("right; it calls 1 of 2 healthy cells blast.")


def test_whole_fields_are_called_by_their_own_names():
    evidence = shown(item(BLAST, 0.1), task="field")
    assert told.headline(evidence, evidence.matrix(), RIGHT).endswith(
        "of the fields right; it misses 1 of 1 ALL field."
    )


def test_each_fold_has_its_own_threshold_until_one_is_set():
    evidence = shown(item(BLAST, 0.6, level=0.7), item(BLAST, 0.6, fold=1, level=0.5))
    assert evidence.said().tolist() == [HEALTHY, BLAST]
    assert evidence.said(0.55).tolist() == [BLAST, BLAST]
    assert evidence.usual == pytest.approx(0.6)
    assert work.by_fold(evidence, None) == [0.0, 1.0]


def test_hidden_boxes_leave_missed_cells_and_no_extra():
    evidence = shown(item(BLAST, 0.6), item(NONE, 0.6), item(BLAST, 0.0, label=NONE), task="detect")
    assert evidence.matrix(0.5).tolist() == [[0, 0, 0], [0, 1, 1], [0, 1, 0]]
    assert evidence.matrix(0.7).tolist() == [[0, 0, 0], [0, 0, 2], [0, 0, 0]]
    assert evidence.matrix(0.0)[BLAST, NONE] == 1


def test_shares_are_those_of_the_matrix():
    evidence = shown(item(BLAST, 0.9), item(BLAST, 0.2), item(HEALTHY, 0.8), item(HEALTHY, 0.1))
    found = work.shares(evidence, 0.5)
    assert {name: share.value for name, share in found.items()} == {
        "right": 0.5, "found": 0.5, "spared": 0.5, "precision": 0.5,
    }  # fmt: skip


def test_what_things_share_is_told_where_it_stands_out():
    among = [item(BLAST, place / 20, "D" if place < 5 else "A") for place in range(20)]
    assert told.common(among[:5], among, "blasts") == f"5 of 5 are from session D (25{PERCENT} of all blasts are)."
    assert told.common(among[:3], among, "blasts") == ""
    assert told.common(among, among, "blasts") == ""


def test_parts_are_listed_one_by_one():
    assert (
        told.folds([0.9, 0.5, 0.75])
        == f"Left-out part by part it is right in 90{PERCENT}, 50{PERCENT} and 75{PERCENT}, on average in 72{PERCENT}."
    )
    assert told.folds([0.9]) == ""


def test_doubt_is_measured_from_the_threshold():
    items = [item(BLAST, score) for score in (0.1, 0.45, 0.3)]
    assert [one.score for one in behind.in_order(items, "Doubtful first", 0.5)] == [0.45, 0.3, 0.1]
    assert [one.score for one in behind.in_order(items, "Surest first", 0.5)] == [0.1, 0.3, 0.45]


def test_every_protocol_has_its_sentence():
    from allcad_core.datasets.splits import LEAK_FREE, PROTOCOLS

    assert set(PROTOCOLS) <= set(told.PROTOCOLS)
    assert {name for name in PROTOCOLS if not told.PROTOCOLS[name].leaks} == set(LEAK_FREE)


def test_curves_need_both_classes_but_the_rest_does_not():
    lines = work.lines(shown(item(HEALTHY, 0.2), item(HEALTHY, 0.7)))
    assert lines.response is None
    assert lines.area.value is None
    assert np.isfinite(lines.false.y).all()
