from dataclasses import replace

import pytest
from PIL import Image

from allcad_core.datasets import allidb1, splits
from allcad_core.datasets.base import FieldRecord
from allcad_core.datasets.crop_search import locate, with_origins
from allcad_core.datasets.overlaps import find_overlaps
from allcad_core.datasets.sessions import exif_of, known_session, sittings
from allcad_core.errors import DataError


@pytest.fixture
def slide(tmp_path, draw):
    """Three fields of one slide: the second shares a fifth with the first, the third nothing; and one elsewhere."""
    draw(tmp_path / "slide.png", 1, (1000, 700))
    wide = Image.open(tmp_path / "slide.png")
    corners = {"a": (0, 0), "b": (240, 20), "c": (620, 380)}
    for name, (x, y) in corners.items():
        draw(tmp_path / f"{name}.png", picture=wide.crop((x, y, x + 320, y + 240)))
    draw(tmp_path / "d.png", 2, (320, 240))
    return [FieldRecord(name, tmp_path / f"{name}.png", "slide") for name in "abcd"]


def test_two_fields_that_share_a_strip_are_found(slide):
    (found,) = find_overlaps(slide)

    assert (found.one, found.other) == ("a", "b")
    assert found.share == pytest.approx(80 * 220 / (320 * 240), abs=0.02)
    assert found.correlation > 0.9


def test_fields_of_two_cameras_or_two_known_sittings_are_not_compared(slide):
    cameras = [replace(field, camera=field.name) for field in slide]
    sessions = [replace(field, session=field.name) for field in slide]

    assert find_overlaps(cameras) == []
    assert find_overlaps(sessions) == []
    assert find_overlaps([]) == []


def test_splits_look_for_overlaps_where_no_group_is_known(slide):
    for seed in range(4):
        found = splits.folds("field", slide, seed=seed)
        assert found["a"] == found["b"]


def test_progress_counts_every_pair(slide):
    steps = []

    find_overlaps(slide, lambda *step: steps.append(step))

    assert steps[-1] == ("Comparing fields", 6, 6)


def test_an_unreadable_field_is_named(slide):
    slide[0].path.write_bytes(b"no picture")

    with pytest.raises(DataError, match=r"a\.png' cannot be read"):
        find_overlaps(slide)


def test_a_crop_is_found_in_its_field_and_in_the_copy_of_it(official, draw):
    im = official / "ALL_IDB1" / "im"
    draw(im / "Im003_1.png", picture=Image.open(im / "Im001_1.jpg"))
    from allcad_core.datasets import allidb2

    crops = allidb2.crops(official)
    found = locate(crops, allidb1.fields(official))

    assert [place.field for place in found["Im001_1"]] == ["Im001_1", "Im003_1"]
    assert {place.box for places in found.values() for place in places} == {(40, 30, 168, 158)}
    assert with_origins(crops, allidb1.fields(official))[2].fields == ("Im034_0",)


def test_a_crop_of_another_field_is_not_found(official, draw):
    from allcad_core.datasets import allidb2

    draw(official / "ALL_IDB2" / "img" / "Im002_1.tif", 99, (128, 128))

    found = locate(allidb2.crops(official), allidb1.fields(official))

    assert found["Im002_1"] == ()


def test_crops_of_unknown_origin_go_with_the_field_that_they_are_found_in(official):
    from allcad_core.datasets import allidb2

    fields = allidb1.fields(official)
    of_fields = splits.folds("field", fields)

    of_crops = splits.crop_folds("field", allidb2.crops(official), fields)

    assert of_crops == {
        "Im001_1": of_fields["Im001_1"], "Im002_1": of_fields["Im002_1"], "Im131_0": of_fields["Im034_0"]
    }  # fmt: skip


def photograph(path, camera, taken):
    exif = Image.Exif()
    exif[0x0110] = camera + "  \x00"
    exif[0x0132] = taken
    Image.new("RGB", (80, 80)).save(path, exif=exif)
    return path


def test_camera_and_time_are_read_from_exif(tmp_path):
    path = photograph(tmp_path / "a.jpg", "C2500L", "2004:04:21 16:10:19")

    assert exif_of(path) == ("C2500L", "2004:04:21 16:10:19")


def test_a_picture_without_exif_has_no_sitting(tmp_path, draw):
    assert exif_of(draw(tmp_path / "a.png")) == (None, None)
    assert known_session(None, None) is None


def test_the_sitting_follows_from_camera_and_time():
    assert known_session("Canon PowerShot G5", "2005:09:06 10:38:34") == "E"
    assert known_session("Canon PowerShot G5", "2005:09:06 10:44:12") == "F"
    assert known_session("C2500L", "2005:09:06 10:44:12") is None
    assert known_session("Canon PowerShot G5", "2019:01:01 10:44:12") is None


def test_unknown_sittings_are_counted_by_camera_and_pause(tmp_path):
    times = {"a": ("one", "10:00:00"), "b": ("one", "10:09:00"), "c": ("one", "10:30:00"), "d": ("two", "10:31:00")}
    fields = [
        FieldRecord(name, tmp_path, "own", camera=camera, taken=f"2024:01:01 {time}")
        for name, (camera, time) in times.items()
    ]

    assert sittings([*fields, FieldRecord("e", tmp_path, "own")]) == {"a": "1", "b": "1", "c": "2", "d": "3"}


@pytest.mark.slow
def test_real_sittings_and_overlaps_agree_with_the_session_table(data_root):
    from allcad_core.datasets import sessions

    fields = allidb1.fields(data_root)
    bare = [sessions.with_exif(replace(f, session=None, camera=None, taken=None, group=None)) for f in fields]

    assert [(f.session, f.camera, f.taken) for f in bare] == [(f.session, f.camera, f.taken) for f in fields]
    assert splits.folds("field", bare) == splits.folds("field", fields)


@pytest.mark.slow
def test_real_crops_are_found_where_the_table_says(data_root):
    from allcad_core.datasets import allidb2

    crops = allidb2.crops(data_root)[::12]
    names = {name for crop in crops for name in crop.fields}
    fields = [field for field in allidb1.fields(data_root) if field.name in names]

    found = locate(crops, fields)

    for crop in crops:
        assert tuple(place.field for place in found[crop.name]) == crop.fields
        assert {place.box for place in found[crop.name]} == {crop.origin}
