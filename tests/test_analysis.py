"""The one path of a picture, with tiny networks in place of those that ship."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from allcad_core import analysis, models
from allcad_core.analysis import STEPS, analyse, analyse_file, judge
from allcad_core.classification import CellClassifier
from allcad_core.detection import Detections
from allcad_core.errors import AllcadError, DeviceError, ImageError, ModelError, UnknownNameError
from allcad_core.images import SmearImage, from_array
from allcad_core.recipes import DEFAULT_RECIPE, recipes
from allcad_core.results import FieldAnalysis
from allcad_core.training.plans import draft_card

Draw = Callable[..., NDArray[np.uint8]]
REDS = [(x, y, 14) for x in (30, 90, 150, 210, 270) for y in (25, 215)]
NUCLEI = [(60, 110, 22), (140, 130, 26), (230, 100, 20), (295, 150, 24), (185, 180, 14)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of untrained networks: a small CNN, and a YOLO whose classes speak up."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(3)
    small = {"size": 16, "channels": [4, 4], "hidden": 8}
    changes = {
        "best_cell": {
            "builder": "allcad_core.classification.lightweight:build",
            "arguments": small,
            "input": {"size": 16, "context": 1.25},
            "temperature": 0.05,
        },
        "best_field": {},
        "yolo11n": {},
    }
    for name, changed in changes.items():
        card = replace(draft_card(name), **changed)  # type: ignore[arg-type]
        network = models.build(card.builder, card.arguments)
        if name == "yolo11n":
            for branch in network.model[-1].cv3:
                torch.nn.init.normal_(branch[-1].weight, std=0.5)
                torch.nn.init.constant_(branch[-1].bias, -2.0)
        digest = models.write_weights(network.state_dict(), folder / card.file)
        models.write_card(replace(card, sha256=digest, storage="fp16"), folder)
    return folder


@pytest.fixture(autouse=True)
def weights(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Models are looked up there for one test."""
    from allcad_core.detection import ultralytics

    monkeypatch.setattr(models, "WEIGHTS", folder)
    for cached in (analysis.cell_classifier, analysis.cell_aggregate, ultralytics.yolo):
        cached.cache_clear()
    yield folder
    for cached in (analysis.cell_classifier, analysis.cell_aggregate, ultralytics.yolo):
        cached.cache_clear()


@pytest.fixture(scope="module")
def smear(draw: Draw) -> SmearImage:
    return from_array(draw((320, 240), purple=NUCLEI, red=REDS), "drawn.png")


@pytest.fixture(scope="module")
def blank() -> SmearImage:
    return from_array(np.full((240, 320, 3), 235, np.uint8), "blank.png")


BOTH = [pytest.param("regions"), pytest.param("yolo11n", marks=pytest.mark.slow)]


def without_times(answer: FieldAnalysis) -> FieldAnalysis:
    return replace(answer, timing_ms=replace(answer.timing_ms, segment=0, detect=0, classify=0, total=0))


def test_the_default_recipe_comes_first() -> None:
    assert recipes()[0].name == DEFAULT_RECIPE
    assert len({entry.name for entry in recipes()}) == len(recipes())


def test_predictions_lie_under_who_finds_and_who_labels() -> None:
    kept = {entry.name: entry.kept for entry in recipes()}
    assert kept["regions"] == "regions-best_cell"
    assert kept["yolo11n-best_cell"] == "yolo11n-best_cell"
    assert kept["yolo11n"] == "yolo11n"


def test_boxes_of_one_and_labels_of_another(smear: SmearImage) -> None:
    own, judged = (analyse(smear, name, device="cpu") for name in ("yolo11n", "yolo11n-best_cell"))
    assert {cell.box for cell in own.every_cell} == {cell.box for cell in judged.every_cell} != set()
    chances = {cell.box: cell.p_blast for cell in own.every_cell}
    threshold = models.card("best_cell").threshold
    for cell in judged.every_cell:
        assert cell.p_blast == pytest.approx(chances[cell.box])
        assert (cell.label == "blast") == (cell.p_blast >= threshold)  # type: ignore[operator]


def test_an_unknown_model_lists_the_known_ones(smear: SmearImage) -> None:
    with pytest.raises(UnknownNameError, match=r"no model called 'oracle'. Known: regions, yolo11n"):
        analyse(smear, "oracle")


@pytest.mark.parametrize("confidence", [-0.01, 1.01, float("nan"), 25])
def test_a_confidence_outside_its_range_is_refused(smear: SmearImage, confidence: float) -> None:
    with pytest.raises(AllcadError, match="between 0 and 1"):
        analyse(smear, confidence=confidence)


def test_an_unknown_device_is_refused(smear: SmearImage) -> None:
    with pytest.raises(DeviceError):
        analyse(smear, device="abacus")


def test_missing_weights_are_told_in_a_sentence(
    smear: SmearImage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "WEIGHTS", tmp_path)
    with pytest.raises(ModelError, match="missing from the weights folder"):
        analyse(smear)


