"""The list of segmentation methods, and what every one of them keeps to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from allcad_core.errors import DeviceError, UnknownNameError
from allcad_core.segmentation import methods, segment

Draw = Callable[..., NDArray[np.uint8]]


def test_an_unknown_method_lists_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match=r"no segmentation method called 'otsu'.*darkest, paper, stain, unet"):
        segment(np.zeros((64, 64, 3), np.uint8), "otsu")


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(DeviceError):
        segment(np.zeros((64, 64, 3), np.uint8), "paper", "abacus")


@pytest.mark.parametrize("method", methods())
class TestEveryMethod:
    """The same questions to every method."""

    def test_masks_and_labels_have_the_size_of_the_picture(self, method: str, draw: Draw) -> None:
        found = segment(draw((301, 203), purple=[(80, 80, 25), (200, 120, 30)]), method, "cpu")
        assert found.method == method
        assert found.nucleus.shape == found.cell.shape == found.labels.shape == (203, 301)
        assert (found.nucleus.dtype, found.cell.dtype, found.labels.dtype) == (bool, bool, np.int32)

    def test_regions_are_numbered_as_in_the_labels(self, method: str, draw: Draw) -> None:
        found = segment(draw((400, 300), purple=[(80, 80, 25), (200, 120, 30), (320, 220, 28)]), method, "cpu")
        assert [region.label for region in found.regions] == [1, 2, 3]
        assert set(np.unique(found.labels)) == {0, 1, 2, 3}
        for region in found.regions:
            x, y = map(int, region.centroid)
            assert found.labels[y, x] == region.label

    def test_no_picture_breaks_it(self, method: str) -> None:
        rng = np.random.default_rng(0)
        for pixels in (
            np.zeros((64, 64, 3), np.uint8),
            np.full((64, 64, 3), 255, np.uint8),
            np.full((64, 2000, 3), (120, 60, 160), np.uint8),
            rng.integers(0, 256, (64, 64, 3), np.uint8),
        ):
            found = segment(pixels, method, "cpu")
            assert found.labels.shape == pixels.shape[:2]
            assert found.labels.max(initial=0) == len(found.regions)

    def test_the_picture_may_be_write_protected_and_stays_as_it_was(self, method: str, draw: Draw) -> None:
        pixels = draw((200, 150), purple=[(80, 80, 25)])
        before = pixels.copy()
        pixels.setflags(write=False)
        segment(pixels, method, "cpu")
        segment(pixels[:, ::-1], method, "cpu")  # nor need it be contiguous
        assert np.array_equal(pixels, before)

    def test_twice_the_same_answer(self, method: str, draw: Draw) -> None:
        pixels = draw((300, 200), purple=[(80, 80, 25), (120, 90, 25)], red=[(200, 50, 12)])
        one, two = segment(pixels, method, "cpu"), segment(pixels, method, "cpu")
        assert one.regions == two.regions
        assert np.array_equal(one.labels, two.labels)
