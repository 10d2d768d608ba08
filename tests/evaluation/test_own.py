"""Pictures of one's own: every layout gives the same view, what cannot be used is told, hostile archives are refused."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from allcad_core.cli import DONE, FAILED, main
from allcad_core.errors import DataError
from allcad_core.evaluation import archives, own
from allcad_core.evaluation.archives import unpack
from allcad_core.evaluation.own import evaluate, is_own, label_of

if TYPE_CHECKING:
    from allcad_core.synthesis import GeneratedField

MODEL = "lightweight"


@pytest.fixture
def crops(tmp_path: Path, generated: GeneratedField) -> Path:
    """A folder a class, cut from a generated field."""
    for number, cell in enumerate(generated.cells):
        x, y = (round((cell.box[axis] + cell.box[axis + 2]) / 2) for axis in (0, 1))
        padded = np.pad(generated.pixels, ((60, 60), (60, 60), (0, 0)), mode="edge")
        path = tmp_path / "mine" / ("blasts" if cell.label == "blast" else "normal") / f"cell{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(padded[y : y + 120, x : x + 120]).save(path)
    for name in ("blasts", "normal"):
        (tmp_path / "mine" / name).mkdir(exist_ok=True)
    return tmp_path / "mine"


@pytest.fixture
def boxes(tmp_path: Path, generated: GeneratedField) -> Path:
    """The whole field with the boxes of its cells as YOLO's text."""
    folder = tmp_path / "boxed"
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    Image.fromarray(generated.pixels).save(folder / "images" / "field.png")
    height, width = generated.pixels.shape[:2]
    lines = [
        f"{int(cell.label == 'blast')} {(x0 + x1) / 2 / width} {(y0 + y1) / 2 / height} {(x1 - x0) / width} {(y1 - y0) / height}"
        for cell in generated.cells
        for x0, y0, x1, y1 in [cell.box]
    ]
    (folder / "labels" / "field.txt").write_text("\n".join([*lines, "2 0.5 0.5 0.1 0.1"]) + "\n")
    (folder / "classes.txt").write_text("healthy\nblast\nRBC\n")
    return folder


def truths(report: own.OwnReport) -> list[int]:
    return sorted(entry.truth for entry in report.report.judged)


@pytest.mark.slow
def test_a_folder_a_class_and_a_zip_of_it_are_judged_alike(
    crops: Path, generated: GeneratedField, tmp_path: Path
) -> None:
    found = evaluate(crops, MODEL)
    assert truths(found) == sorted(int(cell.label == "blast") for cell in generated.cells)
    assert found.refused == ()
    archive = tmp_path / "mine.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for path in crops.rglob("*.png"):
            packed.write(path, Path("mine") / path.relative_to(crops))
    again = evaluate(archive, MODEL)
    assert {entry.origin.image: entry.probability for entry in again.report.judged} == {
        entry.origin.image: entry.probability for entry in found.report.judged
    }


@pytest.mark.slow
def test_boxes_of_yolo_and_coco_are_judged_alike_and_red_cells_are_not(boxes: Path, generated: GeneratedField) -> None:
    found = evaluate(boxes, MODEL)
    assert truths(found) == sorted(int(cell.label == "blast") for cell in generated.cells)
    height, width = generated.pixels.shape[:2]
    content = {
        "images": [
            {"id": 1, "file_name": "field.png", "width": width, "height": height},
            {"id": 2, "file_name": "gone.png", "width": 9, "height": 9},
        ],
        "categories": [{"id": 1, "name": "ALL"}, {"id": 2, "name": "healthy"}],
        "annotations": [
            {
                "id": n,
                "image_id": 1,
                "category_id": 1 if cell.label == "blast" else 2,
                "bbox": [x0, y0, x1 - x0, y1 - y0],
            }
            for n, cell in enumerate(generated.cells)
            for x0, y0, x1, y1 in [map(float, cell.box)]
        ],
    }
    (boxes / "annotations.json").write_text(json.dumps(content))
    again = evaluate(boxes, MODEL)
    chances = [sorted(entry.probability for entry in each.report.judged) for each in (found, again)]
    assert chances[0] == pytest.approx(chances[1], abs=1e-3)
    assert [entry.file for entry in again.refused] == ["gone.png"]


@pytest.mark.slow
def test_a_file_that_cannot_be_used_is_told_and_the_others_are_judged(
    crops: Path, boxes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (crops / "normal" / "broken.png").write_bytes(b"no picture")
    assert main(["evaluate", "cell", MODEL, "--data", str(crops), "--json"]) == FAILED
    output = capsys.readouterr()
    assert "broken" in output.err
    assert len(json.loads(output.out)[0]["judged"]) == len(list(crops.rglob("cell*.png")))

    Image.new("RGB", (90, 90), "white").save(boxes / "images" / "unlabelled.png")
    Image.new("RGB", (90, 90), "white").save(boxes / "images" / "torn.png")
    (boxes / "labels" / "torn.txt").write_text("0 0.5 zero\n")
    refused = {entry.file: entry.sentence for entry in evaluate(boxes, MODEL).refused}
    assert "missing" in refused["unlabelled"]
    assert "line 1" in refused["torn"]


@pytest.mark.slow
def test_the_terminal_tells_the_shipped_model_s_figures(crops: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "cell", MODEL, "--data", str(crops), "--blast", "blasts"]) == DONE
    text = capsys.readouterr().out
    assert "pictures of your own, the shipped model" in text
    assert "Temperature and threshold of the card" in text


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        ("Blast", 1), ("Malignant Pre-B", 1), ("ALL", 1), ("1", 1), ("lymphoblast_2", 1), ("healthy_1", 0), ("normal", 0),
        ("non-blast", 0), ("NEUTROPHIL", 0), ("hem", 0), ("0", 0), ("platelets", None), ("RBC", None),
    ],
)  # fmt: skip
def test_a_class_is_known_by_its_name(kind: str, label: int | None) -> None:
    assert label_of(kind) == label


