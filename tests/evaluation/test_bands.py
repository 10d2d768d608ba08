"""Curves with a band: scikit-learn's where it has them, and bands that hold their curve."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import auc, roc_curve

from allcad_core.datasets.boxes import CellBox
from allcad_core.evaluation import bands
from allcad_core.evaluation.detector_metrics import match
from allcad_core.evaluation.metrics import Sample
from allcad_core.evaluation.points import Labelled


@pytest.fixture
def sample() -> Sample:
    random = np.random.default_rng(5)
    truth = random.integers(0, 2, 200)
    score = np.clip(0.5 + 0.25 * (truth - 0.5) + random.normal(0, 0.2, 200), 0, 1).round(2)
    return Sample(truth, score >= 0.5, score, random.integers(0, 40, 200).astype(str))


def test_the_response_of_a_classifier_is_the_roc_curve(sample: Sample):
    false, recall, _ = roc_curve(sample.truth, sample.probability, drop_intermediate=False)
    band = bands.response(bands.of_sample(sample))
    assert auc(band.x, band.y) == pytest.approx(auc(false, recall), abs=0.01)
    for x, y in ((0.0, recall[false == 0].max()), (1.0, 1.0)):
        assert np.interp(x, band.x, band.y) == pytest.approx(y)


def test_rates_are_counted_from_each_level_on(sample: Sample):
    levels = np.array([0.0, 0.3, 0.5, 0.501])
    found = bands.rates(bands.of_sample(sample), levels)
    for place, level in enumerate(levels):
        said = sample.probability >= level
        assert found.recall[0, place] == pytest.approx(said[sample.truth == 1].mean())
        assert found.false[0, place] == pytest.approx(said[sample.truth == 0].mean())
        assert found.precision[0, place] == pytest.approx(sample.truth[said].mean())


def test_every_band_lies_around_its_curve(sample: Sample):
    ranking = bands.of_sample(sample)
    for band in (bands.response(ranking), bands.precision_recall(ranking), *bands.by_threshold(ranking)):
        known = np.isfinite(band.low) & np.isfinite(band.y)
        assert known.any()
        assert (band.low[known] <= band.high[known]).all()
        assert np.mean((band.low[known] <= band.y[known] + 0.02) & (band.y[known] - 0.02 <= band.high[known])) > 0.95


def test_false_boxes_are_told_a_field():
    truth = {"a": [CellBox("blast", (0, 0, 10, 10), "hand")], "b": []}
    found = {"a": [Labelled((0, 0, 10, 10), "blast", 0.9)], "b": [Labelled((0, 0, 10, 10), "blast", 0.4)] * 3}
    ranking = bands.of_boxes(match(found, truth, "blast", np.array([0.5])))
    rates = bands.rates(ranking, np.array([0.0, 0.5]))
    assert rates.false[0].tolist() == [1.5, 0.0]
    assert rates.recall[0].tolist() == [1.0, 1.0]


def test_where_no_blast_is_there_is_no_recall():
    sample = Sample(np.zeros(4, np.int64), np.zeros(4, np.bool_), np.linspace(0, 1, 4), np.array(list("abcd")))
    found, false = bands.by_threshold(bands.of_sample(sample))
    assert np.isnan(found.y).all()
    assert false.y[0] == 1.0
