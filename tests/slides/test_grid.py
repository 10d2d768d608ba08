"""Tiles become blocks, and no tile is lost or looked at twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from allcad_core.slides.grid import Block, blocks, from_middle

PLACES = some.sets(some.tuples(some.integers(0, 9), some.integers(0, 9)))


@given(PLACES, some.integers(1, 4))
def test_blocks_hold_exactly_the_tiles(tiles, most):
    found = blocks(tiles, most)
    held = [tile for block in found for tile in block.tiles]
    assert len(held) == len(set(held))
    assert set(held) == tiles
    assert all(b.right - b.left <= most and b.bottom - b.top <= most for b in found)


def test_a_full_view_is_one_block():
    assert blocks([(x, y) for x in range(3) for y in range(2)]) == [Block(0, 0, 3, 2)]


def test_the_middle_of_a_view_comes_first():
    found = [Block(0, 0, 1, 1), Block(4, 4, 5, 5), Block(2, 2, 3, 3)]
    assert from_middle(found, (0, 0, 2560, 2560))[0] == Block(2, 2, 3, 3)
