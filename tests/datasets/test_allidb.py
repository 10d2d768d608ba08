from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from allcad_core.datasets import allidb1, allidb2
from allcad_core.errors import DataError

SESSIONS = "field,label,session,camera,taken,width,height,blast_points,other_points,group,chen_split\n"


def test_the_official_layout_works_unchanged(official):
    fields = allidb1.fields(official)
    crops = allidb2.crops(official)

    assert [field.name for field in fields] == ["Im001_1", "Im002_1", "Im034_0", "Im035_0"]
    assert [field.label for field in fields] == [1, 1, 0, 0]
    assert fields[0].blast_points == ((100.0, 80.0), (200.0, 150.0))
    assert fields[2].blast_points == ()
    assert fields[0].points_known
    assert fields[0].group is None
    assert [crop.name for crop in crops] == ["Im001_1", "Im002_1", "Im131_0"]
    assert crops[0].fields == ()


def test_the_data_set_itself_may_be_named_instead_of_the_folder_around_it(official):
    assert len(allidb1.fields(official / "ALL_IDB1")) == 4
    assert len(allidb2.crops(official / "ALL_IDB2")) == 3


def test_pixels_are_read_when_asked_for(official):
    image = allidb1.fields(official)[0].read()

    assert image.pixels.shape == (240, 320, 3)


def test_a_field_without_a_point_file_is_not_taken_for_one_without_blasts(official):
    (official / "ALL_IDB1" / "xyc" / "Im001_1.xyc").unlink()

    assert not allidb1.fields(official)[0].points_known


def test_a_broken_point_is_named_with_file_and_line(official):
    (official / "ALL_IDB1" / "xyc" / "Im001_1.xyc").write_text("1 2\n3 four\n", encoding="utf-8")

    with pytest.raises(DataError, match=r"Im001_1\.xyc', line 2.*3 four"):
        allidb1.fields(official)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("field,label\nIm001_1,1\n", "lacks the columns"),
        (SESSIONS + "Im001_1,0,A,c,t,1,1,0,0,Im001_1,train\n", "line 2: the label of 'Im001_1' contradicts"),
        (SESSIONS + "Im001_1,1\n", "line 2: too few"),
        (SESSIONS + 2 * "Im001_1,1,A,c,t,1,1,0,0,Im001_1,train\n", "line 3: 'Im001_1' stands there twice"),
    ],
)
def test_a_broken_session_table_is_named_with_its_line(official, text, reason):
    (official / "ALL_IDB1" / "sessions.csv").write_text(text, encoding="utf-8")

    with pytest.raises(DataError, match=reason):
        allidb1.fields(official)


def test_fields_that_share_an_unlisted_strip_come_into_one_group(official):
    pictures = official / "ALL_IDB1" / "im"
    (pictures / "Im001_1.jpg").rename(pictures / "Im003_1.jpg")
    rows = "".join(f"{name},1,A,c,t,1,1,0,0,{name},train\n" for name in ("Im002_1", "Im003_1"))
    (official / "ALL_IDB1" / "sessions.csv").write_text(SESSIONS + rows, encoding="utf-8")

    groups = {field.name: field.group for field in allidb1.fields(official)}

    assert ("Im002_1", "Im003_1") in allidb1.UNLISTED_OVERLAPS
    assert groups == {"Im002_1": "overlap-002", "Im003_1": "overlap-002", "Im034_0": None, "Im035_0": None}


def test_crop_masks_tell_nucleus_from_cell(official):
    mask = np.full((128, 128, 3), 255, np.uint8)
    mask[40:80, 40:80] = (0, 0, 255)
    mask[50:70, 50:70] = (0, 255, 255)
    (official / "ALL_IDB2" / "gt").mkdir()
    Image.fromarray(mask).save(official / "ALL_IDB2" / "gt" / "Im001_1.png")

    masks = allidb2.crops(official)[0].read_masks()

    assert (masks.nucleus.sum(), masks.cell.sum()) == (400, 1600)


def test_a_crop_that_lies_in_two_copies_of_a_field_knows_both(official):
    (official / "ALL_IDB2" / "crop_origin.csv").write_text(
        "crop,field,x0,y0,width,height\nIm001_1,Im001_1,40,30,128,100\nIm001_1,Im002_1,40,30,128,100\n",
        encoding="utf-8",
    )

    crop = allidb2.crops(official)[0]

    assert crop.fields == ("Im001_1", "Im002_1")
    assert crop.origin == (40, 30, 168, 130)


def test_a_crop_at_two_places_is_refused(official):
    (official / "ALL_IDB2" / "crop_origin.csv").write_text(
        "crop,field,x0,y0,width,height\nIm001_1,Im001_1,40,30,128,100\nIm001_1,Im002_1,41,30,128,100\n",
        encoding="utf-8",
    )

    with pytest.raises(DataError, match="line 3: 'Im001_1' lies at two different places"):
        allidb2.crops(official)


def test_an_empty_folder_says_what_was_expected(tmp_path: Path):
    (tmp_path / "ALL_IDB1" / "im").mkdir(parents=True)

    with pytest.raises(DataError, match="ImNNN_0"):
        allidb1.fields(tmp_path)
    with pytest.raises(DataError, match="no ALL_IDB2"):
        allidb2.crops(tmp_path)


def test_the_real_data_are_read_as_their_readme_counts_them(data_root):
    fields = allidb1.fields(data_root)
    crops = allidb2.crops(data_root)

    assert sum(len(field.blast_points) for field in fields if field.session is not None) >= 412
    assert {field.group for field in fields if field.name in ("Im093_0", "Im108_0")} == {"overlap-093"}
    assert all(field.points_known for field in fields)
    assert sum(crop.label == 1 for crop in crops if crop.origin) >= 103
    assert {crop.fields for crop in crops if crop.name in ("Im223_0", "Im257_0")} == {("Im093_0", "Im108_0")}
