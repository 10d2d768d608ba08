"""What is proposed on drawn fields: a box a cell, its class by centroid, border and colour."""

import numpy as np
import pytest
from PIL import Image

from allcad_core.annotation.proposal_table import letter, proposals_csv, read_proposals
from allcad_core.annotation.proposals import FieldProposals, Loose, Proposal, propose
from allcad_core.datasets import CropRecord
from allcad_core.datasets.allidb2 import CYTOPLASM, NUCLEUS
from allcad_core.errors import DataError, ImageError
from allcad_core.review import overlap


def test_a_cell_with_a_centroid_is_a_blast_and_one_without_is_healthy(field):
    found = propose(field(purple=[(100, 150, 26), (280, 150, 24)], points=[(102, 148)]))

    assert [(cell.number, cell.kind, cell.source) for cell in found.proposals] == [
        (1, "blast", "stain"),
        (2, "healthy", "stain"),
    ]
    assert np.allclose(found.proposals[0].box, (74, 124, 127, 177), atol=2)
    assert found.unboxed == ()


def test_two_touching_cells_are_parted_at_their_centroids(field):
    found = propose(field(purple=[(150, 150, 26), (198, 150, 26)], points=[(150, 150), (198, 150)]))

    assert [cell.kind for cell in found.proposals] == ["blast", "blast"]
    assert overlap(found.proposals[0].box, (124, 124, 174, 177)) > 0.9
    assert overlap(found.proposals[1].box, (174, 124, 225, 177)) > 0.9


def test_a_region_with_two_centroids_is_two_cells(field):
    found = propose(field(purple=[(150, 150, 26), (166, 150, 26)], points=[(148, 150), (168, 150)]))

    assert [(cell.kind, cell.source) for cell in found.proposals] == [("blast", "watershed")] * 2
    assert found.proposals[0].box[2] == pytest.approx(158.5, abs=3)
    assert found.proposals[1].box[0] == pytest.approx(158.5, abs=3)


def test_a_cell_of_a_clump_that_has_no_centroid_gets_a_box_of_its_own(field):
    cells = [(120, 150, 26), (168, 150, 26), (216, 150, 26)]
    found = propose(field(purple=cells, points=[(120, 150), (168, 150)]))

    assert [cell.kind for cell in found.proposals] == ["blast", "blast", "healthy"]
    assert overlap(found.proposals[2].box, (192, 124, 243, 177)) > 0.8


def test_a_centroid_where_nothing_is_stained_gets_a_square(field):
    found = propose(field(purple=[(100, 150, 26)], points=[(100, 150), (300, 150)]))

    assert [(cell.kind, cell.source) for cell in found.proposals] == [("blast", "stain"), ("blast", "point")]
    x0, y0, x1, y1 = found.proposals[1].box
    assert ((x0 + x1) / 2, (y0 + y1) / 2) == pytest.approx((300, 150), abs=1)
    assert x1 - x0 == pytest.approx(1.5 * 30, rel=0.1)


def test_a_cell_that_the_border_mostly_cuts_is_left_out_unless_an_expert_marked_it(field):
    cells = [(8, 150, 26), (200, 150, 26), (300, 150, 26)]
    unmarked = propose(field(purple=cells, points=[(200, 150), (300, 150)]))
    marked = propose(field(purple=cells, points=[(8, 150), (200, 150), (300, 150)]))

    assert [cell.kind for cell in unmarked.proposals] == ["ignore", "blast", "blast"]
    assert [cell.kind for cell in marked.proposals] == ["blast", "blast", "blast"]


def test_no_box_leaves_the_picture(field):
    found = propose(field(purple=[(8, 150, 26), (393, 100, 26), (200, 292, 26), (200, 6, 26)]))

    assert len(found.proposals) == 4
    for cell in found.proposals:
        assert min(cell.box[:2]) >= 0
        assert cell.box[2] <= 400
        assert cell.box[3] <= 300


def test_numbers_run_in_reading_order(field):
    found = propose(field(purple=[(300, 90, 22), (80, 95, 22), (80, 210, 22), (300, 205, 22)]))

    middles = [((cell.box[0] + cell.box[2]) / 2, (cell.box[1] + cell.box[3]) / 2) for cell in found.proposals]
    assert [cell.number for cell in found.proposals] == [1, 2, 3, 4]
    assert np.allclose(middles, [(80, 95), (300, 90), (80, 210), (300, 205)], atol=2)


