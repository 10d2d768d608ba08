"""From stored boxes to figures: parts, both labels where a classifier speaks, Table 1, and sets never seen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from allcad_core.errors import DataError
from allcad_core.evaluation import detector_report, table1_detectors
from allcad_core.evaluation.detector_report import box_report, stored, stored_models
from allcad_core.evaluation.unseen import unseen_report
from allcad_core.intervals import EN_DASH
from allcad_core.predictions import BoxPrediction, path_of, write

if TYPE_CHECKING:
    from tests.evaluation.conftest import House

DRAWN = """image,class,x0,y0,x1,y1,source
Im001_1,blast,20,20,40,40,hand
Im001_1,healthy,60,20,80,40,hand
Im002_1,blast,20,20,40,40,hand
Im002_1,ignore,60,60,80,80,hand
Im003_0,healthy,20,20,40,40,hand
Im004_0,ignore,0,0,20,20,hand
"""


@pytest.fixture
def drawn(house: House) -> Path:
    """Boxes of the four fields."""
    path = house.data / "boxes.csv"
    path.write_text(DRAWN)
    return path


@pytest.fixture
def yolo(house: House) -> House:
    """A detector of two session folds: everything right but one false blast on a healthy field."""
    house.boxes(
        "yolo11n", 0,
        [("Im001_1", 30, 30, "blast", 0.9, 0), ("Im001_1", 70, 30, "healthy", 0.8, 0), ("Im003_0", 30, 30, "healthy", 0.7, 0)],
        "session",
    )  # fmt: skip
    house.boxes(
        "yolo11n", 1,
        [("Im002_1", 30, 30, "blast", 0.6, 0), ("Im002_1", 70, 70, "blast", 0.9, 0), ("Im004_0", 90, 90, "blast", 0.5, 0)],
        "session",
    )  # fmt: skip
    return house


def test_figures_of_a_detector_by_fold_and_sitting(yolo: House, drawn: Path) -> None:
    told = box_report("yolo11n", "session", yolo.data, yolo.results, drawn)
    assert told.truth == {"blast": 2, "healthy": 2, "ignore": 2}
    assert set(told.parts) == {"all", "fold 0", "fold 1", "session A", "session B"}
    whole = told.parts["all"]
    assert whole.fields == 4
    assert whole.classes["blast"].ap50.value == 1
    assert whole.classes["blast"].precision.value == pytest.approx(2 / 3)  # the one on what is ignored does not count
    assert whole.both == (1, pytest.approx((whole.classes["blast"].ap.value + whole.classes["healthy"].ap.value) / 2))
    assert whole.counts.false_blasts.value == 0.5
    assert told.mean_over_folds["blast ap50"] == 1
    assert told.mean_over_folds["healthy ap50"] is None  # one fold has no healthy cell


def test_a_classifier_s_boxes_stand_under_both_labels(house: House) -> None:
    for fold, names in enumerate((("Im001_1", "Im003_0"), ("Im002_1", "Im004_0"))):
        house.cells("best_cell", fold, {names[0]: [2.0, 1.0, -0.5], names[1]: [-2.0, -1.0, 0.5]})
        house.boxes("regions-best_cell", fold, [(names[0], 30, 30, "", 0.9, 1.5), (names[1],)])
    shown, scored, confidence = stored("regions", "field", house.results)
    assert confidence == 0.25
    assert [box.label for box in shown["Im001_1"]] == ["blast"]
    assert [box.label for box in scored["Im001_1"]] == ["blast", "healthy"]
    assert sum(box.score for box in scored["Im001_1"]) == pytest.approx(0.9)
    assert shown["Im003_0"] == scored["Im003_0"] == []
    assert stored_models("field", house.results) == ["regions"]


def test_one_fold_alone_is_told_without_calibration(house: House) -> None:
    house.cells("best_cell", 0, {"Im001_1": [2.0]}, "chen17")
    house.boxes("regions-best_cell", 0, [("Im001_1", 30, 30, "", 1.0, 1.0)], "chen17")
    _, scored, _ = stored("regions", "chen17", house.results)
    assert scored["Im001_1"][0].score == pytest.approx(1 / (1 + np.exp(-1)))


def test_what_is_missing_is_said(yolo: House, drawn: Path) -> None:
    with pytest.raises(DataError, match="No results"):
        box_report("yolov5s", "session", yolo.data, yolo.results, drawn)
    drawn.write_text("\n".join(DRAWN.splitlines()[:4]) + "\n")
    with pytest.raises(DataError, match="fields"):
        box_report("yolo11n", "session", yolo.data, yolo.results, drawn)


def test_table_1_stands_beside_the_paper(yolo: House, drawn: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detector_report.splits, "CHEN17", frozenset({"Im001_1", "Im003_0"}))
    monkeypatch.setattr(detector_report.splits, "CHEN13", frozenset({"Im001_1"}))
    monkeypatch.setattr(detector_report, "BOXES", drawn)
    plain = detector_report.box_report
    monkeypatch.setattr(detector_report, "box_report", lambda *args: plain(*args, drawn))
    with pytest.raises(DataError, match="chen17"):
        table1_detectors.table(yolo.data, yolo.results)
    yolo.boxes(
        "yolov5s", 0,
        [("Im001_1", 30, 30, "blast", 0.9, 0), ("Im001_1", 70, 30, "healthy", 0.8, 0), ("Im003_0", 30, 30, "healthy", 0.7, 0)],
        "chen17",
    )  # fmt: skip
    text = table1_detectors.table(yolo.data, yolo.results)
    assert "| mAP@0.5 | 0.972 | 0.831 | 0.981 | 0.853 |" in text
    assert f"| mAP@0.5 | 1.000 (1.000{EN_DASH}1.000) | 1.000 (1.000{EN_DASH}1.000) |" in text
    assert "1 blasts and 2 healthy cells" in text
    assert "| yolo11n | 1.000 |" in text
    assert "Not trained yet under `chen17`: yolov5m, yolov5s-scratch, yolov6n, yolov7-tiny. Train one:" in text


class TestUnseen:
    """PBC and Aria as they are stored for a detector that never met them."""

    @pytest.fixture
    def elsewhere(self, house: House) -> House:
        folder = house.data / "PBC_cells"
        folder.mkdir()
        (folder / "classes.txt").write_text("basophil\n")
        for name in ("BA_1", "BA_2"):
            Image.fromarray(np.full((100, 100, 3), 230, np.uint8)).save(folder / f"{name}.jpg")
            (folder / f"{name}.txt").write_text("0 0.5 0.5 0.4 0.4\n")
        rows = [
            ("PBC/BA_1", 30, 30, 70, 70, "healthy", 0.9), ("PBC/BA_1", 0, 0, 20, 20, "blast", 0.4),
            ("PBC/BA_2", 0, 0, 20, 20, "blast", 0.1), ("Aria/WBC-Malignant-Pre-001", 0, 0, 9, 9, "blast", 0.8),
            ("Aria/WBC-Benign-001", 0, 0, 9, 9, "healthy", 0.8), ("Aria/WBC-Benign-002", 0, 0, 0, 0, "", 0.0),
        ]  # fmt: skip
        stored_rows = [BoxPrediction(r[0], *map(float, r[1:5]), str(r[5]), float(r[6]), 0.0, 0) for r in rows]  # type: ignore[arg-type]
        write(stored_rows, BoxPrediction, path_of("detect", "unseen", "yolo11n", 0, house.results))
        return house

    def test_healthy_cells_false_blasts_and_ill_fields(self, elsewhere: House) -> None:
        told = unseen_report("yolo11n", 0.25, elsewhere.data, elsewhere.results)
        assert told.healthy["PBC"].pictures == 2
        assert told.healthy["PBC"].false_blasts.value == 0.5
        assert told.healthy["PBC"].found.value == 0.5
        assert told.aria is not None
        assert told.aria.ill.value == 1
        assert told.aria.look_alikes.value == 0

    def test_a_lower_confidence_shows_more(self, elsewhere: House) -> None:
        told = unseen_report("yolo11n", 0.05, elsewhere.data, elsewhere.results)
        assert told.healthy["PBC"].false_blasts.value == 1
