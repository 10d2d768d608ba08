"""Looking block by block finds what one look at everything finds."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest

from allcad_core.detection.base import iou
from allcad_core.errors import UnknownNameError
from allcad_core.results import Cell
from allcad_core.slides import Looker, Seen, looks, scan_slide
from allcad_core.slides.grid import Block, blocks
from allcad_core.slides.looking import look
from tests.slides.conftest import ArraySlide, Blobs, Sure


def looked(slide, order) -> list[Cell]:
    """Cells after looking at these blocks."""
    looker = Looker(slide)
    seen = Seen(slide, "quick", 0.2)
    for block in order:
        seen.add(block.tiles, looker.cells(block))
    return seen.cells


def same_places(cells: Sequence[Cell], truth) -> None:
    """As many cells as there are, each where one is."""
    middles = np.array([((c.box[0] + c.box[2]) / 2, (c.box[1] + c.box[3]) / 2) for c in cells])
    wanted = np.array([place[:2] for place in truth], float)
    distance = np.linalg.norm(middles[:, None] - wanted[None], axis=2)
    assert len(cells) == len(truth)
    assert (distance.min(axis=0) < 4).all()


@pytest.mark.usefixtures("blobs")
@pytest.mark.parametrize("across", [1, 2, 4])
def test_no_cell_is_lost_or_doubled_whatever_the_blocks(drawn, across):
    tiles = [(x, y) for y in range(3) for x in range(4)]
    same_places(looked(drawn, blocks(tiles, across)), drawn.truth)
    same_places(looked(drawn, reversed(blocks(tiles, across))), drawn.truth)


@pytest.mark.usefixtures("blobs")
def test_labels_are_the_classifiers(drawn):
    cells = looked(drawn, [Block(0, 0, 4, 3)])
    assert {c.label for c in cells} == {"blast", "healthy"}
    assert all((c.label == "blast") == (c.p_blast >= 0.5) for c in cells)


@pytest.mark.usefixtures("blobs")
def test_only_the_block_and_its_margin_are_read(drawn):
    looker = Looker(drawn)
    looker.cells(Block(1, 1, 2, 2))
    x0, y0, x1, y1 = drawn.reads[-1]
    assert (x0, y0, x1, y1) == (512 - looker.margin, 512 - looker.margin, 1024 + looker.margin, 1024 + looker.margin)


@pytest.mark.usefixtures("blobs")
def test_compiled_networks_meet_every_size_of_a_view_before_a_visitor_does(drawn, monkeypatch):
    met: list[set] = [set(), set()]

    class Detector(Blobs):
        def detect(self, balanced, red_cell_diameter):
            met[0].add(balanced.shape)
            return super().detect(balanced, red_cell_diameter)

    class Classifier(Sure):
        def probabilities(self, balanced, boxes):
            met[1].add(len(boxes))
            return super().probabilities(balanced, boxes)

    monkeypatch.setattr("allcad_core.detection.ultralytics.yolo", lambda *_: Detector())
    monkeypatch.setattr("allcad_core.analysis.cell_classifier", lambda *_: Classifier())
    monkeypatch.setattr(Looker, "backend", "compiled")
    slide = ArraySlide(np.full((6 * 512, 6 * 512, 3), drawn.pixels[0, 0], np.uint8))
    looker = Looker(slide)
    looker.warm()
    known = [set(each) for each in met]
    for across, down in product((1, 2, 3), repeat=2):
        looker.cells(Block(1, 1, 1 + across, 1 + down))
    assert met[0] == known[0]
    assert set(range(1, 9)) <= known[1]
    met[0].clear()
    looker.warm()
    assert met[0] == set()


@pytest.mark.usefixtures("blobs")
def test_empty_glass_is_passed_over(draw):
    slide = ArraySlide(draw((2000, 1500), purple=[(100, 100, 24)]))
    looker, seen = Looker(slide), Seen(slide, "quick", 0.2)
    assert len(looker.blank) == 11
    assert scan_slide(looker, seen)
    assert seen.coverage == 1
    assert len(seen.cells) == 1


def test_an_unknown_model_lists_the_known_ones():
    assert look().name == looks()[0].name == "quick"
    with pytest.raises(UnknownNameError, match="quick"):
        look("best")


@pytest.mark.slow
def test_a_generated_slide_is_found_as_its_field_would_be(painted):
    """Against one analysis of the same pixels by the same detector: nearly every box has its counterpart."""
    from allcad_core.analysis import analyse
    from allcad_core.images import from_array

    field = analyse(
        from_array(painted.read((0, 0, painted.width, painted.height)), "field"), "yolo11n", confidence=0.25
    )
    looker = Looker(painted)
    seen = Seen(painted, "quick", 0.2)
    assert scan_slide(looker, seen, across=2)
    shown = [one.box for one in seen.cells if one.score >= 0.2]
    table = iou([one.box for one in field.cells], shown)
    assert len(field.cells) >= 3
    assert (table.max(axis=1) > 0.5).mean() >= 0.85
    assert (table.max(axis=0) > 0.5).mean() >= 0.85
    assert looker.red_cell_px == pytest.approx(field.quality.red_cell_px, rel=0.1)