def test_every_nucleus_is_found_and_measured(smear: SmearImage) -> None:
    answer = analyse(smear, device="cpu", confidence=0)
    assert len(answer.cells) == len(NUCLEI)
    for x, y, radius in NUCLEI:
        (cell,) = (cell for cell in answer.cells if cell.box[0] < x < cell.box[2] and cell.box[1] < y < cell.box[3])
        assert cell.measures["diameter"] == pytest.approx(2 * radius, abs=3)
        assert len(cell.outline) > 6
        assert cell.probabilities == {"best_cell": cell.p_blast}


def test_the_field_as_a_whole_is_judged_by_the_same_cells(smear: SmearImage) -> None:
    found = analyse(smear)
    assert found.opinion is not None
    chances = np.array([cell.p_blast for cell in found.every_cell])
    (expected,) = analysis.cell_aggregate("best_field").probabilities([chances])
    assert (found.opinion.model, found.opinion.probability) == ("best_field", pytest.approx(expected))


def test_without_the_model_of_whole_fields_the_cells_are_judged_all_the_same(smear: SmearImage, weights: Path) -> None:
    whole = analyse(smear)
    file = weights / models.card("best_field").file
    kept = file.rename(file.with_suffix(".away"))
    analysis.cell_aggregate.cache_clear()
    try:
        found = analyse(smear)
    finally:
        kept.rename(file)
    assert (found.opinion, found.every_cell) == (None, whole.every_cell)
    (said,) = (note.message for note in found.warnings if note.code == "no_second_look")
    assert file.name in said


def test_an_aggregate_of_other_cells_is_refused(smear: SmearImage, weights: Path) -> None:
    other = models.card("best_field")
    models.write_card(replace(other, input={"cells": "spot"}), weights)
    try:
        with pytest.raises(ModelError, match="listens to 'spot'"):
            analyse(smear)
    finally:
        models.write_card(other, weights)


def test_the_answer_says_what_made_it(smear: SmearImage) -> None:
    answer = analyse(smear, device="cpu", read_ms=5)
    assert (answer.image, answer.width, answer.height, answer.sha256) == ("drawn.png", 320, 240, smear.sha256)
    assert (answer.recipe, answer.device, answer.backend) == ("regions", "cpu", "torch")
    assert (answer.models.detector, answer.models.classifier, answer.models.segmenter) == (
        "regions",
        "best_cell",
        "stain",
    )
    times = answer.timing_ms
    assert times.read == 5
    assert min(times.segment, times.detect, times.classify) >= 0
    assert times.total >= times.read + times.segment + times.detect + times.classify


