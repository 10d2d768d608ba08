"""Why a crop or a field was judged so: the answer of classify, and a map in the frame of what was seen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from allcad_core import analysis, classify, images, models
from allcad_core.analysis import cell_classifier
from allcad_core.classify import Task, classify_crop, classify_field
from allcad_core.cli import DONE, WRONG_USAGE, main
from allcad_core.images import SmearImage
from allcad_core.why import why

Draw = Callable[..., NDArray[np.uint8]]
SMALL = {"size": 16, "channels": [2, 3], "hidden": 4}
FORMS: dict[str, tuple[Task, str, dict[str, object], dict[str, object]]] = {
    "spot": ("cell", "lightweight", SMALL, {"size": 16, "context": 1.25}),
    "masked": ("cell", "lightweight", SMALL, {"size": 16, "context": 1.25, "mask": "paper"}),
    "regnet": ("cell", "regnet", {}, {"size": 64, "context": 1.25}),
    "resnet50": ("cell", "resnet50", {}, {"size": 64, "context": 1.25}),
    "best": ("cell", "efficientnet", {"variant": "tf_efficientnet_lite0"}, {"size": 64, "context": 1.0}),
    "spot_field": ("field", "lightweight", {**SMALL, "width": 24}, {"height": 16, "width": 24, "mask": "stain"}),
    "whole": ("field", "whole_image", {"height": 32, "width": 48}, {"height": 32, "width": 48, "mask": "none"}),
    "sum": ("field", "aggregate", {}, {"cells": "spot"}),
}
"""Every architecture that ships or stands in a paper, untrained."""


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(3)
    for name, (task, builder, arguments, seen) in FORMS.items():
        path = f"allcad_core.classification.{builder}:build"
        digest = models.write_weights(models.build(path, arguments).state_dict(), folder / f"{name}.safetensors")
        card = models.Card(
            name=name, title=name, task=task, file=f"{name}.safetensors", sha256=digest, storage="fp16", builder=path,
            arguments=arguments, input=seen, classes=("healthy", "blast") if task == "cell" else ("normal", "ALL"),
            parameters=0, temperature=1.0, threshold=0.5, paper="", trained_on="", never_seen="", command="", licences="",
        )  # fmt: skip
        models.write_card(card, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "WEIGHTS", folder)
        _forget()
        yield folder
    _forget()


def _forget() -> None:
    for cache in (analysis.cell_classifier, analysis.cell_aggregate, classify.field_classifier):
        cache.cache_clear()


@pytest.fixture(scope="module")
def picture(draw: Draw) -> SmearImage:
    """Two white cells, the larger one in the middle, among red ones."""
    purple, red = [(100, 96, 30), (170, 160, 16)], [(30, 120, 28), (140, 30, 28), (60, 176, 24)]
    return images.from_array(draw((200, 190), purple=purple, red=red), "smear.png")


@pytest.mark.slow
@pytest.mark.parametrize("name", list(FORMS))
def test_every_classifier_is_explained_with_the_answer_of_classify(
    weights: Path, picture: SmearImage, name: str
) -> None:
    task = FORMS[name][0]
    said = (classify_crop if task == "cell" else classify_field)(picture, name, device="cpu")
    found = why(picture, task, name, device="cpu")
    assert (found.model, found.task, found.label) == (said.model, said.task, said.label)
    assert found.probability == pytest.approx(said.probability, abs=1e-5)
    assert found.shown.shape == (*found.heat.shape, 3)
    assert 0 <= found.heat.min() <= found.heat.max() <= 1
    assert found.inside is None or 0 <= found.inside <= 1
    assert f"{name} says {said.label}" in found.sentence


class TestAggregate:
    """Its cells carry the answer."""

    @pytest.fixture
    def listening(self, weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Says ALL by the number of blasts; the large cell is one, the small one hardly."""
        judge = analysis.cell_aggregate("sum")
        told = replace(judge, weight=np.array([[0.0, 0.0], [9.0, 9.0]]), bias=np.array([0.0, -6.0]))
        monkeypatch.setattr("allcad_core.why.field_judge", lambda *_: told)
        spot = type(cell_classifier("spot", torch.device("cpu")))

        def by_size(_: object, __: object, boxes: list[tuple[float, float, float, float]]) -> NDArray[np.float64]:
            return np.array([0.9 if x1 - x0 > 45 else 0.1 for x0, _, x1, _ in boxes])

        monkeypatch.setattr(spot, "probabilities", by_size)

    @pytest.mark.usefixtures("listening")
    def test_the_brightest_cell_is_the_one_whose_loss_costs_most(self, picture: SmearImage) -> None:
        found = why(picture, "field", "sum", device="cpu")
        assert found.label == "ALL"
        assert found.heat[96, 100] == 1
        assert 0 <= found.heat[160, 170] < 0.5
        assert found.heat[5, 5] == 0
        assert "2 white cells" in found.sentence

    @pytest.mark.usefixtures("listening")
    def test_without_cells_it_says_what_it_saw(self, draw: Draw) -> None:
        empty = images.from_array(draw((200, 190), red=[(60, 60, 26)]), "empty.png")
        found = why(empty, "field", "sum", device="cpu")
        assert not found.heat.any()
        assert "no white cell was found" in found.sentence


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "name", "size"), [("cell", "spot", (1328, 672)), ("field", "spot_field", (1328, 459))]
)
def test_the_terminal_writes_a_picture_and_a_sentence(
    weights: Path, picture: SmearImage, tmp_path: Path, task: str, name: str, size: tuple[int, int],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    file, out = tmp_path / "smear.png", tmp_path / "out"
    Image.fromarray(picture.pixels).save(file)
    asked = ["classify", str(file), "--task", task, "--model", name, "--explain", "--out", str(out), "--json"]
    assert main(asked) == DONE
    (said,) = json.loads(capsys.readouterr().out)
    (row,) = json.loads((out / "explained.json").read_text(encoding="utf-8"))
    assert (row["label"], row["model"]) == (said["label"], name)
    assert row["probability"] == said["probability"]
    assert cv2.imread(str(out / row["picture"])).shape[1::-1] == size
    assert not list(out.glob("*.part"))


@pytest.mark.parametrize("given", [["--explain"], ["--out", "somewhere"]])
def test_one_of_both_alone_is_wrong_usage(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["classify", "smear.png", "--task", "cell", *given]) == WRONG_USAGE
    assert "give both or neither" in capsys.readouterr().err
