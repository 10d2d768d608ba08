"""The annotated picture: what is drawn where, that shape tells it too, and that nothing else is touched."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from allcad_core.export import annotated_jpeg, annotated_png
from allcad_core.export.footer import NOTICE, footer
from allcad_core.export.marks import AMBER, GREY, INK, PAPER, TEAL, VIOLET, WHITE
from allcad_core.export.picture import annotate, line_scale
from allcad_core.images import SmearImage, from_array
from allcad_core.results import Cell, FieldAnalysis
from tests import analyses

GROUND = (230, 200, 205)
WIDTH, HEIGHT = 400, 300
BOX = (100.0, 100.0, 180.0, 170.0)


def picture(width: int = WIDTH, height: int = HEIGHT) -> SmearImage:
    return from_array(np.full((height, width, 3), GROUND, np.uint8), "smear.png")


def analysis(*cells: Cell, width: int = WIDTH, height: int = HEIGHT) -> FieldAnalysis:
    return analyses.analysis(*cells, width=width, height=height)


def drawn(*cells: Cell) -> np.ndarray:
    """The picture's part of what is drawn, without the strip."""
    return annotate(picture(), analysis(*cells))[:HEIGHT]


def has(pixels: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((pixels == colour).all(axis=-1).any())


def changed(pixels: np.ndarray) -> np.ndarray:
    return (pixels != GROUND).any(axis=-1)


BLAST, HEALTHY, UNSURE = (Cell(BOX, label, 0.9) for label in ("blast", "healthy", "unsure"))
DOUBT = replace(BLAST, flags=("uncertain",))


@pytest.mark.parametrize(
    ("cell", "line", "casing"),
    [(BLAST, VIOLET, WHITE), (HEALTHY, TEAL, WHITE), (DOUBT, AMBER, INK), (UNSURE, GREY, WHITE)],
)
def test_each_kind_has_its_colour_and_casing(cell, line, casing):
    right_side = drawn(cell)[100:170, 170:190]
    assert has(right_side, line)
    assert has(right_side, casing)
    assert not any(has(right_side, other) for other in {VIOLET, TEAL, AMBER, GREY} - {line})


def test_a_blast_has_square_corners_and_a_healthy_cell_rounded_ones():
    corner = slice(167, 173), slice(177, 183)  # lower right, where no tag is
    assert changed(drawn(BLAST)[corner]).sum() > 20
    assert not changed(drawn(HEALTHY)[corner]).any()


def test_a_doubtful_cell_is_dashed_and_the_others_are_whole():
    along = (slice(169, 171), slice(110, 170))
    whole, dashed = drawn(BLAST)[along], drawn(DOUBT)[along]
    assert (whole == VIOLET).all(axis=-1).any(axis=0).all()
    assert 0.4 < (dashed == AMBER).all(axis=-1).any(axis=0).mean() < 0.8
    assert has(dashed, INK)


def test_a_cell_that_only_touches_the_edge_is_not_in_doubt():
    np.testing.assert_array_equal(drawn(replace(BLAST, flags=("border",))), drawn(BLAST))


def test_a_reviewed_cell_is_no_longer_in_doubt():
    np.testing.assert_array_equal(drawn(replace(DOUBT, reviewed=True)), drawn(replace(BLAST, reviewed=True)))


@pytest.mark.parametrize(("side", "shown"), [(39, False), (41, True)])
def test_tags_show_from_a_box_side_of_40_pixels(side, shown):
    pixels = drawn(Cell((100, 100, 100 + side, 160), "blast", 0.9))
    assert changed(pixels[:96]).any() == shown


def test_a_doubtful_cell_names_the_class_that_it_counts_as():
    above = drawn(DOUBT)[:96]
    assert has(above, AMBER)
    assert has(above, VIOLET)


def test_a_tag_goes_inside_where_there_is_no_room_above():
    pixels = drawn(Cell((100, 0, 180, 80), "blast", 0.9))
    assert (pixels[5:15, 101:111] == VIOLET).all(axis=-1).any()


def test_the_cell_itself_and_all_around_stay_as_photographed():
    pixels = drawn(BLAST, DOUBT, HEALTHY)
    assert not changed(pixels[125:160, 125:160]).any()
    assert not changed(pixels[180:]).any()
    assert not changed(pixels[:, 200:]).any()


def test_cells_below_the_confidence_are_not_drawn():
    assert not changed(drawn(replace(BLAST, score=0.2))).any()


def test_the_picture_that_came_in_is_not_changed():
    image = picture()
    annotate(image, analysis(BLAST))
    assert (image.pixels == GROUND).all()


def test_the_strip_lies_below_so_that_boxes_keep_their_pixels():
    whole = annotate(picture(), analysis(BLAST))
    assert whole.shape[1] == WIDTH
    assert whole.shape[0] > HEIGHT
    strip = whole[HEIGHT:]
    assert has(strip, PAPER)
    assert has(strip, VIOLET)
    assert (strip != PAPER).any()


@pytest.mark.parametrize("width", [64, 120, 400, 2592])
def test_the_words_fit_into_the_strip(width):
    strip = footer(analysis(BLAST, DOUBT, HEALTHY, UNSURE), width, max(1.0, width / 1300))
    text = (strip[3:] != PAPER).any(axis=-1)
    assert text.any()
    assert not text[:, -2:].any()
    assert not text[-2:].any()


def test_lines_grow_with_the_picture_but_not_beyond_its_cells():
    assert line_scale(640, [100]) == 1
    assert line_scale(2600, [200, 200]) == 2
    assert line_scale(6500, [60, 60, 60]) == 1.5
    assert line_scale(6500, []) == 5
    assert line_scale(6500, [10]) == 1


def test_the_png_has_the_full_resolution_and_says_what_it_is_not():
    with Image.open(io.BytesIO(annotated_png(picture(), analysis(BLAST)))) as png:
        assert png.format == "PNG"
        assert png.width == WIDTH
        assert png.text["Comment"] == NOTICE
        np.testing.assert_array_equal(np.asarray(png)[:HEIGHT], drawn(BLAST))


def test_the_jpeg_is_reduced_for_screens():
    with Image.open(io.BytesIO(annotated_jpeg(picture(), analysis(BLAST), longest=200))) as jpeg:
        assert (jpeg.format, jpeg.width) == ("JPEG", 200)
        pixels = np.asarray(jpeg).astype(int)
    assert np.abs(pixels[60, 90] - VIOLET).max() < 60  # the right side of the box at half the size
    with Image.open(io.BytesIO(annotated_jpeg(picture(), analysis(BLAST)))) as jpeg:
        assert jpeg.width == WIDTH


def test_another_picture_is_refused():
    with pytest.raises(ValueError, match="400 x 300 px were not analysed as 300 x 400"):
        annotated_png(picture(), analysis(BLAST, width=300, height=400))


edges = st.tuples(st.floats(-50, 200), st.floats(-50, 200), st.floats(-50, 200), st.floats(-50, 200))
cells = st.builds(
    lambda box, label, flags: Cell(box, label, 0.9, flags=flags),
    box=edges,
    label=st.sampled_from(["blast", "healthy", "unsure"]),
    flags=st.sampled_from([(), ("disagree",), ("border",)]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(cells, max_size=4))
def test_any_box_can_be_drawn(boxes):
    whole = annotate(picture(120, 90), analysis(*boxes, width=120, height=90))
    assert whole.dtype == np.uint8
    assert whole.shape[1] == 120
