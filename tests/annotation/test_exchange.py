"""Out to COCO or YOLO, back again: nothing is lost, and each correction becomes its row."""

import json

import pytest

from allcad_core.annotation.build import annotate
from allcad_core.annotation.exchange import COCO_FILE, coco_text, field_of, read_corrected, says_ignore, yolo_files
from allcad_core.annotation.merge import Change, changes_csv, differences, pairs
from allcad_core.annotation.proposal_table import proposals_csv
from allcad_core.annotation.proposals import FieldProposals, Proposal
from allcad_core.cli import DONE, FAILED, main
from allcad_core.datasets import coco, yolo
from allcad_core.datasets.boxes import CellBox, boxes_csv, read_boxes
from allcad_core.errors import DataError

BOXES = {1: ("blast", (10, 20, 50, 61)), 2: ("healthy", (100, 20, 140, 60)), 3: ("ignore", (0, 101, 33, 150))}
SIZES = {"Im001_1": (320, 240), "Im034_0": (320, 240)}
FILES = {name: f"{name}.jpg" for name in SIZES}


@pytest.fixture
def fields():
    """A field with a box of each class, and an empty one."""
    cells = [Proposal(number, kind, box, "stain", box) for number, (kind, box) in BOXES.items()]
    return annotate({"Im001_1": FieldProposals("Im001_1", tuple(cells), ())}, (), names=SIZES)


@pytest.fixture(params=["coco", "yolo"])
def exported(request, fields, tmp_path):
    """Write boxes as a tool would give them back: ``exported({1: (kind, box), ...})`` for the field Im001_1."""

    def write(boxes=BOXES):
        cells = {"Im001_1": [CellBox(kind, box, "") for kind, box in boxes.values()]}
        if request.param == "coco":
            path = tmp_path / COCO_FILE
            path.write_text(coco_text(cells, SIZES, FILES), encoding="utf-8")
            return path
        for name, text in yolo_files(cells, SIZES).items():
            path = tmp_path / "yolo" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path / "yolo"

    return write


@pytest.fixture
def rows_of(fields, exported):
    """Rows that come of these boxes."""

    def rows(boxes):
        path = exported(boxes)
        return differences(fields, read_corrected(path, SIZES), source="a tool", with_ignored=says_ignore(path))

    return rows


def test_unchanged_boxes_give_no_row(rows_of):
    assert rows_of(BOXES) == []


def test_a_moved_box_gives_a_row_that_moves_it(rows_of):
    (row,) = rows_of(BOXES | {1: ("blast", (14, 20, 58, 61))})

    assert row == Change("Im001_1", "move", "1", None, (14, 20, 58, 61), "by a tool")


def test_rounding_by_a_tool_is_no_move(rows_of):
    assert rows_of(BOXES | {1: ("blast", (10.4, 19.5, 50.7, 61))}) == []


def test_a_deleted_box_gives_a_row_that_deletes_it(rows_of):
    rows = rows_of({number: box for number, box in BOXES.items() if number != 2})

    assert rows == [Change("Im001_1", "delete", "2", note="by a tool")]


def test_a_deleted_box_to_ignore_is_seen_too(rows_of):
    rows = rows_of({number: box for number, box in BOXES.items() if number != 3})

    assert rows == [Change("Im001_1", "delete", "3", note="by a tool")]


def test_an_added_box_gives_a_row_that_adds_it(rows_of):
    rows = rows_of(BOXES | {4: ("healthy", (200, 100, 240, 142))})

    assert rows == [Change("Im001_1", "add", kind="healthy", box=(200, 100, 240, 142), note="by a tool")]


@pytest.mark.parametrize(("number", "kind"), [(1, "healthy"), (2, "ignore"), (3, "blast")])
def test_a_relabelled_box_gives_a_row_that_relabels_it(rows_of, number, kind):
    rows = rows_of(BOXES | {number: (kind, BOXES[number][1])})

    assert rows == [Change("Im001_1", "relabel", str(number), kind, note="by a tool")]


def test_a_box_moved_and_relabelled_gives_one_row(rows_of):
    rows = rows_of(BOXES | {2: ("blast", (96, 20, 140, 66))})

    assert rows == [Change("Im001_1", "move", "2", "blast", (96, 20, 140, 66), "by a tool")]


