"""What other tools get, opened with what reads it and compared with the analysis."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pypdf import PdfReader

from allcad_core.annotation.build import FieldAnnotation
from allcad_core.annotation.exchange import read_corrected, says_ignore
from allcad_core.annotation.merge import differences
from allcad_core.export import as_json, coco_json, qupath_geojson, report_pdf, to_dict, yolo_zip
from allcad_core.export.marks import GREY, TEAL, VIOLET
from allcad_core.images import SmearImage, from_array
from allcad_core.results import Add, Cell, Delete, FieldAnalysis, Note, Relabel, Timing
from allcad_core.review import Review, apply, from_json
from tests import analyses

WIDTH, HEIGHT = 400, 300
OUTLINE = ((110.0, 105.0), (170.0, 105.0), (170.0, 165.0), (110.0, 165.0))
CELLS = (
    Cell((100.0, 100.0, 180.0, 170.0), "blast", 0.9, 0.97, {"lightweight": 0.97}, OUTLINE, {"nc_ratio": 0.8}),
    Cell((10.0, 20.126, 60.5, 70.0), "healthy", 0.8, 0.1),
    Cell((200.0, 20.0, 260.0, 90.0), "healthy", 0.7, 0.45, flags=("uncertain",)),
    Cell((-3.0, 200.0, 50.0, 301.0), "blast", 0.6, 0.9, flags=("border",)),
    Cell((300.0, 200.0, 350.0, 250.0), "blast", 0.1, 0.9),
)
STEPS = (Relabel(CELLS[1].box, "blast"), Relabel(CELLS[2].box, "unsure"), Add((300.0, 100.0, 360.0, 150.0), "healthy"))


def analysis(sha256: str = "ab" * 32) -> FieldAnalysis:
    return analyses.analysis(
        *CELLS,
        image="fields/Im001_1.jpg",
        width=WIDTH,
        height=HEIGHT,
        sha256=sha256,
        warnings=(Note("blurred", "The picture is blurred; cells may be missed."),),
        timing_ms=Timing(1, 2, 3, 4, 10),
    )


@pytest.fixture
def reviewed() -> FieldAnalysis:
    return apply(analysis(), STEPS)


@pytest.fixture
def image() -> SmearImage:
    noise = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    return from_array(noise, "fields/Im001_1.jpg")


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools' own
def test_coco_is_read_by_its_own_library_with_the_same_cells(reviewed: FieldAnalysis, tmp_path: Path, capsys):
    from pycocotools.coco import COCO

    path = tmp_path / "coco.json"
    path.write_text(coco_json([reviewed]), "utf-8")
    coco = COCO(path)
    capsys.readouterr()  # it reports on standard output
    names = {number: entry["name"] for number, entry in coco.cats.items()}
    found = coco.loadAnns(coco.getAnnIds())
    assert [names[one["category_id"]] for one in found] == ["blast", "blast", "ignore", "blast", "healthy"]
    assert [one["iscrowd"] for one in found] == [0, 0, 1, 0, 0]
    assert found[0]["bbox"] == [100, 100, 80, 70]
    assert found[3]["bbox"] == [0, 200, 50, 100]  # cut at the edge of the picture
    assert found[0]["area"] == 60 * 60
    assert int(coco.annToMask(found[0]).sum()) == pytest.approx(60 * 60, rel=0.05)
    assert [one["attributes"]["reviewed"] for one in found] == [False, True, True, False, True]
    assert coco.imgs[1]["file_name"] == "Im001_1.jpg"


def test_qupath_gets_outlines_classes_colours_and_measurements(reviewed: FieldAnalysis):
    features = json.loads(qupath_geojson(reviewed))["features"]
    classes = [feature["properties"]["classification"] for feature in features]
    assert [one["name"] for one in classes] == ["Blast", "Blast", "Cannot tell", "Blast", "Healthy"]
    assert [tuple(one["color"]) for one in classes] == [VIOLET, VIOLET, GREY, VIOLET, TEAL]
    for feature, cell in zip(features, reviewed.cells, strict=True):
        (ring,) = feature["geometry"]["coordinates"]
        assert ring[0] == ring[-1]
        points = np.array(ring)
        area = np.sum(points[:-1, 0] * points[1:, 1] - points[1:, 0] * points[:-1, 1]) / 2
        assert area > 0  # an outer ring runs counter-clockwise (RFC 7946)
        assert feature["properties"]["measurements"]["Score"] == cell.score
    assert {tuple(point) for point in features[0]["geometry"]["coordinates"][0]} == set(OUTLINE)
    assert features[0]["properties"]["measurements"]["Nucleus/cell area ratio"] == 0.8
    assert "Blast probability" not in features[4]["properties"]["measurements"]
    assert len({feature["id"] for feature in features}) == len(features)


def test_yolo_lines_lie_where_the_cells_do(reviewed: FieldAnalysis):
    with zipfile.ZipFile(io.BytesIO(yolo_zip([reviewed]))) as archive:
        assert sorted(archive.namelist()) == ["classes.txt", "ignored/Im001_1.txt", "labels/Im001_1.txt"]
        assert archive.read("classes.txt").decode().split() == ["blast", "healthy"]
        lines = [line.split() for line in archive.read("labels/Im001_1.txt").decode().splitlines()]
        (ignored,) = archive.read("ignored/Im001_1.txt").decode().splitlines()
    assert [line[0] for line in lines] == ["0", "0", "0", "1"]
    assert [float(value) for value in lines[0][1:]] == pytest.approx([140 / 400, 135 / 300, 80 / 400, 70 / 300])
    assert ignored.startswith("2 ")
    assert yolo_zip([reviewed]) == yolo_zip([reviewed])


def test_two_photographs_of_one_name_need_stems_of_their_own(reviewed: FieldAnalysis):
    with pytest.raises(ValueError, match="same name"):
        yolo_zip([reviewed, analysis()])
    with zipfile.ZipFile(io.BytesIO(yolo_zip([reviewed, analysis()], ["one", "two"]))) as archive:
        assert "labels/two.txt" in archive.namelist()


@pytest.mark.parametrize("form", ["coco", "yolo"])
def test_a_review_goes_back_into_the_annotation_that_training_reads(form: str, tmp_path: Path):
    """What the models found is the annotation; exactly what the reviewer changed comes out as rows of corrections."""
    from allcad_core.annotation.build import MarkedBox
    from allcad_core.datasets.boxes import CellBox

    inside = replace(analysis(), every_cell=CELLS[:3])
    marked = tuple(
        MarkedBox(str(number), CellBox(cell.label, cell.box, "stain")) for number, cell in enumerate(inside.cells)
    )
    annotation = {"Im001_1": FieldAnnotation("Im001_1", marked, (), {}, (), looked=True)}
    steps = (*STEPS, Delete(CELLS[0].box))
    path = _written(form, apply(inside, steps), tmp_path)
    corrected = read_corrected(path, {"Im001_1": (WIDTH, HEIGHT)})
    rows = differences(annotation, corrected, source="review", with_ignored=says_ignore(path))
    assert [(row.action, row.id, row.kind, row.box) for row in rows] == [
        ("delete", "0", None, None),
        ("relabel", "1", "blast", None),
        ("relabel", "2", "ignore", None),
        ("add", "", "healthy", (300, 100, 360, 150)),
    ]
    same = read_corrected(_written(form, inside, tmp_path / "same"), {"Im001_1": (WIDTH, HEIGHT)})
    assert differences(annotation, same, source="review") == []


def _written(form: str, shown: FieldAnalysis, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    if form == "coco":
        path = folder / "coco.json"
        path.write_text(coco_json([shown]), "utf-8")
        return path
    with zipfile.ZipFile(io.BytesIO(yolo_zip([shown]))) as archive:
        archive.extractall(folder / "yolo")
    return folder / "yolo"


def test_json_carries_the_review_and_gives_it_back(reviewed: FieldAnalysis):
    (form,) = json.loads(as_json([reviewed]))
    review = form["review"]
    assert review["cells_reviewed"] == 3
    assert [change["kind"] for change in review["changes"]] == ["relabelled", "relabelled", "added"]
    assert review["counts_by_models"] == to_dict(analysis())["counts"]
    assert review["blast_fraction_by_models"] == to_dict(analysis())["blast_fraction"]
    assert from_json(as_json([reviewed, analysis("cd" * 32)])) == (Review("ab" * 32, STEPS), Review("cd" * 32))
    assert to_dict(analysis())["review"] is None


def words(pdf: bytes) -> str:
    reader = PdfReader(io.BytesIO(pdf))
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in reader.pages).replace("\u00a0", " "))


def test_the_report_says_what_the_analysis_says(reviewed: FieldAnalysis, image: SmearImage):
    text = words(report_pdf(image, reviewed))
    assert reviewed.suggestion.headline in text
    assert f"Blast share {reviewed.blast_fraction}, 95".replace("\u00a0", " ") in text
    assert f"Models alone: {analysis().blast_fraction}.".replace("\u00a0", " ") in text
    assert "Blasts 3 75 %" in text
    assert "Cannot tell, not counted 1" in text
    assert "3 of 5 cells reviewed by a person, 3 changes." in text
    for sentence in ("At 35, 45: healthy became blast.", "At 330, 125: healthy drawn where the models found no cell."):
        assert sentence in text
    for known in ("Im001_1.jpg", "400 \u00d7 300 px", "The picture is blurred", "lightweight, weights", "ab" * 32):
        assert known in text
    assert text.count("For research and teaching. Not a medical device.") == len(
        PdfReader(io.BytesIO(report_pdf(image, reviewed))).pages
    )


def test_a_report_without_review_and_without_cells_says_so(image: SmearImage):
    text = words(report_pdf(image, replace(analysis(), every_cell=(), warnings=())))
    assert "No white cell was found." in text
    assert "Nobody has reviewed these cells." in text
    assert "Most suspicious" not in text


def test_a_report_has_its_fonts_and_its_pictures_inside(reviewed: FieldAnalysis, image: SmearImage):
    pdf = report_pdf(image, reviewed)
    pages = PdfReader(io.BytesIO(pdf)).pages
    fonts = [font.get_object() for page in pages for font in page["/Resources"]["/Font"].values()]
    inner = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"] for font in fonts]
    assert inner
    assert all("/FontFile2" in one for one in inner)
    assert sum(len(page.images) for page in pages) >= 1 + len(reviewed.cells)
    assert b"http" not in pdf.replace(b"http://www.w3.org", b"").replace(b"http://ns.adobe.com", b"")


def test_a_report_of_another_picture_is_refused(image: SmearImage):
    with pytest.raises(ValueError, match="not analysed"):
        report_pdf(image, replace(analysis(), width=300, height=400))


def test_a_name_of_letters_that_no_font_has_still_gives_a_report(image: SmearImage):
    assert report_pdf(image, replace(analysis(), image="smear \udcff \u7ec6\u80de \U0001f600.png"))[:5] == b"%PDF-"
