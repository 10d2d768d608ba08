"""True masks: every kind of mask that people have, and what is no mask."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from allcad_core import images
from allcad_core.errors import DataError
from allcad_core.ui.lab import truth
from allcad_core.ui.lab.work import CYTOPLASM, NUCLEUS, OUTSIDE

SHAPE = (70, 80)


def picture(values: np.ndarray, name: str = "mask.png") -> images.SmearImage:
    memory = io.BytesIO()
    Image.fromarray(values.astype(np.uint8)).save(memory, "PNG")
    return images.read(memory.getvalue(), name)


def drawn(outside: object, cell: object, nucleus: object, *, colours: bool = False) -> np.ndarray:
    """A cell of 30 x 30 px with a nucleus of 10 x 10 px, and a second cell."""
    values = np.zeros((*SHAPE, 3) if colours else SHAPE, np.uint8)
    values[:] = outside
    for left in (5, 45):
        values[10:40, left : left + 30] = cell
        values[20:30, left + 10 : left + 20] = nucleus
    return values


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(drawn(0, 128, 255), id="grey cytoplasm, white nucleus"),
        pytest.param(drawn((255, 255, 255), (0, 0, 255), (0, 255, 255), colours=True), id="colours of ALL-IDB2"),
        pytest.param(drawn(9, 120, 240), id="as JPEG leaves it"),
    ],
)
def test_a_mask_with_nucleus_and_cytoplasm_gives_both(values: np.ndarray):
    known = truth.from_picture(picture(values), SHAPE)
    assert known.parts == ("nucleus", "cell")
    assert known.mask("nucleus").sum() == 2 * 100
    assert known.mask("cell").sum() == 2 * 900
    assert known.cells == 2
    assert set(np.unique(known.plane)) == {OUTSIDE, CYTOPLASM, NUCLEUS}


@pytest.mark.parametrize(("marks", "part"), [("nuclei", "nucleus"), ("cells", "cell")])
@pytest.mark.parametrize("white", [255, 1], ids=["black and white", "zeros and ones"])
def test_black_and_white_marks_what_the_visitor_says(marks: truth.Marks, part: str, white: int):
    known = truth.from_picture(picture(drawn(0, white, white)), SHAPE, marks)
    assert known.parts == (part,)
    assert known.mask(part).sum() == 2 * 900


def test_a_mask_of_another_size_is_refused_with_both_sizes():
    with pytest.raises(DataError, match=r"mask\.png measures 80 \D 70 px, the smear 100 \D 90 px\."):
        truth.from_picture(picture(drawn(0, 128, 255)), (90, 100))


def test_a_photograph_is_no_mask():
    values = np.random.default_rng(0).integers(0, 256, (*SHAPE, 3))
    with pytest.raises(DataError, match=r"photo\.png is not a mask"):
        truth.from_picture(picture(values, "photo.png"), SHAPE)


def test_a_mask_that_marks_nothing_is_refused():
    with pytest.raises(DataError, match="marks no cell"):
        truth.from_picture(picture(drawn(0, 0, 0)), SHAPE)
