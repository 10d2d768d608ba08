"""Every model of a task in one table, two detectors on the same fields, and how long a model takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from allcad_core import models
from allcad_core.datasets.boxes import CellBox
from allcad_core.errors import DataError, UnknownNameError
from allcad_core.evaluation import speed, standings, versus_boxes
from allcad_core.evaluation.points import Labelled
from allcad_core.images import SmearImage
from allcad_core.intervals import wilson
from allcad_core.predictions import CellPrediction, path_of, write


def predictions(model: str, protocol: str, folder: Path, right: int, wrong: int, folds: int = 3) -> None:
    """So many cells of each class judged right and wrong in each fold."""
    for fold in range(folds):
        rows = [
            CellPrediction("ALL-IDB2", f"Im{100 + 20 * fold + number:03d}_{truth}", 0, 0, 90, 90, truth, odds, fold)
            for truth in (0, 1)
            for number in range(right + wrong)
            for odds in [(1 if truth else -1) * (4.0 if number < right else -4.0)]
        ]
        write(rows, CellPrediction, path_of("cell", protocol, model, fold, folder))


@pytest.fixture
def known_places(monkeypatch):
    """Pictures whose origin is not looked up."""
    from allcad_core.evaluation import judged
    from allcad_core.evaluation.origins import Origin

    def known(pairs, *_):
        return {(name, image): Origin(name, image, image, image, "", "", "") for name, image in pairs}

    monkeypatch.setattr(judged.origins, "known", known)


def test_a_share_on_the_papers_split_has_wilsons_interval(tmp_path, known_places):
    predictions("forest", "random4", tmp_path, right=9, wrong=1, folds=4)
    found = standings.accuracy("forest", "cell", "random4", tmp_path)
    expected = wilson(72, 80)
    assert (found.value.value, found.value.low, found.value.high) == (expected.value, expected.low, expected.high)
    assert (found.dataset, found.things, found.missing_folds) == ("ALL-IDB2", 80, 0)


def test_new_sessions_are_told_as_the_mean_over_folds(tmp_path, known_places):
    predictions("forest", "session", tmp_path, right=8, wrong=2)
    found = standings.accuracy("forest", "cell", "session", tmp_path)
    assert found.value.value == pytest.approx(0.8)
    assert found.value.low < 0.8 < found.value.high


def test_missing_folds_are_told(tmp_path, known_places):
    predictions("forest", "session", tmp_path, right=8, wrong=2, folds=2)
    assert standings.accuracy("forest", "cell", "session", tmp_path).missing_folds == 1


def test_what_is_not_stored_has_no_figure_and_stands_last(tmp_path, known_places):
    predictions("forest", "session", tmp_path, right=8, wrong=2)
    predictions("svm", "session", tmp_path, right=9, wrong=1)
    found = standings.standings("cell", tmp_path)
    assert [entry.model for entry in found][:2] == ["svm", "forest"]
    resnet = next(entry for entry in found if entry.model == "resnet50")
    assert (resnet.session, resnet.papers, resnet.published) == (None, None, 0.98)
    assert resnet.shipped == ("resnet50" in models.cards())


def test_what_ships_has_its_size_and_licences_from_its_card(tmp_path, known_places):
    entry = next(one for one in standings.standings("cell", tmp_path) if one.model == "lightweight")
    card = models.card("lightweight")
    assert entry.shipped
    assert entry.megabytes == pytest.approx((models.WEIGHTS / card.file).stat().st_size / 1e6)
    assert entry.licences == card.licences


def test_the_papers_detectors_are_listed_with_its_figure():
    by_name = {entry.model: entry for entry in standings.standings("detect")}
    assert by_name["yolov5s"].published == 0.972
    assert by_name["yolov6n"].published == 0.644
    assert by_name["regions"].shipped
    assert by_name["regions"].megabytes == pytest.approx(
        (models.WEIGHTS / models.card("best_cell").file).stat().st_size / 1e6
    )


def field(*kinds: str) -> list[CellBox]:
    return [CellBox(kind, (100.0 * at, 0.0, 100.0 * at + 40, 40.0), "hand") for at, kind in enumerate(kinds)]


def boxes(*labels: str) -> list[Labelled]:
    """A box on each cell; an empty label is a missed one."""
    return [Labelled((100.0 * at, 0.0, 100.0 * at + 40, 40.0), label, 0.9) for at, label in enumerate(labels) if label]


def test_detectors_are_compared_cell_by_cell():
    truth = {"a": field("blast", "healthy"), "b": field("blast")}
    one = {"a": boxes("blast", "blast"), "b": [*boxes("blast"), Labelled((900, 900, 940, 940), "blast", 0.5)]}
    other = {"a": boxes("", "healthy"), "b": boxes("blast")}
    found = versus_boxes.contrast("one", "other", "session", one, other, truth)
    assert (found.cells, found.first_right, found.second_right) == (3, 2, 2)
    assert (found.first_only, found.second_only) == (1, 1)
    assert (found.first_extra, found.second_extra) == (1, 0)
    assert found.p_value == 1
    assert found.difference == 0
    assert not found.told_apart


def test_a_clear_difference_is_told_apart():
    truth = {f"field{number}": field("blast", "healthy", "blast") for number in range(12)}
    good = {name: boxes("blast", "healthy", "blast") for name in truth}
    bad = {name: boxes("healthy", "", "blast") for name in truth}
    found = versus_boxes.contrast("bad", "good", "session", bad, good, truth)
    assert found.difference == pytest.approx(2 / 3)
    assert found.low <= found.difference <= found.high
    assert found.told_apart


def test_detectors_without_a_common_field_are_refused(tmp_path):
    with pytest.raises(DataError):
        versus_boxes.compare("regions", "yolo11n", "session", tmp_path)
    with pytest.raises(DataError, match="No white cell is drawn"):
        versus_boxes.contrast("one", "other", "session", {"a": []}, {"a": []}, {"a": []})


def test_an_unknown_model_cannot_be_timed(generated):
    image = SmearImage(generated.pixels, "field.png", "generated", "0" * 64)
    with pytest.raises(UnknownNameError):
        speed.measure("nobody", "detect", image)


@pytest.mark.slow
def test_an_aggregate_is_timed_by_the_cells_that_it_hears(generated, monkeypatch):
    image = SmearImage(generated.pixels, "field.png", "generated", "0" * 64)
    real, shares = speed._timed, []

    def timed(work, repeats, parts=1):
        shares.append(parts)
        return real(work, repeats, parts)

    monkeypatch.setattr(speed, "_timed", timed)
    whole = speed.measure("best_field", "field", image, "cpu", repeats=1)
    one = speed.measure("best_cell", "cell", image, "cpu", repeats=1)
    assert (whole.model, whole.per) == ("best_field", "field")
    assert min(whole.times.p50, one.times.p50) > 0
    assert shares[0] == 1 < shares[1]  # the same cells: once for the field, once a cell


@pytest.mark.slow
def test_a_cell_classifier_is_timed_by_the_cell(generated):
    image = SmearImage(generated.pixels, "field.png", "generated", "0" * 64)
    found = speed.measure("lightweight", "cell", image, "cpu", repeats=2)
    assert (found.model, found.per) == ("lightweight", "cell")
    assert 0 < found.times.p50 <= found.times.p95
    blank = replace(image, pixels=np.full((240, 320, 3), 220, np.uint8))
    with pytest.raises(DataError, match="shows no white cell"):
        speed.measure("lightweight", "cell", blank, "cpu", repeats=1)
