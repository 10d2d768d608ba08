"""One picture, one answer: the cell in the middle of a crop is judged as in an analysis, a field as a whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from allcad_core import analysis, classify, images, models
from allcad_core.analysis import cell_classifier
from allcad_core.classification import cut_cells
from allcad_core.classify import classify_crop, classify_field, model_for
from allcad_core.cli import DONE, FAILED, WRONG_USAGE, main
from allcad_core.errors import AllcadError, UnknownNameError
from allcad_core.ground import balance
from allcad_core.images import SmearImage
from allcad_core.segmentation import segment

Draw = Callable[..., NDArray[np.uint8]]
CPU = torch.device("cpu")


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small classifier of cells and one of masked fields, instead of those that ship."""
    torch.manual_seed(3)
    small = {"size": 16, "channels": [2, 3], "hidden": 4}
    seen = {
        "spot": ("cell", {"size": 16, "context": 1.25}, ("healthy", "blast"), small),
        "spot_field": (
            "field",
            {"height": 16, "width": 24, "mask": "stain"},
            ("normal", "ALL"),
            {**small, "width": 24},
        ),
    }
    for name, (task, wanted, classes, arguments) in seen.items():
        builder = "allcad_core.classification.lightweight:build"
        digest = models.write_weights(models.build(builder, arguments).state_dict(), tmp_path / f"{name}.safetensors")
        card = models.Card(
            name=name, title="Spot", task=task, file=f"{name}.safetensors", sha256=digest, storage="fp16",
            builder=builder, arguments=arguments, input=wanted, classes=classes, parameters=0, temperature=2.0,
            threshold=0.4, paper="", trained_on="", never_seen="", command="", licences="",
        )  # fmt: skip
        models.write_card(card, tmp_path)
    monkeypatch.setattr(models, "WEIGHTS", tmp_path)
    cell_classifier.cache_clear()
    classify.field_classifier.cache_clear()
    yield tmp_path
    cell_classifier.cache_clear()
    classify.field_classifier.cache_clear()


@pytest.fixture
def crop(draw: Draw) -> SmearImage:
    """A crop with a nucleus in its middle, and parts of two neighbours."""
    purple = [(100, 96, 30), (0, 10, 40), (196, 190, 34)]
    red = [(30, 120, 28), (140, 30, 28), (60, 180, 28)]
    return images.from_array(draw((200, 190), purple=purple, red=red), "crop.png")


class TestCrops:
    """Of single cells."""

    def test_the_cell_in_the_middle_is_judged_as_an_analysis_would(self, weights: Path, crop: SmearImage) -> None:
        answer = classify_crop(crop)
        (box,) = [
            region.box
            for region in segment(crop.pixels, "stain").regions
            if region.box[0] < 100 < region.box[2] and region.box[1] < 95 < region.box[3]
        ]
        (expected,) = cell_classifier("spot", CPU).probabilities(balance(crop.pixels), [box])
        assert answer.probability == pytest.approx(expected)
        assert (answer.model, answer.task, answer.threshold) == ("spot", "cell", 0.4)
        assert answer.label == ("blast" if answer.probability >= 0.4 else "healthy")
        assert answer.warnings == crop.warnings
        assert answer.timing_ms.total >= answer.timing_ms.segment > 0

    def test_without_a_cell_the_whole_crop_is_judged_and_it_says_so(self, weights: Path, draw: Draw) -> None:
        empty = images.from_array(draw((120, 100), red=[(40, 40, 25)]), "empty.png")
        answer = classify_crop(empty)
        assert [note.code for note in answer.warnings][-1] == "no_cell"
        (expected,) = cell_classifier("spot", CPU).probabilities(balance(empty.pixels), [(0, 0, 120, 100)])
        assert answer.probability == pytest.approx(expected)

    def test_masked_the_network_sees_no_red_cells(self, weights: Path, crop: SmearImage) -> None:
        plain, masked = classify_crop(crop), classify_crop(crop, mask="stain")
        assert [note.code for note in masked.warnings] == ["other_mask"]
        assert plain.probability != masked.probability
        keep = segment(crop.pixels, "stain").cell
        painted = np.where(keep[..., None], balance(crop.pixels), np.uint8(240))
        box = classify.cell_box(crop.pixels)
        assert box is not None
        assert cut_cells(painted, [box], 16).min() < 200
        (expected,) = cell_classifier("spot", CPU).probabilities(painted, [box])
        assert masked.probability == pytest.approx(expected)


class TestFieldsByTheirCells:
    """Of an aggregate: its own cell classifier speaks of every white cell that is found."""

    @pytest.fixture
    def aggregate(self, weights: Path) -> Path:
        network = models.build("allcad_core.classification.aggregate:build", {})
        digest = models.write_weights(network.state_dict(), weights / "sum.safetensors")
        card = replace(
            models.card("spot_field"), name="sum", file="sum.safetensors", sha256=digest, arguments={},
            builder="allcad_core.classification.aggregate:build", input={"cells": "spot"},
        )  # fmt: skip
        models.write_card(card, weights)
        analysis.cell_aggregate.cache_clear()
        yield weights
        analysis.cell_aggregate.cache_clear()

    def test_it_hears_each_cell(self, aggregate: Path, crop: SmearImage) -> None:
        answer = classify_field(crop, "sum")
        boxes = [region.box for region in segment(crop.pixels, "stain").regions]
        chances = cell_classifier("spot", CPU).probabilities(balance(crop.pixels), boxes)
        (expected,) = analysis.cell_aggregate("sum").probabilities([chances])
        assert len(boxes) > 0
        assert answer.probability == pytest.approx(expected)
        assert (answer.model, answer.task, answer.threshold) == ("sum", "field", 0.4)

    def test_another_mask_than_its_classifier_s_is_told(self, aggregate: Path, crop: SmearImage) -> None:
        assert "other_mask" in [note.code for note in classify_field(crop, "sum", mask="stain").warnings]
        assert "other_mask" not in [note.code for note in classify_field(crop, "sum").warnings]


