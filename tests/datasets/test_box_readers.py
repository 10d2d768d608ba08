import json

import pytest

from allcad_core.datasets import coco, voc, yolo
from allcad_core.errors import DataError

VOC = """<annotation><filename>{name}</filename><object><name>WBC</name><bndbox><xmin>11</xmin><ymin>21</ymin>
<xmax>50</xmax><ymax>60</ymax></bndbox></object></annotation>"""


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_yolo_boxes_are_brought_to_pixels_and_named(tmp_path, draw):
    draw(tmp_path / "images" / "train" / "a.jpg", size=(100, 80))
    draw(tmp_path / "images" / "val" / "b.jpg", size=(100, 80))
    write(tmp_path / "labels" / "train" / "a.txt", "1 0.5 0.5 0.2 0.5\n\n0 0.1 0.1 0.2 0.2\n")
    write(tmp_path / "classes.txt", "red\nwhite\n")

    one, other = yolo.fields(tmp_path)

    assert [(box.kind, pytest.approx(box.box)) for box in one.boxes] == [("white", (40, 20, 60, 60)),
                                                                        ("red", (0, 0, 20, 16))]  # fmt: skip
    assert (one.name, one.part, other.part, other.boxes) == ("a", "train", "val", ())


def test_yolo_polygons_become_the_box_around_them(tmp_path):
    path = write(tmp_path / "a.txt", "0 0.1 0.2 0.5 0.2 0.3 0.6\n")

    (box,) = yolo.read_boxes(path, (100, 100))

    assert (box.kind, box.box) == ("0", pytest.approx((10, 20, 50, 60)))


@pytest.mark.parametrize(
    ("names", "expected"),
    [("names: [red, white]", ("red", "white")), ("names:\n  1: white\n  0: red\n", ("red", "white"))],
)
def test_yolo_classes_are_read_from_yaml(tmp_path, names, expected):
    write(tmp_path / "data.yaml", names)

    assert yolo.read_classes(tmp_path) == expected


@pytest.mark.parametrize("text", ["names: {0: a, 2: b}", "names: red", "nc: 2", "names: [", "- a"])
def test_yolo_yaml_without_a_list_of_classes_is_refused(tmp_path, text):
    write(tmp_path / "data.yaml", text)

    with pytest.raises(DataError, match=r"data\.yaml"):
        yolo.read_classes(tmp_path)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("0 0.5 0.5 0.2", "expected a class and four numbers"),
        ("0 a 0.5 0.2 0.2", "expected a class number and coordinates"),
        ("2 0.5 0.5 0.2 0.2", "there is no class 2"),
        ("0 0.5 0.5 1.4 0.2", "the box leaves the picture"),
        ("0 50 50 20 20", "the box leaves the picture"),
        ("0 0.5 0.5 0 0.2", "the box has no area"),
        ("0 nan 0.5 0.2 0.2", "the box leaves the picture"),
    ],
)
def test_a_broken_yolo_line_is_named_with_file_and_line(tmp_path, line, reason):
    path = write(tmp_path / "a.txt", f"1 0.5 0.5 0.2 0.2\n{line}\n")

    with pytest.raises(DataError, match=rf"a\.txt', line 2: {reason}"):
        yolo.read_boxes(path, (100, 100), ("a", "b"))


def coco_content():
    return {
        "images": [{"id": 7, "file_name": "a.jpg"}, {"id": 8, "file_name": "train/b.jpg"}],
        "annotations": [{"id": 1, "image_id": 7, "category_id": 3, "bbox": [10, 20, 30, 40]}],
        "categories": [{"id": 3, "name": "blast"}],
    }


def test_coco_boxes_are_corners_in_pixels(tmp_path, draw):
    draw(tmp_path / "images" / "a.jpg")
    draw(tmp_path / "images" / "train" / "b.jpg")
    path = write(tmp_path / "boxes.json", json.dumps(coco_content()))

    one, other = coco.fields(path)

    assert [(box.kind, box.box) for box in one.boxes] == [("blast", (10, 20, 40, 60))]
    assert (other.name, other.part, other.boxes) == ("train/b", "train", ())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"annotations": [{"id": 5, "image_id": 99, "category_id": 3, "bbox": [0, 0, 1, 1]}]},
            "annotation 5: .*no picture",
        ),
        ({"annotations": [{"id": 5, "image_id": 7, "category_id": 9, "bbox": [0, 0, 1, 1]}]}, "there is no category 9"),
        (
            {"annotations": [{"id": 5, "image_id": 7, "category_id": 3, "bbox": [0, 0, 1]}]},
            "'bbox' must be four numbers",
        ),
        ({"annotations": [{"id": 5, "image_id": 7, "category_id": 3, "bbox": [0, 0, 0, 1]}]}, "no area"),
        ({"images": {}}, "lacks a list of 'images'"),
        ({"images": [{"file_name": "a.jpg"}]}, "lacks 'id'"),
        ({"images": [{"id": 7, "file_name": "../secret.jpg"}], "annotations": []}, "names the picture '../secret.jpg'"),
    ],
)
def test_a_broken_coco_file_is_named_with_its_entry(tmp_path, draw, change, reason):
    draw(tmp_path / "secret.jpg")
    draw(tmp_path / "set" / "a.jpg")
    draw(tmp_path / "set" / "train" / "b.jpg")
    path = write(tmp_path / "set" / "boxes.json", json.dumps(coco_content() | change))

    with pytest.raises(DataError, match=reason):
        coco.fields(path, tmp_path / "set")


def test_broken_json_is_named_with_its_line(tmp_path):
    with pytest.raises(DataError, match=r"boxes\.json', line 2: not valid JSON"):
        coco.fields(write(tmp_path / "boxes.json", '{\n"images": ]'))


def test_voc_pixels_count_from_one(tmp_path, draw):
    draw(tmp_path / "JPEGImages" / "a.jpg")
    write(tmp_path / "Annotations" / "a.xml", VOC.format(name="a.jpg"))

    (field,) = voc.fields(tmp_path)

    assert [(box.kind, box.box) for box in field.boxes] == [("WBC", (10, 20, 50, 60))]
    assert field.path == tmp_path / "JPEGImages" / "a.jpg"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<annotation>\n<object>", "line 2: not valid XML"),
        ("<html/>", "begins with 'html'"),
        ("<annotation><object><name>a</name></object></annotation>", "object 1: the box needs four numbers"),
        (VOC.format(name="a.jpg").replace("WBC", " "), "object 1: the name"),
        (VOC.format(name="a.jpg").replace(">50<", ">5<"), "object 1: the box has no area"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><annotation/>", "declares a document type"),
    ],
)
def test_a_broken_voc_file_is_named(tmp_path, draw, text, reason):
    draw(tmp_path / "a.jpg")
    write(tmp_path / "a.xml", text)

    with pytest.raises(DataError, match=rf"a\.xml'.*{reason}|{reason}"):
        voc.fields(tmp_path)


def test_a_voc_file_without_its_picture_says_so(tmp_path):
    write(tmp_path / "a.xml", VOC.format(name="a.jpg"))

    with pytest.raises(DataError, match=r"names the picture 'a\.jpg', which is not there"):
        voc.fields(tmp_path)