def test_a_box_moved_far_away_is_another_one(rows_of):
    rows = rows_of(BOXES | {2: ("healthy", (200, 100, 240, 142))})

    assert [(row.action, row.id) for row in rows] == [("delete", "2"), ("add", "")]


def test_rows_applied_give_the_boxes_that_the_tool_gave(fields, rows_of, rows, tmp_path):
    wanted = {1: ("healthy", (14, 20, 58, 61)), 2: BOXES[2], 4: ("ignore", (200, 100, 240, 142))}
    table = tmp_path / "later-merged.csv"
    table.write_text(changes_csv(rows_of(wanted)), encoding="utf-8")
    said = rows(*table.read_text(encoding="utf-8").splitlines()[1:])
    cells = [Proposal(number, kind, box, "stain", box) for number, (kind, box) in BOXES.items()]
    built = annotate({"Im001_1": FieldProposals("Im001_1", tuple(cells), ())}, said)["Im001_1"]

    assert sorted((marked.cell.kind, marked.cell.box) for marked in built.boxes) == sorted(wanted.values())


def test_fields_that_a_tool_did_not_give_back_stay(fields):
    assert differences(fields, {"Im034_0": ()}, source="a tool") == []


def test_the_nearest_box_is_taken_for_the_same_cell():
    near = [(0, 0, 10, 10), (6, 0, 16, 10)]

    assert pairs(near, near[::-1], 0.1) == [(0, 1, 1.0), (1, 0, 1.0)]
    assert pairs(near, [], 0.1) == []
    assert pairs([(0, 0, 2, 2)], [(1, 0, 3, 2)], 0.5) == []


# -- the forms


def test_coco_says_which_boxes_to_ignore(fields, tmp_path):
    boxes = {name: [marked.cell for marked in one.boxes] for name, one in fields.items()}
    content = json.loads(coco_text(boxes, SIZES, FILES))

    assert [entry["file_name"] for entry in content["images"]] == ["Im001_1.jpg", "Im034_0.jpg"]
    assert [entry["name"] for entry in content["categories"]] == ["blast", "healthy", "ignore"]
    assert [(entry["category_id"], entry["iscrowd"]) for entry in content["annotations"]] == [(1, 0), (2, 0), (3, 1)]
    assert content["annotations"][0]["bbox"] == [10, 20, 40, 41]
    assert content["annotations"][0]["area"] == 40 * 41


def test_training_on_yolo_sees_no_box_to_ignore(fields):
    boxes = {name: [marked.cell for marked in one.boxes] for name, one in fields.items()}
    files = yolo_files(boxes, SIZES)

    assert files["classes.txt"] == "blast\nhealthy\n"
    assert [line.split()[0] for line in files["labels/Im001_1.txt"].splitlines()] == ["0", "1"]
    assert [line.split()[0] for line in files["ignored/Im001_1.txt"].splitlines()] == ["2"]
    assert files["labels/Im034_0.txt"] == files["ignored/Im034_0.txt"] == ""


def test_a_yolo_folder_without_a_place_for_boxes_to_ignore_does_not_delete_them(fields, tmp_path):
    boxes = {name: [marked.cell for marked in one.boxes] for name, one in fields.items()}
    texts = yolo_files(boxes, SIZES)
    (tmp_path / "classes.txt").write_text(texts["classes.txt"], encoding="utf-8")
    (tmp_path / "Im001_1.txt").write_text(texts["labels/Im001_1.txt"], encoding="utf-8")
    corrected = read_corrected(tmp_path, SIZES)

    assert differences(fields, corrected, source="a tool", with_ignored=says_ignore(tmp_path)) == []


