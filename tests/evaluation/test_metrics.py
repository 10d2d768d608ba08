"""Figures and intervals against counts by hand, scikit-learn and the definition of the bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from allcad_core.evaluation import metrics
from allcad_core.evaluation.metrics import Estimate, Sample, drawn_values, draws, figures, mean_over_folds
from allcad_core.intervals import wilson


def made(truth: list[int], chances: list[float], groups: list[str] | None = None, threshold: float = 0.5) -> Sample:
    probability = np.array(chances, np.float64)
    names = groups or [f"f{place}" for place in range(len(truth))]
    return Sample(np.array(truth, np.int64), probability >= threshold, probability, np.array(names))


def drawn(count: int = 120, seed: int = 0) -> Sample:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, count)
    chances = np.clip(0.3 + 0.4 * truth + rng.normal(0, 0.25, count), 0, 1).round(2)
    return made(truth.tolist(), chances.tolist(), [f"f{place // 4}" for place in range(count)])


def test_counted_by_hand() -> None:
    found = figures(made([1, 1, 1, 0, 0], [0.9, 0.8, 0.2, 0.6, 0.1]))
    assert (found.matrix.found, found.matrix.missed, found.matrix.false, found.matrix.spared) == (2, 1, 1, 1)
    measures = found.measures
    for estimate, right, of in (
        (measures.accuracy, 3, 5),
        (measures.precision, 2, 3),
        (measures.recall, 2, 3),
        (measures.specificity, 1, 2),
    ):
        share = wilson(right, of)
        assert (estimate.value, estimate.low, estimate.high) == (share.value, share.low, share.high)
    assert measures.balanced_accuracy.value == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert measures.f1.value == pytest.approx(2 / 3)
    assert measures.auroc.value == pytest.approx(5 / 6)


@pytest.mark.parametrize("seed", range(3))
def test_the_measures_are_the_library_s(seed: int) -> None:
    sample = drawn(seed=seed)
    measures = figures(sample).measures
    for estimate, expected in (
        (measures.accuracy, reference.accuracy_score(sample.truth, sample.said)),
        (measures.balanced_accuracy, reference.balanced_accuracy_score(sample.truth, sample.said)),
        (measures.precision, reference.precision_score(sample.truth, sample.said)),
        (measures.recall, reference.recall_score(sample.truth, sample.said)),
        (measures.f1, reference.f1_score(sample.truth, sample.said)),
        (measures.specificity, reference.recall_score(sample.truth, sample.said, pos_label=0)),
    ):
        assert estimate.value == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(3))
def test_every_draw_equals_the_library_with_weights(seed: int) -> None:
    sample = drawn(seed=seed)
    weights = draws(sample.groups, seed)[:5]
    values = drawn_values(sample, weights)
    for number, weight in enumerate(weights):
        said = {"sample_weight": weight}
        expected = {
            "accuracy": reference.accuracy_score(sample.truth, sample.said, **said),
            "balanced_accuracy": reference.balanced_accuracy_score(sample.truth, sample.said, **said),
            "precision": reference.precision_score(sample.truth, sample.said, **said),
            "recall": reference.recall_score(sample.truth, sample.said, **said),
            "f1": reference.f1_score(sample.truth, sample.said, **said),
            "specificity": reference.recall_score(sample.truth, sample.said, pos_label=0, **said),
            "auroc": reference.roc_auc_score(sample.truth, sample.probability, **said),
            "average_precision": reference.average_precision_score(sample.truth, sample.probability, **said),
        }
        assert {name: values[name][number] for name in expected} == pytest.approx(expected)


def test_undrawn_all_is_the_sample_itself() -> None:
    sample = drawn()
    values = drawn_values(sample, np.ones((1, sample.truth.size)))
    found = figures(sample).measures
    assert {name: float(value[0]) for name, value in values.items()} == pytest.approx(
        {name: estimate.value for name, estimate in found.items()}
    )


def test_pictures_of_one_field_are_drawn_together() -> None:
    weights = draws(np.array(["a", "a", "b", "c", "c"]), 0)
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 3] == weights[:, 4]).all()
    assert (weights[:, [0, 2, 3]].sum(axis=1) == 3).all()


def test_copies_in_a_field_tell_no_more_than_one() -> None:
    single = drawn(40)
    alone = made(single.truth.tolist(), single.probability.tolist())
    copied = [np.repeat(values, 9) for values in (alone.truth, alone.said, alone.probability, alone.groups)]
    many = figures(Sample(*copied)).measures.auroc
    assert (many.low, many.high) == pytest.approx(
        (figures(alone).measures.auroc.low, figures(alone).measures.auroc.high)
    )


def test_what_needs_a_missing_class_is_left_open() -> None:
    healthy = figures(made([0, 0, 0], [0.1, 0.2, 0.9])).measures
    assert {name for name, estimate in healthy.items() if estimate.value is None} == {
        "balanced_accuracy", "recall", "f1", "auroc", "average_precision",
    }  # fmt: skip
    assert all(estimate.low is None for _, estimate in healthy.items() if estimate.value is None)
    silent = figures(made([1, 0], [0.1, 0.2])).measures
    assert silent.precision.value is None
    assert (silent.f1.value, silent.recall.value) == (0, 0)


def test_the_mean_over_folds_gives_every_fold_the_same_weight() -> None:
    good, bad = made([1, 0], [0.9, 0.1]), made([1, 0] * 20, [0.1, 0.9] * 20)
    measures = mean_over_folds([good, bad])
    assert (measures.accuracy.value, measures.auroc.value) == (0.5, 0.5)
    assert figures(bad).measures.accuracy.value == 0


def test_a_fold_without_a_class_does_not_count_where_it_is_needed() -> None:
    measures = mean_over_folds([made([1, 0], [0.9, 0.1]), made([0, 0], [0.9, 0.9])])
    assert measures.auroc.value == 1
    assert measures.accuracy.value == 0.5


@given(st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=1, max_size=60))
def test_the_calibration_error_is_a_share_and_bins_hold_everything(pairs: list[tuple[int, float]]) -> None:
    truth, chances = np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])
    bins = metrics.mass_bins(chances)
    assert sorted(np.concatenate(bins).tolist()) == list(range(len(pairs)))
    assert max(map(len, bins)) - min(map(len, bins)) <= 1
    assert 0 <= metrics.calibration_error(truth, chances) <= 1


def test_honest_probabilities_have_a_small_calibration_error_and_boasts_a_large_one() -> None:
    rng = np.random.default_rng(0)
    chances = rng.random(20000)
    truth = (rng.random(20000) < chances).astype(np.int64)
    assert metrics.calibration_error(truth, chances) < 0.02
    assert metrics.calibration_error(truth, np.ones(20000)) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(0.985, 0.9512, 0.9961), "98.5\N{NO-BREAK SPACE}% (95.1\N{EN DASH}99.6)"),
        (Estimate(0.5), "50.0\N{NO-BREAK SPACE}%"),
        (metrics.NOTHING, "\N{EN DASH}"),
    ],
)
def test_an_estimate_in_words(estimate: Estimate, text: str) -> None:
    assert str(estimate) == text
