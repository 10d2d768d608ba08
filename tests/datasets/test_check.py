import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from allcad_core.datasets import allidb2, catalogue, check
from allcad_core.errors import DataError


def codes(root, *, falsifies=None):
    return {p.code for p in check.run(root).problems if falsifies in (None, p.falsifies)}


def test_the_official_layout_passes_and_says_what_is_missing(official):
    report = check.run(official)

    assert not report.falsifying
    fields, crops = report.sets
    assert (fields.name, fields.pictures, fields.labels, fields.points) == ("ALL-IDB1", 4, {"1": 2, "0": 2}, 4)
    assert (len(fields.missing), fields.missing[0], len(crops.missing)) == (104, "Im003", 257)
    assert [(place.crop, place.fields) for place in report.crops] == [
        ("Im001_1", ("Im001_1",)), ("Im002_1", ("Im002_1",)), ("Im131_0", ("Im034_0",))
    ]  # fmt: skip


def test_the_report_goes_into_json_and_onto_the_terminal(official):
    report = check.run(official)
    console = Console(file=io.StringIO(), width=100)

    check.render(report, console)
    content = json.loads(json.dumps(report.to_dict()))

    assert content["falsifying"] is False
    assert content["sets"][0]["name"] == "ALL-IDB1"
    assert "104 of the 108 official pictures of ALL-IDB1 are missing." in console.file.getvalue()
    assert "3 crops were found" in console.file.getvalue()


def test_nothing_is_written(official):
    before = {path: path.stat().st_mtime_ns for path in official.rglob("*")}

    check.run(official)

    assert {path: path.stat().st_mtime_ns for path in official.rglob("*")} == before


def test_a_broken_picture_is_named_and_the_others_are_still_checked(official):
    path = official / "ALL_IDB1" / "im" / "Im002_1.jpg"
    path.write_bytes(path.read_bytes()[:2000])

    report = check.run(official)

    (broken,) = [p for p in report.problems if p.code == "unreadable-picture"]
    assert broken.files == ("ALL_IDB1/im/Im002_1.jpg",)
    assert report.falsifying
    assert "Im001_1" in {place.crop for place in report.crops}


def test_a_set_that_cannot_be_read_does_not_stop_the_check(official):
    (official / "ALL_IDB1" / "xyc" / "Im001_1.xyc").write_text("one two", encoding="utf-8")

    report = check.run(official)

    (broken,) = [p for p in report.problems if p.code == "unreadable-set"]
    assert "Im001_1.xyc', line 1" in broken.message
    assert [entry.name for entry in report.sets] == ["ALL-IDB2"]


def xyc(root, name, text):
    (root / "ALL_IDB1" / "xyc" / f"{name}.xyc").write_text(text, encoding="utf-8")


def test_centroids_that_contradict_the_label_or_the_picture_falsify(official):
    xyc(official, "Im034_0", "10 10\n")
    xyc(official, "Im001_1", "900 10\n")
    (official / "ALL_IDB1" / "xyc" / "Im002_1.xyc").unlink()

    assert {"label-conflict", "centroid-outside", "no-centroids"} <= codes(official, falsifies=True)


def test_an_empty_file_of_centroids_of_a_patient_is_a_note(official):
    xyc(official, "Im001_1", "")

    assert "no-blasts" in codes(official, falsifies=False)


def test_one_number_with_two_labels_falsifies(official, draw):
    draw(official / "ALL_IDB1" / "im" / "Im001_0.jpg", 77, (320, 240))

    assert "name-conflict" in codes(official, falsifies=True)


def test_a_crop_from_a_field_that_is_not_there_falsifies(official):
    (official / "ALL_IDB1" / "im" / "Im034_0.jpg").unlink()

    assert "crop-lost" in codes(official, falsifies=True)


def test_an_origin_that_the_pixels_contradict_falsifies(official):
    table = "crop,field,x0,y0,width,height\nIm001_1,Im002_1,40,30,128,128\n"
    (official / "ALL_IDB2" / "crop_origin.csv").write_text(table, encoding="utf-8")

    assert "origin-conflict" in codes(official, falsifies=True)


def test_a_crop_with_another_label_than_its_field_falsifies(official):
    crops = official / "ALL_IDB2" / "img"
    (crops / "Im001_1.tif").rename(crops / "Im001_0.tif")

    assert "label-conflict" in codes(official, falsifies=True)


def test_a_copy_with_another_label_falsifies(official, draw):
    original = Image.open(official / "ALL_IDB1" / "im" / "Im001_1.jpg")
    draw(official / "ALL_IDB1" / "im" / "Im050_0.png", picture=original)

    report = check.run(official)

    assert [(pair.exact, pair.apart) for pair in report.copies] == [(True, True)]
    assert "copy-label" in {problem.code for problem in report.problems if problem.falsifies}


def test_a_copy_with_the_same_label_is_kept_in_one_group(official, draw):
    original = Image.open(official / "ALL_IDB1" / "im" / "Im001_1.jpg")
    draw(official / "ALL_IDB1" / "im" / "Im005_1.jpg", picture=original)
    xyc(official, "Im005_1", "5 5\n")

    report = check.run(official)

    assert [(pair.exact, pair.apart) for pair in report.copies] == [(False, False)]
    assert ("Im001_1", "Im005_1") in report.groups
    assert not report.falsifying


