"""Confusion explorer: the answer first, each number down to its pictures, every state that a visitor can meet."""

from __future__ import annotations

import gc
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from allcad_core.datasets import find_data
from allcad_core.datasets.boxes import CellBox
from allcad_core.evaluation import detector_report, origins, own, own_boxes
from allcad_core.evaluation.classifiers import summarise
from allcad_core.evaluation.judged import Judged, Rule
from allcad_core.evaluation.origins import Origin
from allcad_core.evaluation.own import OwnReport, Refused
from allcad_core.evaluation.points import Labelled
from allcad_core.predictions import BoxPrediction, CellPrediction, path_of, write
from allcad_core.ui.explorer import own_data, pictures, work
from allcad_core.ui.explorer.evidence import BLAST, HEALTHY, NONE

Visit = Callable[..., AppTest]
Words = Callable[[AppTest], str]
PAGE = "confusion_explorer"
NBSP, DASH = "\u00a0", "\u2060\N{EN DASH}\u2060"
FIELDS = ("Im001_1", "Im002_1", "Im003_0", "Im004_0")
SESSIONS = {"Im001_1": "A", "Im002_1": "B", "Im003_0": "A", "Im004_0": "B"}


def store_cells(
    folder: Path, model: str, protocol: str, odds: dict[str, list[float]], fold_of: Callable[[int], int]
) -> None:
    for fold in {fold_of(place) for place in range(len(FIELDS))}:
        rows = [
            CellPrediction("ALL-IDB1", name, 20 + 40 * number, 20, 50 + 40 * number, 50, int(name[-1]), odd, fold)
            for place, name in enumerate(FIELDS)
            if fold_of(place) == fold
            for number, odd in enumerate(odds[name])
        ]
        write(rows, CellPrediction, path_of("cell", protocol, model, fold, folder))


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stored results of a cell classifier under two protocols, and of a detector, about four fields; no data folder."""
    folder = tmp_path / "results"
    odds = {"Im001_1": [3.0, 2.0], "Im002_1": [2.0, -1.0], "Im003_0": [-3.0, -2.0], "Im004_0": [-2.0, 1.0]}
    store_cells(folder, "svm", "field", odds, lambda place: place % 2 * 2 + place // 2)
    store_cells(
        folder, "svm", "random4", {name: [3.0, 3.0] if name[-1] == "1" else [-3.0, -3.0] for name in FIELDS}, int
    )
    origins.write(
        {("ALL-IDB1", name): Origin("ALL-IDB1", name, name, name, SESSIONS[name], "Camera") for name in FIELDS}, folder
    )
    lines = ["image,class,x0,y0,x1,y1,source"]
    lines += [f"{name},{'blast' if name[-1] == '1' else 'healthy'},20,20,50,50,hand" for name in FIELDS]
    boxes = tmp_path / "boxes.csv"
    boxes.write_text("\n".join(lines) + "\n")
    rows = [
        BoxPrediction("Im001_1", 20, 20, 50, 50, "blast", 0.9, 0, 0),
        BoxPrediction("Im001_1", 200, 100, 230, 130, "blast", 0.6, 0, 0),
        BoxPrediction("Im002_1", 0, 0, 0, 0, "", 0, 0, 0),
        BoxPrediction("Im003_0", 20, 20, 50, 50, "healthy", 0.8, 0, 0),
        BoxPrediction("Im004_0", 20, 20, 50, 50, "blast", 0.4, 0, 0),
    ]
    write(rows, BoxPrediction, path_of("detect", "session", "yolo", 0, folder))
    monkeypatch.setattr(work, "RESULTS", folder)
    monkeypatch.setattr(detector_report, "BOXES", boxes)
    monkeypatch.setenv("ALLCAD_DATA", str(tmp_path / "nowhere"))
    return folder


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with the four fields."""
    folder = tmp_path / "data"
    (folder / "ALL_IDB1" / "im").mkdir(parents=True)
    for name in FIELDS:
        field = np.full((160, 260, 3), 220, np.uint8)
        assert cv2.imwrite(str(folder / "ALL_IDB1" / "im" / f"{name}.jpg"), field)
    (folder / "ALL_IDB1" / "sessions.csv").write_text(
        "field,label,session,camera,taken,group\n"
        + "\n".join(f"{name},{name[-1]},{SESSIONS[name]},Camera,,{name}" for name in FIELDS)
        + "\n"
    )
    monkeypatch.setenv("ALLCAD_DATA", str(folder))
    return folder


