"""A report as plain values and as files: JSON, and one CSV a table or curve. No pictures."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path

from allcad_core.evaluation.classifiers import Report, Scoring
from allcad_core.evaluation.curves import Curves
from allcad_core.evaluation.judged import Judged
from allcad_core.evaluation.metrics import Figures

PREDICTIONS = (
    "dataset",
    "image",
    "field",
    "session",
    "camera",
    "kind",
    "truth",
    "said",
    "probability",
    "threshold",
    "fold",
)
FIGURES = ("threshold", "part", "name", "pictures", "measure", "value", "low", "high")


def plain(report: Report) -> dict[str, object]:
    """The report as values for JSON; what is not a number becomes null. Judged pictures are one flat object each."""
    whole = asdict(report)
    whole["judged"] = [_flat(entry, report) for entry in report.judged]
    return {key: _plain(value) for key, value in whole.items()}


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _flat(entry: Judged, report: Report) -> dict[str, object]:
    origin = entry.origin
    values: dict[str, object] = {
        "dataset": origin.dataset,
        "image": origin.image,
        "field": origin.field,
        "session": origin.session,
        "camera": origin.camera,
        "kind": origin.kind,
        "truth": report.classes[entry.truth],
        "said": report.classes[entry.said()],
        "probability": round(entry.probability, 5),
        "threshold": round(entry.threshold, 5),
        "fold": entry.fold,
    }
    if entry.box is not None:
        values["box"] = list(entry.box)
    if entry.blank_probability is not None:
        values["blank_probability"] = round(entry.blank_probability, 5)
    return values


def write(report: Report, folder: Path) -> list[Path]:
    """Write ``report.json`` and the tables into a folder, which is made where it is missing; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = [folder / "report.json"]
    written[0].write_text(json.dumps(plain(report), indent=1, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")
    flat = [_flat(entry, report) for entry in report.judged]
    wrong = [_flat(entry, report) for entry in report.wrong()]
    tables: dict[str, tuple[Sequence[str], Iterable[Sequence[object]]]] = {
        "figures": (FIGURES, _figure_rows(report)),
        "predictions": (PREDICTIONS, ([row[name] for name in PREDICTIONS] for row in flat)),
        "misjudged": (PREDICTIONS, ([row[name] for name in PREDICTIONS] for row in wrong)),
        **_curve_tables(report.curves),
    }
    for name, (titles, rows) in tables.items():
        path = folder / f"{name}.csv"
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(titles)
            writer.writerows([_cell(value) for value in row] for row in rows)
        written.append(path)
    return written


def _figure_rows(report: Report) -> Iterable[tuple[object, ...]]:
    for scoring in (report.at_half, report.at_chosen):
        yield from _scoring_rows(scoring, "")
    if report.shortcut is not None:
        for scoring in (report.shortcut.at_half, report.shortcut.at_chosen):
            yield from _scoring_rows(scoring, "shortcut ")


def _scoring_rows(scoring: Scoring, prefix: str) -> Iterable[tuple[object, ...]]:
    for measure, estimate in scoring.mean_over_folds.items():
        values = (estimate.value, estimate.low, estimate.high)
        yield scoring.threshold, f"{prefix}mean over folds", "", scoring.overall.matrix.total, measure, *values
    parts: dict[str, Mapping[str, Figures]] = {
        "all": {"": scoring.overall},
        "fold": {str(fold): figures for fold, figures in scoring.by_fold.items()},
        "session": scoring.by_session,
        "kind": scoring.by_kind,
        "subset": scoring.by_subset,
    }
    for part, named in parts.items():
        for name, figures in named.items():
            for measure, estimate in figures.measures.items():
                values = (estimate.value, estimate.low, estimate.high)
                yield scoring.threshold, prefix + part, name, figures.matrix.total, measure, *values


def _curve_tables(curves: Curves) -> dict[str, tuple[Sequence[str], Iterable[Sequence[object]]]]:
    tables: dict[str, tuple[Sequence[str], Iterable[Sequence[object]]]] = {}
    lines = {"roc": curves.roc, "precision_recall": curves.precision_recall, "thresholds": curves.thresholds}
    for name, line in lines.items():
        if line is not None:
            values = asdict(line)
            tables[name] = (tuple(values), zip(*values.values(), strict=True))
    bins = [asdict(entry) for entry in curves.calibration]
    tables["calibration"] = (tuple(bins[0]), (tuple(entry.values()) for entry in bins))
    return tables


def _cell(value: object) -> object:
    if isinstance(value, float):
        return f"{value:.6f}" if isfinite(value) else ""
    return "" if value is None else value
