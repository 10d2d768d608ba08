"""What training takes for true on drawn fields with known centroids."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from allcad_core.datasets import CropRecord, FieldRecord
from allcad_core.datasets.boxes import CellBox
from allcad_core.detection.base import iou
from allcad_core.segmentation import segment
from allcad_core.training.truth import TrueField, true_field, truth_of_crop, truth_of_field

Draw = Callable[..., NDArray[np.uint8]]
REDS = [(x, y, 15) for x in (40, 100, 160, 220, 280, 340) for y in (40, 260)]


@pytest.fixture
def look(draw: Draw, tmp_path: Path) -> Callable[..., TrueField]:
    """Truth of a drawn field: nuclei, expert centroids, label of the whole field."""

    def build(
        nuclei: list[tuple[float, float, float]], points: list[tuple[float, float]], weak: str | None = None
    ) -> TrueField:
        path = tmp_path / "field.png"
        Image.fromarray(draw((400, 300), purple=nuclei, red=REDS)).save(path)
        record = FieldRecord("field", path, "drawn", blast_points=tuple(points))
        return true_field(record, truth_of_field(record, weak_label=weak))  # type: ignore[arg-type]

    return build


def test_a_region_with_a_centroid_is_a_blast_and_any_other_is_healthy(look: Callable[..., TrueField]) -> None:
    field = look([(120, 150, 24), (280, 150, 24)], [(118, 155)])
    assert sorted((kind, round(box[0], -1)) for kind, box in field.cells) == [("blast", 100), ("healthy", 260)]


def test_the_field_is_told_with_its_scale_and_regions(look: Callable[..., TrueField]) -> None:
    field = look([(120, 150, 24)], [])
    assert (field.name, field.dataset) == ("field", "drawn")
    assert field.red_cell_diameter == pytest.approx(30, abs=1.5)
    assert len(field.regions) == 1
    assert np.median(field.balanced.reshape(-1, 3), axis=0).tolist() == [240, 240, 240]


def test_a_cell_at_the_edge_teaches_nothing_unless_an_expert_named_it(look: Callable[..., TrueField]) -> None:
    assert [kind for kind, _ in look([(8, 150, 24)], []).cells] == ["ignore"]
    assert [kind for kind, _ in look([(8, 150, 24)], [(10, 150)]).cells] == ["blast"]


def test_ragged_regions_teach_nothing(look: Callable[..., TrueField]) -> None:
    smudge = [(200 + 8 * t * np.cos(t), 150 + 8 * t * np.sin(t), 7) for t in np.arange(1, 6, 0.15)]
    field = look(smudge, [])
    assert field.cells
    assert {kind for kind, _ in field.cells} == {"ignore"}


def test_the_label_of_a_field_is_that_of_its_whole_cells(look: Callable[..., TrueField]) -> None:
    field = look([(120, 150, 24), (8, 150, 24)], [], "blast")
    assert sorted(kind for kind, _ in field.cells) == ["blast", "ignore"]


def test_one_region_with_several_centroids_teaches_nothing(look: Callable[..., TrueField]) -> None:
    field = look([(191, 150, 24), (201, 150, 24)], [(176, 150), (216, 150)])
    assert len(field.regions) == 1  # too close for the segmentation
    assert [kind for kind, _ in field.cells] == ["ignore"]


def test_drawn_boxes_come_before_what_the_stain_says(draw: Draw, tmp_path: Path) -> None:
    path = tmp_path / "field.png"
    Image.fromarray(draw((400, 300), purple=[(120, 150, 24)], red=REDS)).save(path)
    drawn = [CellBox("healthy", (1, 2, 30, 40), "hand"), CellBox("ignore", (50, 2, 80, 40), "hand")]
    truth = truth_of_field(FieldRecord("field", path, "drawn", blast_points=((120, 150),)), drawn)
    assert truth.cells == (("healthy", (1, 2, 30, 40)), ("ignore", (50, 2, 80, 40)))
    assert len(truth.regions) == 1


def test_a_crop_is_about_the_cell_in_its_middle(draw: Draw, tmp_path: Path) -> None:
    path = tmp_path / "crop.png"
    Image.fromarray(draw((300, 300), purple=[(150, 150, 24), (260, 40, 24)], red=[(40, 260, 15)])).save(path)
    ((kind, box),) = truth_of_crop(CropRecord("crop", path, "drawn"), "healthy").cells
    assert kind == "healthy"
    assert box == pytest.approx((126, 126, 175, 175), abs=3)


def test_an_empty_crop_has_no_cell(draw: Draw, tmp_path: Path) -> None:
    path = tmp_path / "crop.png"
    Image.fromarray(draw((200, 200), red=[(40, 60, 15)])).save(path)
    assert truth_of_crop(CropRecord("crop", path, "drawn"), "blast").cells == ()


def test_a_centroid_belongs_to_one_cell_though_a_neighbour_s_box_holds_it_too(
    look: Callable[..., TrueField], draw: Draw
) -> None:
    nuclei = [(170, 130, 30), (212, 172, 30)]
    boxes = [region.box for region in segment(draw((400, 300), purple=nuclei, red=REDS), "stain", "cpu").regions]
    assert len(boxes) == 2
    assert iou(boxes, boxes)[0, 1] > 0.02
    inside_both = (185.0, 143.0)  # on the first cell, in the corner of the second one's box
    assert all(x0 <= 185 <= x1 and y0 <= 143 <= y1 for x0, y0, x1, y1 in boxes)
    field = look(nuclei, [inside_both])
    assert sorted(field.cells) == sorted(zip(("blast", "healthy"), sorted(boxes), strict=True))
