"""Tiles for detectors: turned, resized and restained, with boxes that still hold their cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from allcad_core.detection.base import iou
from allcad_core.errors import DataError
from allcad_core.ground import BALANCED
from allcad_core.training.tiles import CLASSES, restain, tile, write_tiles
from allcad_core.training.truth import TrueField

Fields = Callable[..., list[TrueField]]


def disc_field(
    *discs: tuple[str, float, float, float], size: tuple[int, int] = (400, 300), diameter: float = 28.0
) -> TrueField:
    """Dark discs on balanced ground: kind, x, y, radius."""
    pixels = np.full((size[1], size[0], 3), BALANCED, np.uint8)
    cells = []
    for kind, x, y, radius in discs:
        cv2.circle(pixels, (round(x), round(y)), round(radius), (60, 50, 90), -1)
        cells.append((kind, (x - radius, y - radius, x + radius + 1, y + radius + 1)))
    return TrueField("drawn", "drawn", pixels, diameter, tuple(cells), ())  # type: ignore[arg-type]


def blobs(pixels: NDArray[np.uint8]) -> list[tuple[float, float, float, float]]:
    mask = (pixels.mean(axis=2) < 150).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    return [(x, y, x + w, y + h) for x, y, w, h, area in stats[1:].tolist() if area > 20]


@pytest.mark.parametrize("seed", range(25))
def test_a_turned_box_still_frames_its_cell(seed: int) -> None:
    pixels, boxes = tile(disc_field(("blast", 200, 150, 30)), np.random.default_rng(seed), 256)
    for (kind, box), blob in zip(boxes, blobs(pixels), strict=True):
        assert kind == "blast"
        assert iou([box], [blob])[0, 0] > 0.9


def test_most_tiles_show_a_cell(true_fields: Fields) -> None:
    (field,) = true_fields(["a"])
    shown = [bool(tile(field, np.random.default_rng(seed), 128)[1]) for seed in range(60)]
    assert sum(shown) > 40


@pytest.mark.parametrize("seed", range(10))
def test_boxes_stay_within_the_tile(seed: int) -> None:
    crowd = [("blast", x, y, 22) for x in range(20, 400, 50) for y in range(20, 300, 50)]
    pixels, boxes = tile(disc_field(*crowd), np.random.default_rng(seed), 160)
    assert pixels.shape == (160, 160, 3)
    assert pixels.dtype == np.uint8
    assert boxes
    for _, (x0, y0, x1, y1) in boxes:
        assert 0 <= x0 < x1 <= 160
        assert 0 <= y0 < y1 <= 160


@pytest.mark.parametrize("seed", range(10))
def test_ignored_cells_are_painted_over(seed: int) -> None:
    pixels, boxes = tile(disc_field(("ignore", 200, 150, 30)), np.random.default_rng(seed), 256)
    assert boxes == []
    assert blobs(pixels) == []


@pytest.mark.parametrize("seed", range(12))
def test_what_is_seen_has_a_box_and_what_has_a_box_is_seen(seed: int) -> None:
    crowd = [("healthy", x, y, 15) for x in range(40, 400, 80) for y in range(40, 300, 80)]
    pixels, boxes = tile(disc_field(*crowd), np.random.default_rng(seed), 200)
    seen = blobs(pixels)
    assert len(seen) == len(boxes)
    assert iou([box for _, box in boxes], seen).max(axis=1).min(initial=1) > 0.75


def test_the_scale_follows_the_red_cells() -> None:
    for diameter in (14.0, 28.0, 84.0):
        field = disc_field(("blast", 200, 150, diameter), size=(600, 450), diameter=diameter)
        sides = []
        for seed in range(40):
            _, boxes = tile(field, np.random.default_rng(seed), 256)
            sides += [x1 - x0 for _, (x0, y0, x1, y1) in boxes if x0 > 0 and y0 > 0 and x1 < 256 and y1 < 256]
        assert np.median(sides) == pytest.approx(2 * 28 * 1.05, rel=0.15)  # the middle of the jitter


def test_the_seed_decides(true_fields: Fields) -> None:
    (field,) = true_fields(["a"])
    (one, first), (two, second) = (tile(field, np.random.default_rng(5), 128) for _ in "ab")
    assert np.array_equal(one, two)
    assert first == second
    other, _ = tile(field, np.random.default_rng(6), 128)
    assert not np.array_equal(one, other)


def test_the_field_stays_as_it_was(true_fields: Fields) -> None:
    (field,) = true_fields(["a"])
    before = field.balanced.copy()
    for seed in range(5):
        tile(field, np.random.default_rng(seed), 128)
    assert np.array_equal(field.balanced, before)


def test_a_field_without_cells_gives_empty_ground() -> None:
    pixels, boxes = tile(disc_field(), np.random.default_rng(0), 64)
    assert boxes == []
    assert blobs(pixels) == []


def test_another_stain_keeps_light_and_dark_in_order() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    for seed in range(5):
        other = restain(ramp, np.random.default_rng(seed)).astype(int)
        assert (np.diff(other, axis=1) >= 0).all()
        assert other[0, BALANCED] == pytest.approx([BALANCED] * 3, rel=0.15)
        assert other[0, 0].max() < 60


class TestWriting:
    """Tiles on disc, as YOLO trainers want them."""

    def test_labels_are_shares_of_the_tile(self, true_fields: Fields, tmp_path: Path) -> None:
        field = replace(true_fields(["a"])[0], cells=disc_field(("blast", 50, 60, 24)).cells)
        write_tiles([field], 8, tmp_path, np.random.default_rng(0), 128)
        found = 0
        for number in range(8):
            pixels = cv2.imread(str(tmp_path / "images" / f"{number:05d}.png"))
            assert pixels.shape == (128, 128, 3)
            for line in (tmp_path / "labels" / f"{number:05d}.txt").read_text().splitlines():
                kind, *box = line.split()
                assert CLASSES[int(kind)] == "blast"
                x, y, width, height = map(float, box)
                assert x - width / 2 + 1e-4 >= 0
                assert x + width / 2 <= 1 + 1e-4
                assert y - height / 2 + 1e-4 >= 0
                assert y + height / 2 <= 1 + 1e-4
                found += 1
        assert found >= 4

    def test_the_data_file_names_folder_and_classes(self, true_fields: Fields, tmp_path: Path) -> None:
        import yaml

        told = yaml.safe_load(write_tiles(true_fields(["a"]), 2, tmp_path, np.random.default_rng(0), 64).read_text())
        assert Path(told["path"]) == tmp_path.resolve()
        assert told["names"] == dict(enumerate(CLASSES))
        assert (tmp_path / told["train"]).is_dir()

    def test_each_field_is_used_as_often_as_any_other(
        self, true_fields: Fields, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from allcad_core.training import tiles

        used: list[str] = []
        plain = tiles.tile

        def spy(field: TrueField, rng: np.random.Generator, size: int) -> object:
            used.append(field.name)
            return plain(field, rng, size)

        monkeypatch.setattr(tiles, "tile", spy)
        write_tiles(true_fields(["a", "b", "c"]), 9, tmp_path, np.random.default_rng(0), 64)
        assert sorted(used) == ["a"] * 3 + ["b"] * 3 + ["c"] * 3

    def test_no_fields_no_tiles(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="no fields"):
            write_tiles([], 3, tmp_path, np.random.default_rng(0))