def test_an_empty_field_has_no_proposals(field):
    assert propose(field()) == FieldProposals("Im001_1", (), ())


def test_the_box_of_an_experts_crop_mask_wins_and_the_automatic_one_is_kept(field, tmp_path):
    record = field(purple=[(200, 150, 26)], points=[(200, 150)])
    found = propose(record, [_crop(tmp_path, record, (140, 90, 260, 210), (170, 120, 232, 184))])

    (cell,) = found.proposals
    assert (cell.source, cell.box) == ("mask-crop", (170.0, 120.0, 232.0, 184.0))
    assert np.allclose(cell.plain, (174, 124, 227, 177), atol=2)


def test_a_crop_mask_where_no_cell_is_proposed_asks_a_person(field, tmp_path):
    record = field(purple=[(100, 150, 26)], points=[(100, 150)])
    found = propose(record, [_crop(tmp_path, record, (240, 90, 360, 210), (270, 120, 332, 184))])

    assert [cell.source for cell in found.proposals] == ["stain"]
    assert found.unboxed == (Loose((270.0, 120.0, 332.0, 184.0), "mask-crop"),)


def test_a_crop_of_another_field_says_nothing(field, tmp_path):
    record = field(purple=[(200, 150, 26)], points=[(200, 150)])
    other = field("Im002_1")
    found = propose(record, [_crop(tmp_path, other, (140, 90, 260, 210), (170, 120, 232, 184))])

    assert [cell.source for cell in found.proposals] == ["stain"]


def test_an_unreadable_field_is_refused(field):
    record = field()
    record.path.write_bytes(b"no picture")

    with pytest.raises(ImageError):
        propose(record)


def _crop(folder, record, origin, cell):
    """A crop of which the expert's mask shows one cell, as a box in pixels of the field."""
    mask = np.full((origin[3] - origin[1], origin[2] - origin[0], 3), 255, np.uint8)
    rows, columns = slice(cell[1] - origin[1], cell[3] - origin[1]), slice(cell[0] - origin[0], cell[2] - origin[0])
    mask[rows, columns] = CYTOPLASM
    path = folder / f"mask_{record.name}.png"
    Image.fromarray(mask).save(path)
    return CropRecord("Im001_1", path, "ALL-IDB2", 1, fields=(record.name,), origin=origin, mask=path,
                      nucleus_colour=NUCLEUS, cytoplasm_colour=CYTOPLASM)  # fmt: skip


# -- the table


def test_proposals_come_back_from_their_table(tmp_path):
    cell = Proposal(1, "blast", (1.0, 2.0, 30.0, 40.5), "mask-crop", (2.0, 2.0, 29.0, 41.0))
    one = FieldProposals("Im001_1", (cell,), (Loose((5.0, 6.0, 7.0, 8.0), "stain"),))
    path = tmp_path / "proposals.csv"
    path.write_text(proposals_csv([one]), encoding="utf-8")

    assert read_proposals(path) == {"Im001_1": one}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("Im001_1,x,blast,0,0,9,9,stain,0,0,9,9", "'x' is no number of a box"),
        ("Im001_1,1,blast,0,0,9,9,stain,,,,", "expected four numbers"),
        ("Im001_1,1,blast,9,0,0,9,stain,0,0,9,9", "the box needs 0 <= x0 < x1"),
        ("Im001_1,1,cell,0,0,9,9,stain,0,0,9,9", "'cell' is no class. Known: blast, healthy, ignore."),
    ],
)
def test_a_malformed_proposal_is_named_with_its_line(tmp_path, row, says):
    path = tmp_path / "proposals.csv"
    path.write_text(proposals_csv([]) + row + "\n", encoding="utf-8")

    with pytest.raises(DataError, match=f"line 2: {says}"):
        read_proposals(path)


def test_a_table_of_something_else_is_refused(tmp_path):
    path = tmp_path / "proposals.csv"
    path.write_text("name,box\n", encoding="utf-8")

    with pytest.raises(DataError, match="lacks the columns class, id, image"):
        read_proposals(path)


def test_letters_go_on_after_z():
    assert [letter(index) for index in (0, 25, 26, 27, 51, 52)] == ["a", "z", "aa", "ab", "az", "ba"]
