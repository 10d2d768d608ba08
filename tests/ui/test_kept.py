"""A visit that is held: a reload finds photographs and reviews again, nobody else does, and it does not stay for ever."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from allcad_core.images import SmearImage, read
from allcad_core.results import Relabel
from allcad_core.review import Review
from allcad_core.ui import kept
from allcad_core.ui.kept import HELD_S, Shelf, Visit
from allcad_core.ui.state import Smear
from tests.ui.clocks import Clock


@pytest.fixture(scope="module")
def image() -> SmearImage:
    import cv2

    done, png = cv2.imencode(".png", np.full((80, 100, 3), 200, np.uint8))
    assert done
    return read(png.tobytes(), "one.png")


def visit(image: SmearImage, sample: str | None = None) -> Visit:
    smear = Smear(image, sample)
    return Visit((smear,), smear.key, {}, None, {})


def test_what_is_put_on_the_shelf_is_found_by_its_name_alone(image: SmearImage):
    shelf = Shelf()
    shelf.put("a", visit(image))
    assert shelf.get("a") is not None
    assert shelf.get("b") is None
    shelf.drop("a")
    assert shelf.get("a") is None


def test_a_visit_goes_after_its_time_and_stays_while_it_is_seen(image: SmearImage):
    clock = Clock()
    shelf = Shelf(clock)
    shelf.put("a", visit(image))
    clock.now = HELD_S - 1
    assert shelf.get("a") is not None
    shelf.put("a", visit(image))
    clock.now = 2 * HELD_S - 2
    assert shelf.get("a") is not None
    clock.now = 2 * HELD_S
    assert shelf.get("a") is None


def test_the_visit_seen_longest_ago_makes_room(image: SmearImage):
    shelf = Shelf(most=2 * image.pixels.nbytes)
    for name in ("a", "b"):
        shelf.put(name, visit(image))
    shelf.put("a", visit(image))
    shelf.put("c", visit(image))
    assert [name for name in "abc" if shelf.get(name)] == ["a", "c"]


def test_only_what_would_be_lost_is_worth_holding(image: SmearImage):
    own, sample = visit(image), visit(image, "first")
    changed = Review(image.sha256).then(Relabel((1, 1, 9, 9), "healthy"))
    assert own.is_worth_it
    assert not sample.is_worth_it
    assert sample.size == 0
    assert replace(sample, reviews={image.sha256: changed}).is_worth_it


def test_a_name_is_random_and_of_one_form():
    assert kept.TOKEN.fullmatch("0123456789abcdef" * 2)
    assert not kept.TOKEN.fullmatch("0123456789abcdef" * 2 + "\n")
    assert not kept.TOKEN.fullmatch("../" * 10)