def test_groups_that_part_two_overlapping_fields_falsify(official, draw):
    original = Image.open(official / "ALL_IDB1" / "im" / "Im001_1.jpg")
    draw(official / "ALL_IDB1" / "im" / "Im005_1.jpg", picture=original)
    header = "field,label,session,camera,taken,group\n"
    rows = "Im001_1,1,A,,,Im001_1\nIm005_1,1,A,,,Im005_1\n"
    (official / "ALL_IDB1" / "sessions.csv").write_text(header + rows, encoding="utf-8")

    assert "overlap-apart" in codes(official, falsifies=True)


def test_a_picture_in_two_data_sets_falsifies(official, draw):
    original = Image.open(official / "ALL_IDB1" / "im" / "Im001_1.jpg")
    draw(official / "Aria" / "Pre" / "WBC-Malignant-Pre-001.png", picture=original.resize((200, 150)))

    report = check.run(official)

    assert "copy-across-sets" in {problem.code for problem in report.problems if problem.falsifies}
    assert not report.copies[0].exact


def test_a_mask_of_another_size_falsifies(official):
    (official / "ALL_IDB2" / "gt").mkdir()
    Image.fromarray(np.zeros((99, 99), np.uint8)).save(official / "ALL_IDB2" / "gt" / "Im001_1.png")

    assert "mask" in codes(official, falsifies=True)


def test_a_session_table_that_exif_contradicts_falsifies(official):
    exif = Image.Exif()
    exif[0x0110], exif[0x0132] = "C2500L", "2004:04:21 16:10:19"
    path = official / "ALL_IDB1" / "im" / "Im001_1.jpg"
    Image.open(path).save(path, exif=exif)
    assert check.run(official).sittings[0].session == "A"

    table = "field,label,session,camera,taken,group\nIm001_1,1,B,C2500L,2004:04:21 16:10:19,Im001_1\n"
    (official / "ALL_IDB1" / "sessions.csv").write_text(table, encoding="utf-8")
    assert "session-conflict" in codes(official, falsifies=True)


def test_folders_of_unknown_name_are_judged_by_their_content(tmp_path, draw):
    draw(tmp_path / "boxes" / "a.jpg", 1)
    (tmp_path / "boxes" / "a.txt").write_text("0 0.5 0.5 0.5 0.5\n", encoding="utf-8")
    for kind in ("blast", "other"):
        draw(tmp_path / "kinds" / kind / f"{kind}.png", len(kind))
    draw(tmp_path / "voc" / "b.jpg", 3)
    (tmp_path / "voc" / "b.xml").write_text("<annotation><filename>b.jpg</filename></annotation>", encoding="utf-8")
    draw(tmp_path / "coco" / "c.jpg", 4)
    content = {"images": [{"id": 1, "file_name": "c.jpg"}], "annotations": [], "categories": []}
    (tmp_path / "coco" / "c.json").write_text(json.dumps(content), encoding="utf-8")

    summaries = {name: check.run(tmp_path / name).sets[0] for name in ("boxes", "kinds", "voc", "coco")}

    assert summaries["boxes"].boxes == 1
    assert summaries["kinds"].kinds == {"blast": 1, "other": 1}
    assert (summaries["voc"].pictures, summaries["coco"].pictures) == (1, 1)


def test_known_sets_and_other_folders_are_checked_together(official, draw):
    draw(official / "mine" / "a.jpg", 50)

    assert [found.spec.name for found in catalogue.find(official)] == ["ALL-IDB1", "ALL-IDB2", "mine"]
    assert [found.spec.name for found in catalogue.find(official / "ALL_IDB1")] == ["ALL-IDB1"]


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_a_folder_without_pictures_says_so(tmp_path, name):
    (tmp_path / "empty").mkdir()

    with pytest.raises(DataError, match=name):
        check.run(tmp_path / name)


@pytest.mark.slow
def test_nothing_in_the_real_data_falsifies_an_evaluation(data_root: Path, tmp_path: Path):
    names = ("Im002_1", "Im003_1", "Im009_1", "Im010_1", "Im020_1", "Im078_0", "Im089_0", "Im093_0", "Im108_0")
    for folder, kept in (("im", {f"{name}.jpg" for name in names}), ("xyc", {f"{name}.xyc" for name in names})):
        link(data_root / "ALL_IDB1" / folder, tmp_path / "ALL_IDB1" / folder, kept)
    link(data_root / "ALL_IDB1", tmp_path / "ALL_IDB1", {"sessions.csv"})
    crops = {crop.path.name for crop in allidb2.crops(data_root) if set(crop.fields) & set(names)}
    link(data_root / "ALL_IDB2" / "img", tmp_path / "ALL_IDB2" / "img", crops)
    link(data_root / "ALL_IDB2", tmp_path / "ALL_IDB2", {"crop_origin.csv"})

    report = check.run(tmp_path)

    assert [problem.message for problem in report.problems if problem.falsifies] == []
    assert report.groups == (
        ("Im002_1", "Im003_1"),
        ("Im009_1", "Im010_1"),
        ("Im078_0", "Im089_0"),
        ("Im093_0", "Im108_0"),
    )
    assert len(report.crops) == len(crops)
    exact = {frozenset((Path(pair.one).stem, Path(pair.other).stem)) for pair in report.copies if pair.exact}
    assert exact == {frozenset(("Im093_0", "Im108_0")), frozenset(("Im223_0", "Im257_0"))}
    assert {row.session: row.leukaemia + row.healthy for row in report.sittings} == {"A": 4, "B": 1, "F": 4}


def link(source: Path, target: Path, names: set[str]) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for name in names:
        (target / name).symlink_to((source / name).resolve())
