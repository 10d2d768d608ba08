"""Table 1 of Chen et al. beside ours, in its layout: on their very test fields, on the clean ones, on whole sittings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from allcad_core.errors import DataError
from allcad_core.evaluation.detector_report import BoxFigures, BoxReport, box_reports
from allcad_core.intervals import EN_DASH
from allcad_core.predictions import RESULTS

MEASURES = ("P", "R", "mAP@0.5", "mAP@0.5:0.95")


@dataclass(frozen=True, slots=True)
class PaperColumn:
    """One model of the paper's Table 1: precision, recall, mAP@0.5 and mAP@0.5:0.95 of cancer and of healthy cells."""

    title: str
    ours: str
    cancer: tuple[float | None, ...]
    healthy: tuple[float | None, ...]
    milliseconds: float
    both: tuple[float | None, ...] = (None, None, None, None)


NOTHING = (None, None, None, None)
PAPER = (
    PaperColumn("v5s", "yolov5s", (0.885, 0.985, 0.972, 0.832), (0.811, 0.787, 0.831, 0.627), 12.3),
    PaperColumn("v5m", "yolov5m", (0.936, 0.955, 0.981, 0.861), (0.788, 0.800, 0.853, 0.654), 21.9),
    PaperColumn("v5", "yolov5s-scratch", (0.679, 0.970, 0.853, 0.642), (0.736, 0.558, 0.703, 0.401), 22.0),
    PaperColumn("v6", "yolov6n", NOTHING, NOTHING, 16.0, (None, None, 0.644, 0.548)),
    PaperColumn("v7", "yolov7-tiny", (0.554, 1.00, 0.737, 0.608), (0.425, 0.814, 0.429, 0.330), 42.7),
)
"""Chen, Liao, Shalaginov & Zeng, Table 1; v6 is told for both classes together. C is cancer, H healthy."""
PAPER_TRUTH = "17 test images with 126 labels, 66 cancer and 60 healthy"
NOTE = (
    "P and R stand at the confidence of the best F1 of each class, as YOLO's own tables give them. Ours are scored on the same "
    "17 pictures against our boxes ({truth}; what is ignored counts on neither side); the paper counts "
    + PAPER_TRUTH
    + ". "
    "Our networks are anchor-free and see fields at the scale of their red cells on tiles of 256 px, pre-trained on other "
    "blood instead of COCO, for a few thousand steps instead of 150 epochs at 1024 px. The paper's split leaks: four of the 17 "
    "show cells of training fields, the clean 13 stand in the second table. Under `field` the 17 are scored by networks "
    "that have seen neither them nor any field of their group."
)


@dataclass(frozen=True)
class Line:
    """One detector of ours: name, protocol, and figures over the 17, over the clean 13, and over all fields."""

    name: str
    protocol: str
    all17: BoxFigures
    clean13: BoxFigures | None


def table(data: Path, results: Path = RESULTS) -> str:
    """The table as Markdown, from stored boxes.

    Raises:
        DataError: nothing is stored under ``chen17`` or ``field``, or data are missing.
    """
    found, missing = {}, []
    for protocol in ("chen17", "field", "session"):
        found[protocol], incomplete = box_reports(protocol, data, results)
        missing += [f"{name} ({protocol})" for name in incomplete]
    split, fields, sittings = found.values()
    if not split and not fields:
        raise DataError("No detector is stored under 'chen17' or 'field'. Train one: allcad train yolo11n.")
    lines = [
        *(Line(r.model, "chen17", r.parts["all"], r.parts["13 without a large overlap"]) for r in split),
        *(Line(r.model, "field", r.parts["the 17 test fields of Chen et al."], None) for r in fields),
    ]
    first = next(iter(lines)).all17
    truth = f"{first.classes['blast'].truths} blasts and {first.classes['healthy'].truths} healthy cells"
    parts = [
        "# Table 1: detectors", "",
        "## The paper", "", *_grid(["", *_headings(PAPER)], _paper_rows()), "",
        "## Ours on the same 17 test fields", "", *_ours([(line, line.all17) for line in lines]), "",
    ]  # fmt: skip
    clean = [(line, line.clean13) for line in lines if line.clean13 is not None]
    if clean:
        parts += ["## Ours on the 13 that overlap no training field much", "", *_ours(clean), ""]
    if sittings:
        parts += ["## Whole sittings left out (`session`)", "", *_sessions(sittings), ""]
    known = {report.model for report in split}
    absent = [column.ours for column in PAPER if column.ours not in known]
    if absent:
        parts += [f"Not trained yet under `chen17`: {', '.join(absent)}. Train one: `allcad train {absent[0]}`.", ""]
    if missing:
        parts += ["Folds are still missing of: " + ", ".join(missing) + ".", ""]
    return "\n".join([*parts, NOTE.format(truth=truth), ""])


def _headings(columns: Sequence[PaperColumn]) -> list[str]:
    return [f"{column.title} {letter}" for column in columns for letter in ("C", "H")]


def _paper_rows() -> list[list[str]]:
    rows = []
    for place, measure in enumerate(MEASURES):
        row = [measure]
        for column in PAPER:
            together = column.both[place]
            if together is not None:
                row += [f"{together:.3f} (both)", ""]
            else:
                row += [_three(column.cancer[place]), _three(column.healthy[place])]
        rows.append(row)
    rows.append(["inference", *(text for column in PAPER for text in (f"{column.milliseconds} ms", ""))])
    return rows


def _ours(lines: Sequence[tuple[Line, BoxFigures]]) -> list[str]:
    heads = [f"{line.name} ({line.protocol}) {letter}" for line, _ in lines for letter in ("C", "H")]
    rows = []
    for measure in MEASURES:
        cells = [_measure(figures, kind, measure) for _, figures in lines for kind in ("blast", "healthy")]
        rows.append([measure, *cells])
    return _grid(["", *heads], rows)


def _measure(figures: BoxFigures, kind: str, measure: str) -> str:
    entry = figures.classes[kind]
    if measure == "P":
        return _three(entry.best_precision)
    if measure == "R":
        return _three(entry.best_recall)
    estimate = entry.ap50 if measure == "mAP@0.5" else entry.ap
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return EN_DASH
    return f"{estimate.value:.3f} ({estimate.low:.3f}{EN_DASH}{estimate.high:.3f})"


def _sessions(reports: Iterable[BoxReport]) -> list[str]:
    heads = ["Model", "Blast mAP@0.5", "Healthy mAP@0.5", "Blast recall at 0.5 false a field", "Count error", "by fold"]
    rows = []
    for report in reports:
        told = report.mean_over_folds
        by_fold = [
            _three(figures.free_response[1].recall.value)
            for part, figures in report.parts.items()
            if part.startswith("fold")
        ]
        names = ("blast ap50", "healthy ap50", "blast recall at 0.5", "blast count error")
        rows.append([report.model, *(_three(told[name]) for name in names), ", ".join(by_fold)])
    return _grid(heads, rows)


def _three(value: float | None) -> str:
    return EN_DASH if value is None else f"{value:.3f}"


def _grid(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return ["| " + " | ".join(row) + " |" for row in (titles, ["---"] * len(titles), *rows)]