def mounted(visitor: AppTest, key: str) -> Any:
    """What a component of ours was given."""
    for node in visitor.get("bidi_component"):
        if key in node.proto.id:
            return json.loads(node.proto.json or node.proto.mixed.json)
    return None


def fields(visitor: AppTest) -> dict[str, int]:
    return {
        one["place"]: one["count"]
        for row in mounted(visitor, "explorer-fields")["fields"]
        for one in row
        if one["place"]
    }


def choose(visitor: AppTest, truth: int, answer: int) -> AppTest:
    visitor.session_state["explorer-place"] = (truth, answer)
    return visitor.run()


def test_the_answer_comes_first(shelf: Path, visit: Visit, text: Words):
    visitor = visit(PAGE)
    assert not visitor.exception
    assert visitor.title[0].value.startswith("svm calls ")
    assert visitor.title[0].value.endswith("of 4 blasts.")
    assert "Fields were left out with all that overlaps them" in text(visitor)
    assert "For research and teaching. Not a medical device." in text(visitor)


def test_the_slider_moves_matrix_answer_and_curves(shelf: Path, visit: Visit, text: Words):
    visitor = visit(PAGE)
    visitor.slider[0].set_value(0.99).run()
    assert fields(visitor) == {"1-1": 0, "1-0": 4, "0-1": 0, "0-0": 4}
    assert visitor.title[0].value == f"svm calls 50{NBSP}% (22{DASH}78) of the cells right; it misses 4 of 4 blasts."
    visitor.slider[0].set_value(0.0).run()
    assert fields(visitor) == {"1-1": 4, "1-0": 0, "0-1": 4, "0-0": 0}
    rules = [chart["rule"] for chart in mounted(visitor, "explorer-curves")["charts"]]
    assert rules == [None, None, 0.0, 0.0]
    assert visitor.query_params["threshold"] == "0"


def test_the_way_back_to_the_threshold_of_each_fold(shelf: Path, visit: Visit):
    visitor = visit(PAGE)
    before = visitor.title[0].value
    visitor.slider[0].set_value(0.99).run()
    visitor.button(key="explorer-usual").click().run()
    assert visitor.title[0].value == before
    assert "threshold" not in visitor.query_params


def test_without_a_data_folder_names_and_scores_stand_in_for_pictures(shelf: Path, visit: Visit, text: Words):
    visitor = choose(visit(PAGE, threshold="0.5"), BLAST, HEALTHY)
    assert visitor.header[1].value == "1 blast called healthy"
    table = visitor.dataframe[0].value
    assert table["picture"].tolist() == ["Im002_1"]
    assert table["session"].tolist() == ["B"]
    assert "There is no data folder at" in text(visitor)
    assert mounted(visitor, "explorer-gallery") is None


def test_with_a_data_folder_the_pictures_themselves_are_shown(shelf: Path, data: Path, visit: Visit, text: Words):
    visitor = choose(visit(PAGE, threshold="0.5"), BLAST, BLAST)
    assert visitor.header[1].value == "3 blasts called blast"
    tiles = mounted(visitor, "explorer-gallery")["items"]
    assert sorted(tile["words"] for tile in tiles) == ["Im001_1", "Im001_1", "Im002_1"]
    assert all(tile["alt"].startswith(f"{tile['words']}, probability of blast") for tile in tiles)
    assert "Chosen: Im00" in text(visitor)