class TestFields:
    """Whole ones."""

    def test_a_network_of_masked_fields_gets_them_masked(self, weights: Path, crop: SmearImage) -> None:
        answer = classify_field(crop)
        (expected,) = classify.field_classifier("spot_field", CPU).probabilities(
            [balance(crop.pixels)], [segment(crop.pixels, "stain").cell]
        )
        assert answer.probability == pytest.approx(expected)
        assert answer.label == ("ALL" if answer.probability >= 0.4 else "normal")
        assert (answer.model, answer.task) == ("spot_field", "field")

    @pytest.mark.parametrize("mask", ["none", "paper"])
    def test_another_mask_is_used_and_told(self, weights: Path, crop: SmearImage, mask: str) -> None:
        answer = classify_field(crop, mask=mask)
        keep = np.ones((190, 200), bool) if mask == "none" else segment(crop.pixels, mask).cell
        (expected,) = classify.field_classifier("spot_field", CPU).probabilities([balance(crop.pixels)], [keep])
        assert answer.probability == pytest.approx(expected)
        assert "other_mask" in [note.code for note in answer.warnings]

    def test_doubts_about_its_quality_are_told(self, weights: Path, draw: Draw) -> None:
        import cv2

        blurred = cv2.GaussianBlur(draw((640, 480), purple=[(300, 200, 40)], red=[(100, 100, 40)]), (0, 0), 9)
        answer = classify_field(images.from_array(np.asarray(blurred, np.uint8), "blurred.png"))
        assert "blurred" in [note.code for note in answer.warnings]


class TestNames:
    """Which network is meant."""

    def test_a_name_means_its_form_for_the_task(self, weights: Path) -> None:
        assert model_for("cell", "spot") == "spot"
        assert model_for("field", "spot") == model_for("field", "spot_field") == model_for("field") == "spot_field"

    def test_the_best_one_is_taken_where_none_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(classify, "known", lambda _: ["alpha", "lightweight", "best_cell"])
        assert model_for("cell") == "best_cell"
        monkeypatch.setattr(classify, "known", lambda _: ["alpha", "beta"])
        assert model_for("cell") == "alpha"

    def test_a_network_of_another_task_is_no_choice(self, weights: Path) -> None:
        with pytest.raises(UnknownNameError, match=r"no cell classifier called 'spot_field'. Known: spot\."):
            model_for("cell", "spot_field")

    def test_where_none_ships_it_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(classify, "known", lambda _: [])
        with pytest.raises(AllcadError, match="No classifier of a field is among the weights"):
            model_for("field")


class TestTerminal:
    """``allcad classify``."""

    @pytest.fixture
    def file(self, crop: SmearImage, tmp_path: Path) -> Path:
        path = tmp_path / "crop.png"
        Image.fromarray(crop.pixels).save(path)
        return path

    @pytest.mark.parametrize("task", ["cell", "field"])
    def test_json_holds_one_element_a_file(
        self, weights: Path, file: Path, tmp_path: Path, task: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        broken = tmp_path / "letter.png"
        broken.write_text("no picture")
        assert main(["classify", str(file), str(broken), "--task", task, "--json"]) == FAILED
        printed = capsys.readouterr()
        (element,) = json.loads(printed.out)
        assert list(element) == ["image", "model", "task", "label", "probability", "threshold", "warnings", "timing_ms"]
        assert element["image"] == str(file)
        assert 0 <= element["probability"] <= 1
        assert element["timing_ms"]["total"] > 0
        assert "letter.png" in printed.err

    def test_a_table_says_what_the_number_means(
        self, weights: Path, file: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["classify", str(file), "--task", "cell", "--mask", "paper"]) == DONE
        printed = capsys.readouterr().out
        assert "Probability of blast" in printed
        assert "was trained on pictures as they are" in printed
        assert "Not a medical device" in printed

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            ([], "--task"),
            (["--task", "patient"], "invalid choice: 'patient'"),
            (["--task", "cell", "--model", "oracle"], "no cell classifier called 'oracle'. Known: spot."),
            (["--task", "cell", "--mask", "guess"], "no mask called 'guess'. Known: "),
            (["--task", "cell", "--device", "abacus"], "'abacus' is not a device"),
        ],
    )
    def test_wrong_usage_is_told_before_any_file_is_read(
        self, weights: Path, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["classify", "missing.png", *arguments]) == WRONG_USAGE
        assert says in capsys.readouterr().err


@pytest.mark.data
def test_crops_of_allidb2_show_a_cell(data_root: Path) -> None:
    paths = sorted((data_root / "ALL_IDB2" / "img").iterdir())[::24]
    boxes = [classify.cell_box(images.read(path).pixels) for path in paths]
    assert None not in boxes
    middles = [(box[0] + box[2], box[1] + box[3]) for box in boxes if box]
    assert np.abs(np.array(middles) / 2 - 128.5).max() < 64
