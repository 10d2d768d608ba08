"""Generated cells found, counted by hand, and two classifiers compared on the same cells."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from allcad_core.errors import DataError
from allcad_core.evaluation import generator
from allcad_core.evaluation.generator import Looked, confidence_for, label_figures
from allcad_core.evaluation.judged import Rule
from allcad_core.evaluation.paired import auroc, auroc_difference, compare
from allcad_core.evaluation.points import Labelled
from allcad_core.predictions import BoxPrediction, CellPrediction, path_of, write
from allcad_core.synthesis import GeneratedCell, generate
from allcad_core.synthesis.trial import FIRST_SEED, image_name

if TYPE_CHECKING:
    from tests.evaluation.conftest import House

BLAST = GeneratedCell((40, 40, 61, 61), "blast", "blast", 1)
LYMPHOCYTE = GeneratedCell((140, 40, 161, 61), "lymphocyte", "healthy", 2)
NEUTROPHIL = GeneratedCell((240, 40, 261, 61), "neutrophil", "healthy", 3)


def box(x: float, label: str, score: float = 0.9) -> Labelled:
    return Labelled((x - 10, 40, x + 10, 60), label, score)


def test_every_kind_is_counted_by_itself_and_a_wrong_label_is_told() -> None:
    field = Looked((BLAST, LYMPHOCYTE, NEUTROPHIL), (box(50, "blast"), box(150, "blast"), box(250, "healthy")))
    healthy, blast = (label_figures([field], label, 0.5) for label in ("healthy", "blast"))
    assert (healthy.all.found, healthy.all.cells, healthy.mislabelled, healthy.false_boxes) == (1, 2, 1, 0)
    assert {kind: share.found for kind, share in healthy.by_kind.items()} == {"lymphocyte": 0, "neutrophil": 1}
    assert (blast.all.found, blast.all.cells, blast.false_boxes) == (1, 1, 1)


def test_boxes_under_the_confidence_count_for_nothing() -> None:
    figures = label_figures([Looked((BLAST,), (box(50, "blast", 0.3), box(90, "blast", 0.2)))], "blast", 0.5)
    assert (figures.all.found, figures.false_boxes, figures.mislabelled) == (0, 0, 0)


@pytest.mark.parametrize(
    ("false", "confidence", "found"),
    [
        pytest.param([0.3], 0.0, 1, id="one false box is allowed"),
        pytest.param([0.5, 0.3], 0.4, 1, id="the weaker of two has to go, the cell above it stays"),
        pytest.param([0.6, 0.5], 0.6, 0, id="the weaker of two takes the cell along"),
        pytest.param([0.6, 0.6], 1.0, 0, id="two of the same score go together"),
    ],
)
def test_the_confidence_leaves_at_most_one_false_box_a_field(false: list[float], confidence: float, found: int) -> None:
    field = Looked((BLAST,), (box(50, "blast", 0.4), *(box(300, "blast", score) for score in false)))
    assert confidence_for([field], "blast") == confidence
    figures = label_figures([field], "blast", confidence)
    assert (figures.all.found, figures.false_per_field <= 1) == (found, True)


def test_real_cells_are_called_by_the_same_rule() -> None:
    rows = [
        CellPrediction("ALL-IDB1", "f", 0, 0, 9, 9, truth, odds, 0) for truth, odds in ((1, 3.0), (1, -1.0), (0, -2.0))
    ]
    right = generator.called_right(rows, Rule())
    assert {label: (share.found, share.cells) for label, share in right.items()} == {"blast": (1, 2), "healthy": (1, 1)}


@pytest.fixture
def perfect(tmp_path: Path) -> Path:
    """Stored predictions of a classifier that is right of every cell of two fields and of all real ones."""
    rows = [
        BoxPrediction(
            image_name(seed), *map(float, cell.box), "", 0.9, 8.0 if cell.label == "blast" else -8.0, 0
        )
        for seed in (FIRST_SEED, FIRST_SEED + 1)
        for cell in generate(seed, (320, 240)).cells
    ]  # fmt: skip
    write(rows, BoxPrediction, path_of("detect", "generated", "regions-perfect", 0, tmp_path))
    real = [
        CellPrediction("ALL-IDB1", f"f{number}", 0, 0, 9, 9, number % 2, 8.0 if number % 2 else -8.0, 0)
        for number in range(20)
    ]
    write(real, CellPrediction, path_of("cell", "session", "perfect", 0, tmp_path))
    return tmp_path


def test_a_classifier_that_is_always_right_gets_full_marks(perfect: Path) -> None:
    told: list[tuple[str, int, int]] = []
    report = generator.report("perfect", 2, (320, 240), perfect, lambda *step: told.append(step))
    assert [step[1:] for step in told] == [(1, 2), (2, 2)]
    parts = [*report.at_false_boxes, *report.at_default]
    assert sum(part.all.cells for part in parts) > 0
    assert all(part.all.found == part.all.cells and part.false_boxes == 0 for part in parts)


def test_a_field_that_nobody_looked_at_is_named(perfect: Path) -> None:
    with pytest.raises(DataError, match="has not looked at generated-1002"):
        generator.report("perfect", 3, (320, 240), perfect)


def test_the_fields_looked_at_train_nothing() -> None:
    from allcad_core.training.plans import PLANS
    from allcad_core.training.sources import FIRST_SEED

    most = max(plan.generated for plan in PLANS.values())
    looked = range(generator.FIRST_SEED, generator.FIRST_SEED + generator.FIELDS)
    assert not set(looked) & set(range(FIRST_SEED, FIRST_SEED + most))


@pytest.mark.parametrize(
    ("truth", "odds", "area"),
    [
        pytest.param([1, 1, 0, 0], [3, 2, 1, 0], 1.0, id="parted"),
        pytest.param([1, 1, 0, 0], [0, 1, 2, 3], 0.0, id="upside down"),
        pytest.param([1, 0, 1, 0], [1, 1, 1, 1], 0.5, id="ties count half"),
        pytest.param([1, 1, 0, 0], [3, 1, 2, 0], 0.75, id="one pair of four wrong"),
    ],
)
def test_the_area_counts_pairs_in_order(truth: list[int], odds: list[float], area: float) -> None:
    assert auroc(np.array(truth), np.array(odds, np.float64)) == area


def test_a_class_alone_has_no_area() -> None:
    assert math.isnan(auroc(np.array([1, 1]), np.array([0.0, 1.0])))


def test_the_paired_interval_is_empty_for_twins_and_above_zero_for_a_plain_gain() -> None:
    rng = np.random.default_rng(0)
    truth = np.tile([1, 0], 40)
    fields = np.repeat([f"f{number}" for number in range(20)], 4)
    weak, strong = truth + rng.normal(0, 2, 80), truth + rng.normal(0, 0.2, 80)
    assert auroc_difference(truth, weak, weak, fields) == (0, 0, 0)
    value, low, high = auroc_difference(truth, weak, strong, fields)
    assert 0 < low < value < high


def test_fields_are_drawn_whole() -> None:
    """Twenty copies of a cell in its field tell no more than one: the interval stays as wide."""
    truth, one, other = np.array([1, 0, 1, 0, 1, 0]), np.array([2.0, 1, 0, 1, 2, 1]), np.array([2.0, 1, 2, 1, 2, 3])
    fields = np.array(list("aabbcc"))
    single = auroc_difference(truth, one, other, fields)
    many = auroc_difference(*(np.repeat(values, 20) for values in (truth, one, other)), np.repeat(fields, 20))
    assert many == pytest.approx(single)


def test_sessions_are_compared_one_by_one(house: House) -> None:
    house.cells("one", 0, {"Im001_1": [-1, 2], "Im003_0": [1]}, "session")
    house.cells("one", 1, {"Im002_1": [2]}, "session")
    house.cells("two", 0, {"Im001_1": [1, 2], "Im003_0": [-1]}, "session")
    house.cells("two", 1, {"Im002_1": [2]}, "session")
    found = compare("one", "two", "session", house.data, house.results)
    assert (found.pooled.blasts, found.pooled.healthy) == (3, 1)
    assert found.by_session["B"].first.auroc is None
    first, second = found.by_session["A"].first, found.by_session["A"].second
    assert (first.accuracy, first.balanced_accuracy, first.auroc) == (pytest.approx(1 / 3), 0.25, 0.5)
    assert (second.accuracy, second.balanced_accuracy, second.auroc) == (1, 1, 1)


def test_classifiers_that_judged_other_cells_are_not_compared(house: House) -> None:
    house.cells("one", 0, {"Im001_1": [1, 2]}, "session")
    house.cells("two", 0, {"Im001_1": [1]}, "session")
    with pytest.raises(DataError, match="'one' and 'two' judged other cells"):
        compare("one", "two", "session", house.data, house.results)