def test_a_folder_set_on_the_page_is_used(shelf: Path, data: Path, visit: Visit, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ALLCAD_DATA", str(data.parent / "nowhere"))
    visitor = choose(visit(PAGE, threshold="0.5"), BLAST, BLAST)
    visitor.text_input[0].set_value(str(data)).run()
    assert mounted(visitor, "explorer-gallery") is not None
    assert find_data(data) == data


def test_the_field_goes_on_into_analyse(shelf: Path, data: Path, visit: Visit):
    visitor = choose(visit(PAGE, threshold="0.5"), BLAST, BLAST)
    visitor.button(key="explorer-open").click().run()
    assert visitor.title[0].value == "3 of 5 white cells look like blasts."


def test_a_detector_has_a_missed_column_and_an_extra_row(shelf: Path, visit: Visit):
    visitor = visit(PAGE, task="detect")
    assert fields(visitor) == {"1-1": 1, "1-0": 0, "1-2": 1, "0-1": 1, "0-0": 1, "0-2": 0, "2-1": 1, "2-0": 0}
    assert f"yolo finds and names 50{NBSP}%" in visitor.title[0].value
    assert choose(visitor, BLAST, NONE).header[1].value == "1 blast missed"
    assert choose(visitor, NONE, BLAST).header[1].value == "1 box on no cell called blast"
    visitor.slider[0].set_value(0.7).run()
    assert fields(visitor)["2-1"] == 0
    assert fields(visitor)["0-2"] == 1


def test_a_filter_restricts_everything(shelf: Path, visit: Visit):
    visitor = visit(PAGE, threshold="0.5")
    visitor.session_state["explorer-filter"] = {"session": ("A",)}
    visitor.run()
    assert fields(visitor) == {"1-1": 2, "1-0": 0, "0-1": 0, "0-0": 2}
    assert "it misses 0 of 2 blasts" in visitor.title[0].value


def test_a_split_that_leaks_says_so_beside_the_fair_figure(shelf: Path, visit: Visit, text: Words):
    visitor = visit(PAGE, protocol="random4", model="svm")
    assert "This split leaks: the figure is too good." in text(visitor)
    assert "Under &#x27;New field&#x27; it is right in" in text(visitor)
    assert "This split leaks" not in text(visit(PAGE, protocol="field", model="svm"))


def test_folds_that_are_not_trained_yet_are_told(shelf: Path, visit: Visit, text: Words):
    assert "Folds 2, 3 of this protocol are not trained yet." in text(visit(PAGE, task="detect"))


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ({"model": "nonsense"}, "There is no model with stored results of 'Cells' called 'nonsense'. Known: svm."),
        ({"task": "nonsense"}, "There is no task with stored results called 'nonsense'."),
        (
            {"model": "svm", "protocol": "nonsense"},
            "There is no protocol with stored results of svm called 'nonsense'.",
        ),
        ({"threshold": "7"}, "There is no threshold called '7'. Known: a number from 0 to 1."),
    ],
)
def test_an_address_that_names_nothing_known_says_so(
    shelf: Path, visit: Visit, address: dict[str, str], sentence: str, text: Words
):
    visitor = visit(PAGE, **address)
    assert sentence in text(visitor).replace("&#x27;", "'").replace("</b></p><p>", " ")
    assert visitor.title[0].value.startswith("svm calls ")


def test_a_damaged_file_is_named_and_others_can_be_chosen(shelf: Path, visit: Visit, text: Words):
    path_of("cell", "field", "svm", 0, shelf).write_text("these are words\n1\n")
    visitor = visit(PAGE)
    assert visitor.title[0].value == "These results cannot be read."
    assert "fold0.csv" in text(visitor)
    visitor.selectbox(key="explorer-protocol").set_value("random4").run()
    assert visitor.title[0].value.startswith("svm calls 100")


def test_nothing_stored_is_a_page_as_well(tmp_path: Path, visit: Visit, monkeypatch: pytest.MonkeyPatch, text: Words):
    monkeypatch.setattr(work, "RESULTS", tmp_path / "empty")
    visitor = visit(PAGE)
    assert visitor.title[0].value == "No results are stored."
    assert [button.label for button in visitor.button] == ["My own data"]


def answers(_: Path, model: str | None, task: str, **_more: object) -> OwnReport:
    judged = [
        Judged(Origin("mine", f"cell{place}", f"cell{place}", f"cell{place}", kind=kind), None, label, 0, chance, 0.5)
        for place, (kind, label, chance) in enumerate([("blast", 1, 0.9), ("blast", 1, 0.2), ("healthy", 0, 0.1)])
    ]
    report = summarise(judged, {0: Rule()}, model=str(model), task=task, protocol=own.PROTOCOL)
    return OwnReport(report, (Refused("notes.png", "notes.png is not a picture that allcad can read."),))


def brought(visit: Visit, folder: Path, model: str, task: str) -> AppTest:
    """A visitor who has brought pictures of his own."""
    (folder / "mine").mkdir()
    visitor = visit(PAGE)
    visitor.session_state["explorer-own"] = own_data.judge(folder / "mine", "mine", model, task, ())
    visitor.run()
    assert not visitor.exception
    return visitor


