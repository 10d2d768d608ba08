"""Boxes stay on their cells while the picture moves, whatever a detector does from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from allcad_core.detection import Detections
from allcad_core.results import Label
from allcad_core.tracking import HELD_S, Track, Tracker

SIZE = (640, 480)
STEP = 0.1
CELL = (100.0, 100.0, 180.0, 180.0)


def frame(*found: tuple[Sequence[float], float, Label]) -> Detections:
    """Boxes with scores and labels."""
    boxes = np.array([box for box, _, _ in found], float).reshape(-1, 4)
    return Detections(boxes, np.array([score for _, score, _ in found], float), tuple(label for _, _, label in found))


def play(frames: Sequence[Detections], shift: tuple[float, float] = (0.0, 0.0)) -> list[tuple[Track, ...]]:
    """What is drawn in each frame."""
    tracker = Tracker()
    return [tracker.update(found, STEP * number, SIZE, shift) for number, found in enumerate(frames)]


def moved(box: Sequence[float], x: float, y: float = 0.0) -> list[float]:
    return [box[0] + x, box[1] + y, box[2] + x, box[3] + y]


def test_a_sure_box_is_drawn_at_once():
    (drawn,) = play([frame((CELL, 0.9, "blast"))])[0]
    assert (drawn.label, drawn.box) == ("blast", CELL)


def test_a_weak_box_has_to_be_seen_twice():
    shown = play([frame((CELL, 0.3, "blast"))] * 2)
    assert [len(tracks) for tracks in shown] == [0, 1]


def test_a_box_below_the_threshold_begins_nothing():
    assert play([frame((CELL, 0.2, "blast"))] * 4)[-1] == ()


def test_a_box_below_the_threshold_keeps_a_cell_that_is_known():
    shown = play([frame((CELL, 0.9, "blast")), *[frame((CELL, 0.1, "blast"))] * 20])
    assert [len(tracks) for tracks in shown] == [1] * 21
    assert len({tracks[0].number for tracks in shown}) == 1


def test_a_detector_that_misses_every_other_frame_does_not_make_a_box_flicker():
    shown = play([frame((CELL, 0.9, "blast")), frame()] * 10)
    assert [len(tracks) for tracks in shown] == [1] * 20
    assert {tracks[0].number for tracks in shown} == {1}


def test_a_cell_that_is_gone_leaves_soon():
    shown = play([frame((CELL, 0.9, "blast")), *[frame()] * 10])
    frames = sum(bool(tracks) for tracks in shown)
    assert frames == pytest.approx(HELD_S / STEP + 1, abs=1)
    assert shown[-1] == ()


def test_a_label_that_jitters_stays_what_it_was():
    labels: list[Label] = ["blast", "blast", "blast", "healthy", "blast", "blast", "healthy", "blast"]
    shown = play([frame((CELL, 0.6, label)) for label in labels])
    assert [tracks[0].label for tracks in shown] == ["blast"] * len(labels)


def test_a_label_that_has_changed_for_good_is_taken_over():
    labels: list[Label] = ["blast"] * 3 + ["healthy"] * 12
    shown = play([frame((CELL, 0.8, label)) for label in labels])
    assert shown[-1][0].label == "healthy"
    assert sum(one[0].label != other[0].label for one, other in pairwise(shown)) == 1


def test_cells_keep_their_numbers_under_a_quick_pan():
    step = 70.0  # nearly a cell's width from frame to frame
    frames = [
        frame((moved(CELL, step * number), 0.9, "blast"), (moved(CELL, step * number, 200), 0.9, "healthy"))
        for number in range(6)
    ]
    shown = play(frames, (step, 0.0))
    assert {tuple(sorted((track.number, track.label) for track in tracks)) for tracks in shown} == {
        ((1, "blast"), (2, "healthy"))
    }


def test_boxes_go_on_with_the_picture_while_nothing_is_found():
    tracker = Tracker()
    tracker.update(frame((CELL, 0.9, "blast")), 0.0, SIZE)
    (track,) = tracker.update(frame(), STEP, SIZE, (30.0, -10.0))
    assert track.box == tuple(moved(CELL, 30, -10))


def test_a_cell_that_leaves_the_picture_is_let_go():
    tracker = Tracker()
    tracker.update(frame((CELL, 0.9, "blast")), 0.0, SIZE)
    assert tracker.update(frame(), STEP, SIZE, (-200.0, 0.0)) == ()


def test_two_boxes_on_one_cell_are_one_track():
    shown = play([frame((CELL, 0.9, "blast"), (moved(CELL, 4), 0.6, "healthy"))] * 3)
    assert [len(tracks) for tracks in shown] == [1, 1, 1]


def test_touching_cells_do_not_swap():
    left, right = CELL, moved(CELL, 50)
    frames = [
        frame((right, 0.9, "healthy"), (left, 0.8, "blast")),
        frame((left, 0.9, "blast"), (right, 0.8, "healthy")),
    ] * 4
    shown = play(frames)
    assert {frozenset((track.number, track.label) for track in tracks) for tracks in shown} == {
        frozenset({(1, "healthy"), (2, "blast")})
    }


def unlabelled(*boxes: Sequence[float]) -> Detections:
    return Detections(np.array(boxes, float).reshape(-1, 4), np.full(len(boxes), 0.9))


def test_a_cell_that_nobody_judged_is_unsure_and_followed():
    shown = play([unlabelled(CELL)] * 3)
    assert [(tracks[0].number, tracks[0].label) for tracks in shown] == [(1, "unsure")] * 3


def test_a_classifier_is_asked_for_new_cells_first_then_for_those_judged_longest_ago():
    tracker = Tracker()
    boxes = [moved(CELL, 100 * number - 90) for number in range(5)]
    asked = []
    for number in range(5):
        tracker.update(unlabelled(*boxes), STEP * number, SIZE)
        wanting = tracker.wanting(2, 1)
        tracker.judge(wanting, [0.9] * len(wanting))
        asked.append([track.number for track in wanting])
    assert asked == [[1, 2], [3, 4, 1], [5, 2], [1], [3]]


def test_a_classifiers_threshold_is_kept():
    tracker = Tracker(0.3)
    tracker.update(unlabelled(CELL), 0.0, SIZE)
    (track,) = tracker.judge(tracker.wanting(1, 0), [0.35])
    assert track.label == "blast"


def test_a_cell_that_was_not_found_in_this_frame_is_not_judged_by_it():
    tracker = Tracker()
    tracker.update(unlabelled(CELL, moved(CELL, 200)), 0.0, SIZE)
    tracker.update(unlabelled(CELL), STEP, SIZE)
    assert [track.number for track in tracker.wanting(4, 4)] == [1]