def test_a_class_of_unknown_meaning_is_asked_for() -> None:
    with pytest.raises(DataError, match="'thing' means blasts or healthy"):
        label_of("thing")
    assert [label_of(kind, ["thing"]) for kind in ("thing", "blast")] == [1, 0]


def test_the_sets_that_allcad_knows_are_not_one_s_own(tmp_path: Path, crops: Path) -> None:
    assert is_own(crops)
    Image.new("RGB", (90, 90)).save(crops.parent / "Im001_1.png")
    known = tmp_path / "data" / "ALL_IDB1" / "im"
    known.mkdir(parents=True)
    Image.new("RGB", (90, 90)).save(known / "Im001_1.png")
    assert not is_own(tmp_path / "data")
    with pytest.raises(DataError):
        is_own(tmp_path / "nowhere")


def test_a_folder_without_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no folder or ZIP file"):
        evaluate(tmp_path / "nowhere", MODEL)
    Image.new("RGB", (90, 90)).save(tmp_path / "alone.png")
    with pytest.raises(DataError, match="one a class"):
        evaluate(tmp_path, MODEL)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"readme.txt": b"hello"}, "There is no picture in 'mine'."),
        ({"a.jpg": b"x"}, "'mine' holds no folders of pictures, one a class, such as 'blast' and 'healthy'."),
    ],
)
def test_an_archive_is_called_by_its_name_not_by_where_it_was_unpacked(
    tmp_path: Path, files: dict[str, bytes], sentence: str
) -> None:
    with pytest.raises(DataError) as told:
        evaluate(packed(tmp_path / "mine.zip", files), MODEL)
    assert str(told.value) == sentence


def packed(path: Path, files: dict[str, bytes], **options: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = options.get("attributes", 0o100644) << 16
            archive.writestr(info, content)
    return path


@pytest.mark.parametrize(
    "name", ["../out.png", "a/../../out.png", "/etc/out.png", "..\\out.png", "C:\\out.png", "C:out.png"]
)
def test_paths_that_climb_out_are_refused(tmp_path: Path, name: str) -> None:
    archive = packed(tmp_path / "bad.zip", {"fine.png": b"x", name: b"x"})
    with pytest.raises(DataError, match="leads out of its folder"):
        unpack(archive, tmp_path / "inside" / "deep")
    assert not list(tmp_path.rglob("out.png"))
    assert not (tmp_path / "inside").exists()


def test_links_are_refused(tmp_path: Path) -> None:
    archive = packed(tmp_path / "bad.zip", {"a.png": b"/etc/passwd"}, attributes=0o120777)
    with pytest.raises(DataError, match="is a link"):
        unpack(archive, tmp_path / "inside")


def test_what_swells_is_refused(tmp_path: Path) -> None:
    archive = packed(tmp_path / "bomb.zip", {"a.png": bytes(30_000_000)})
    assert archive.stat().st_size < 100_000
    with pytest.raises(DataError, match="swells as no photograph does"):
        unpack(archive, tmp_path / "inside")


def test_a_header_that_lies_about_the_size_is_not_believed(tmp_path: Path) -> None:
    archive = packed(tmp_path / "liar.zip", {"a.png": bytes(30_000_000)})
    content = archive.read_bytes()
    archive.write_bytes(content.replace(struct.pack("<L", 30_000_000), struct.pack("<L", 1000)))
    with pytest.raises(DataError):
        unpack(archive, tmp_path / "inside")
    assert sum(path.stat().st_size for path in (tmp_path / "inside").rglob("*")) < 2_000_000


@pytest.mark.parametrize("limit", ["MAX_FILES", "MAX_BYTES"])
def test_too_much_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(archives, limit, 3)
    archive = packed(tmp_path / "much.zip", {f"{n}.png": b"xy" for n in range(4)})
    with pytest.raises(DataError):
        unpack(archive, tmp_path / "inside")
    assert not (tmp_path / "inside").exists()


def test_what_is_no_zip_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 and nothing")
    with pytest.raises(DataError, match="cannot be unpacked"):
        unpack(tmp_path / "a.zip", tmp_path / "inside")


def test_programs_and_hidden_files_stay_in_the_archive(tmp_path: Path) -> None:
    files = {"a/x.png": b"1", "a/run.sh": b"2", ".hidden/y.png": b"3", "__MACOSX/._x.png": b"4", "a/x.txt": b"5"}
    done = unpack(packed(tmp_path / "a.zip", files), tmp_path / "inside")
    assert (done.files, done.left) == (2, 3)
    assert {path.name for path in done.folder.rglob("*") if path.is_file()} == {"x.png", "x.txt"}