@pytest.mark.parametrize("model", BOTH)
class TestBothRecipes:
    """What holds whichever way cells are found."""

    def test_scores_and_probabilities_lie_within_0_and_1_best_first(self, smear: SmearImage, model: str) -> None:
        cells = analyse(smear, model, device="cpu").every_cell
        assert cells
        assert all(0 <= cell.score <= 1 and 0 <= cell.p_blast <= 1 for cell in cells)  # type: ignore[operator]
        scores = [cell.score for cell in cells]
        assert scores == sorted(scores, reverse=True)

    def test_boxes_lie_within_the_picture(self, smear: SmearImage, model: str) -> None:
        for cell in analyse(smear, model, device="cpu").every_cell:
            x0, y0, x1, y1 = cell.box
            assert 0 <= x0 < x1 <= 320
            assert 0 <= y0 < y1 <= 240

    def test_filtering_equals_a_fresh_run(self, smear: SmearImage, model: str) -> None:
        first = analyse(smear, model, device="cpu")
        scores = [cell.score for cell in first.every_cell]
        for confidence in (0.0, scores[len(scores) // 2], float(np.mean(scores)), max(scores), 1.0):
            fresh, seen = analyse(smear, model, device="cpu", confidence=confidence), first.at(confidence)
            assert seen.cells == fresh.cells
            assert seen.counts == fresh.counts
            assert seen.suggestion == fresh.suggestion
            assert without_times(seen) == without_times(fresh)

    def test_at_nought_every_cell_is_shown_and_a_higher_line_shows_fewer(self, smear: SmearImage, model: str) -> None:
        answer = analyse(smear, model, device="cpu", confidence=0)
        assert answer.cells == answer.every_cell
        line = answer.every_cell[0].score
        assert all(cell.score >= line for cell in answer.at(line).cells)
        assert 0 < len(answer.at(line).cells) < len(answer.cells)

    def test_twice_the_same_answer(self, smear: SmearImage, model: str) -> None:
        assert without_times(analyse(smear, model, device="cpu")) == without_times(analyse(smear, model, device="cpu"))

    def test_each_step_is_told(self, smear: SmearImage, model: str) -> None:
        told: list[tuple[str, int, int]] = []
        analyse(smear, model, device="cpu", progress=lambda *step: told.append(step))
        assert told == [(text, number, len(STEPS)) for number, text in enumerate(STEPS, start=1)]


def test_a_blank_field_has_no_cells_and_still_an_answer(blank: SmearImage) -> None:
    answer = analyse(blank, device="cpu")
    assert answer.every_cell == ()
    assert answer.counts.total == 0
    assert answer.blast_fraction.value is None
    assert answer.suggestion.kind in {"no_white_cells", "cannot_tell"}
    assert answer.suggestion.text


@pytest.mark.parametrize("size", [(64, 64), (64, 900)])
def test_small_and_long_pictures_are_answered(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    answer = analyse(from_array(pixels, "noise.png"), device="cpu")
    assert (answer.height, answer.width) == size
    assert answer.suggestion.text


def test_a_file_is_read_and_its_reading_timed(smear: SmearImage, tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "drawn.png"
    Image.fromarray(smear.pixels).save(path)
    from_file, given = analyse_file(path, device="cpu"), analyse(smear, device="cpu")
    assert from_file.timing_ms.read > 0
    assert from_file.every_cell == given.every_cell
    (tmp_path / "broken.png").write_bytes(b"nothing")
    with pytest.raises(ImageError):
        analyse_file(tmp_path / "broken.png")


class Says(CellClassifier):
    """A classifier whose probabilities are given."""

    def __init__(self, chances: list[float], threshold: float = 0.5) -> None:
        super().__init__(
            replace(draft_card("best_cell"), threshold=threshold), torch.nn.Identity(), torch.device("cpu")
        )
        self.chances = chances

    def probabilities(self, balanced: NDArray[np.uint8], boxes: object) -> NDArray[np.float64]:
        return np.array(self.chances)


class TestJudge:
    """From boxes and probabilities to labelled, flagged cells."""

    field = np.full((100, 200, 3), 240, np.uint8)

    def found(self, count: int, labels: tuple[str, ...] | None = None) -> Detections:
        boxes = np.array([[10 + 30 * place, 20, 35 + 30 * place, 45] for place in range(count)], np.float64)
        return Detections(boxes, np.linspace(0.9, 0.5, count), labels)  # type: ignore[arg-type]

    def test_the_label_follows_the_threshold(self) -> None:
        chances = [0.1, 0.29, 0.3, 0.9]
        for threshold, blasts in ((0.3, 2), (0.05, 4), (0.95, 0)):
            cells = judge(self.found(4), self.field, (), detector="regions", classifier=Says(chances, threshold))
            assert [cell.label for cell in cells].count("blast") == blasts
            assert all((cell.p_blast >= threshold) == (cell.label == "blast") for cell in cells)  # type: ignore[operator]

    def test_the_score_is_how_sure_both_are(self) -> None:
        cells = judge(self.found(2), self.field, (), detector="regions", classifier=Says([0.8, 0.1]))
        assert {cell.label: cell.score for cell in cells} == pytest.approx({"blast": 0.9 * 0.8, "healthy": 0.5 * 0.9})

    def test_a_detector_s_own_label_and_score_stand(self) -> None:
        found = self.found(2, ("blast", "healthy"))
        cells = judge(found, self.field, (), detector="yolo11n", classifier=Says([0.9, 0.1]))
        assert [(cell.label, cell.score) for cell in cells] == [("blast", 0.9), ("healthy", 0.5)]
        assert cells[0].probabilities == {"best_cell": 0.9, "yolo11n": 0.9}
        assert cells[1].probabilities == {"best_cell": 0.1, "yolo11n": 0.5}

    def test_a_classifier_that_relabels_speaks_for_the_detector(self) -> None:
        found = self.found(2, ("blast", "blast"))
        cells = judge(found, self.field, (), detector="yolo11n", classifier=Says([0.8, 0.1]), relabels=True)
        assert {cell.label: cell.score for cell in cells} == pytest.approx({"blast": 0.9 * 0.8, "healthy": 0.5 * 0.9})
        assert [cell.probabilities["yolo11n"] for cell in cells] == [0.9, 0.5]
        assert [cell.flags for cell in cells] == [(), ("disagree",)]

    def test_disagreement_and_doubt_ask_for_a_look(self) -> None:
        found = self.found(3, ("blast", "blast", "healthy"))
        cells = judge(found, self.field, (), detector="yolo11n", classifier=Says([0.9, 0.2, 0.4]))
        assert [cell.flags for cell in cells] == [(), ("disagree",), ("uncertain",)]
        assert [cell.to_review for cell in cells] == [False, True, True]

    @pytest.mark.parametrize("box", [(0, 20, 30, 50), (20, 0, 50, 30), (170, 20, 200, 50), (20, 70, 50, 100)])
    def test_a_cell_at_the_edge_is_flagged_and_needs_no_look_for_that(self, box: tuple[float, ...]) -> None:
        found = Detections(np.array([box], np.float64), np.ones(1))
        (cell,) = judge(found, self.field, (), detector="regions", classifier=Says([0.9]))
        assert cell.flags == ("border",)
        assert not cell.to_review

    def test_without_classifier_and_labels_a_cell_is_unsure(self) -> None:
        (cell,) = judge(self.found(1), self.field, (), detector="regions", classifier=None)
        assert (cell.label, cell.p_blast, cell.score) == ("unsure", None, 0.9)
        assert cell.flags == ()

    def test_nothing_found_is_no_cell(self) -> None:
        assert judge(self.found(0), self.field, (), detector="regions", classifier=Says([])) == ()