def test_own_pictures_get_the_same_views_and_unusable_files_are_named(
    shelf: Path, visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: Words
):
    monkeypatch.setattr(own, "evaluate", answers)
    monkeypatch.setattr(own, "files_of", lambda *_: {})
    visitor = brought(visit, tmp_path, "best_cell", "cell")
    assert (
        visitor.title[0].value == f"best_cell calls 67{NBSP}% (21{DASH}94) of the cells right; it misses 1 of 2 blasts."
    )
    assert fields(visitor) == {"1-1": 1, "1-0": 1, "0-1": 0, "0-0": 1}
    assert "1 file could not be used. The other 3 pictures were judged." in [one.label for one in visitor.expander]
    assert "notes.png is not a picture" in text(visitor)
    next(button for button in visitor.button if button.label == "Back to stored results").click().run()
    assert visitor.title[0].value.startswith("svm calls ")


def test_a_detector_is_held_against_boxes_of_ones_own(
    shelf: Path, visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    here, there = (10.0, 10.0, 50.0, 50.0), (100.0, 10.0, 140.0, 50.0)
    found = own_boxes.OwnBoxes(
        "yolo11n",
        0.25,
        {"a.png": (Labelled(here, "blast", 0.9), Labelled((200.0, 10.0, 240.0, 50.0), "blast", 0.5))},
        {"a.png": (CellBox("blast", here, "hand"), CellBox("blast", there, "hand"))},
        {"a.png": Origin("mine", "a.png", "a.png", "a.png")},
        (),
    )
    monkeypatch.setattr(own_boxes, "evaluate", lambda *_, **__: found)
    monkeypatch.setattr(own, "files_of", lambda *_: {})
    visitor = brought(visit, tmp_path, "yolo11n", "detect")
    assert visitor.title[0].value.startswith("yolo11n finds and names 50")
    counts = fields(visitor)
    assert (counts["1-1"], counts["1-2"], counts["2-1"]) == (1, 1, 1)  # found, missed, extra


def test_the_dialog_asks_for_a_file_or_a_folder(shelf: Path, visit: Visit):
    visitor = visit(PAGE)
    next(button for button in visitor.button if button.label == "My own data").click().run()
    assert not visitor.exception
    assert visitor.text_input(key="explorer-path").label == "Or a folder on the machine where allcad runs"
    assert next(button for button in visitor.button if button.label == "Evaluate").disabled


def test_unpacked_pictures_go_when_nobody_looks_at_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    archive = tmp_path / "mine.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("blast/a.png", b"x")
    seen: list[Path] = []

    def judged(folder: Path, *_: object, **_more: object) -> OwnReport:
        seen.append(folder)
        return answers(folder, "m", "cell")

    monkeypatch.setattr(own, "evaluate", judged)
    brought = own_data.judge(archive, "mine.zip", "m", "cell", ())
    assert (seen[0] / "blast" / "a.png").is_file()
    assert list(brought.files) == ["a"]
    del brought
    gc.collect()
    assert not seen[0].exists()


def test_an_archive_that_climbs_out_is_refused_and_nothing_is_written(tmp_path: Path):
    archive = tmp_path / "bad.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("../../climbed.png", b"x")
    with pytest.raises(Exception, match="leads out of its folder"):
        own_data.judge(archive, "bad.zip", "best_cell", "cell", ())
    assert not list(tmp_path.parent.glob("climbed.png"))


def test_a_folder_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(Exception, match="There is no folder"):
        own_data.judge(tmp_path / "gone", "gone", None, "cell", ())


def test_small_pictures_are_read_once_and_a_missing_file_leaves_a_grey_one(shelf: Path, data: Path, visit: Visit):
    visit(PAGE)  # caches are fresh
    item = work.load("cell", "svm", "field").items[0]
    where = {item.origin.image: data / "ALL_IDB1" / "im" / f"{item.origin.image}.jpg"}
    told: list[int] = []
    first = pictures.tiles([item], where, told.append)[0]
    assert first.shape == (128, 128, 3)
    assert told == [1]
    where[item.origin.image].unlink()
    assert pictures.are_known([item], where)
    assert pictures.tiles([item], where)[0] is first
    assert set(pictures.tiles([item], {})[0].ravel().tolist()) == {205}