def test_names_that_a_tool_has_put_around_a_field_are_understood():
    assert field_of("upload/1/1a2b3c-Im001_1.jpg") == "Im001_1"
    assert field_of("other.jpg") == "other"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"images": [{"id": 1, "file_name": "Im999_1.jpg"}]}, r"'Im999_1\.jpg', which is no annotated field"),
        ({"images": []}, "speaks of no field"),
        (
            {"images": [{"id": 1, "file_name": "Im001_1.jpg"}, {"id": 2, "file_name": "x-Im001_1.jpg"}]},
            "speaks of Im001_1 twice",
        ),
        (
            {
                "images": [{"id": 1, "file_name": "Im001_1.jpg"}],
                "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 5, 5]}],
                "categories": [{"id": 1, "name": "platelet"}],
            },
            "'platelet' is no class. Known: blast, healthy, ignore",
        ),
    ],
)
def test_what_cannot_be_merged_is_named(tmp_path, change, says):
    path = tmp_path / "boxes.json"
    path.write_text(json.dumps({"images": [], "annotations": [], "categories": []} | change), encoding="utf-8")

    with pytest.raises(DataError, match=says):
        read_corrected(path, SIZES)


# -- the commands


@pytest.fixture
def house(draw_official, fields, table, tmp_path):
    """Proposals, corrections and boxes as files, and the options that name them."""
    cells = [Proposal(number, kind, box, "stain", box) for number, (kind, box) in BOXES.items()]
    proposals, boxes = tmp_path / "proposals.csv", tmp_path / "boxes.csv"
    proposals.write_text(proposals_csv([FieldProposals("Im001_1", tuple(cells), ())]), encoding="utf-8")
    corrections = table("Im001_1,ok,,,,,,,")
    boxes.write_text(boxes_csv({"Im001_1": [CellBox(c.kind, c.box, c.source) for c in cells]}), encoding="utf-8")
    common = ["--data", str(draw_official), "--boxes", str(boxes), "--proposals", str(proposals)]
    return common, ["--corrections", str(corrections.parent)], boxes


@pytest.mark.parametrize("form", ["coco", "yolo"])
def test_export_and_merge_from_the_terminal(house, tmp_path, capsys, form):
    common, inputs, boxes = house
    out = tmp_path / "out"
    given_back = out / COCO_FILE if form == "coco" else out
    later = ["--out", str(tmp_path / "corrections" / "later-merged.csv")]

    assert main(["annotate", "export", "--format", form, "--out", str(out), *common]) == DONE
    assert main(["annotate", "merge", str(given_back), *common, *inputs, *later]) == DONE
    assert "nothing differs, no file is written" in capsys.readouterr().out

    if form == "coco":
        content = json.loads(given_back.read_text(encoding="utf-8"))
        content["annotations"][1]["category_id"] = 1
        given_back.write_text(json.dumps(content), encoding="utf-8")
    else:
        label = out / "labels" / "Im001_1.txt"
        label.write_text(label.read_text(encoding="utf-8").replace("1 ", "0 ", 1), encoding="utf-8")
    assert main(["annotate", "merge", str(given_back), *common, *inputs, *later]) == DONE
    assert main(["annotate", "build", *common[4:], *inputs, "--out", str(boxes)]) == DONE
    assert [cell.kind for cell in read_boxes(boxes)["Im001_1"]] == ["blast", "blast", "ignore"]


def test_merge_overwrites_nothing_and_refuses_boxes_older_than_the_corrections(house, table, tmp_path, capsys):
    common, inputs, boxes = house
    out = tmp_path / "out"
    main(["annotate", "export", "--format", "coco", "--out", str(out), *common])
    merge = ["annotate", "merge", str(out / COCO_FILE), *common, *inputs]

    assert main([*merge, "--out", str(boxes)]) == FAILED
    assert "corrections are never overwritten" in capsys.readouterr().err
    table("Im001_1,delete,2,,,,,,dirt", name="later-b.csv")
    assert main([*merge, "--out", str(tmp_path / "later-c.csv")]) == FAILED
    assert "is not what proposals and corrections give" in capsys.readouterr().err


def test_other_readers_of_the_house_agree(exported, tmp_path, draw_official):
    path = exported()
    if path.is_dir():
        records = yolo.read_boxes(path / "labels" / "Im001_1.txt", SIZES["Im001_1"], ("blast", "healthy"))
    else:
        (record, *_) = coco.fields(path, draw_official / "ALL_IDB1" / "im")
        records = record.boxes
    for labelled, (kind, box) in zip(records, BOXES.values(), strict=False):
        assert (labelled.kind, labelled.box) == (kind, pytest.approx(box, abs=0.01))
