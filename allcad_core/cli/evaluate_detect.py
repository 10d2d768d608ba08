"""``allcad evaluate detect``: boxes of a recipe or detector against expert centroids and drawn boxes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from allcad_core.cli import DONE, FAILED, own, terminal
from allcad_core.cli import arguments as ask
from allcad_core.intervals import EN_DASH

if TYPE_CHECKING:
    from pathlib import Path

    from allcad_core.evaluation.detection import DetectionReport
    from allcad_core.evaluation.detector_report import BoxFigures, BoxReport
    from allcad_core.evaluation.metrics import Estimate
    from allcad_core.evaluation.points import PointFigures

PROTOCOLS = ("chen17", "field", "session", "source", "unseen")
ALL = "all"


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``evaluate detect``."""
    parser.add_argument(
        "model", metavar="MODEL", nargs="?", default="regions",
        help="a recipe of 'allcad models', a stored detector, or 'all' (default: regions)",
    )  # fmt: skip
    own.configure(
        parser,
        "folder of the data sets; on a folder or ZIP file of other fields with boxes, a recipe looks for their cells",
        "classes of your boxes that are blasts",
    )
    ask.add_protocol(parser, PROTOCOLS, "field")
    ask.add_results(parser)
    ask.add_json(parser, "the figures")


def run(arguments: argparse.Namespace) -> int:
    """Compute and print."""
    from allcad_core.datasets import find_data
    from allcad_core.evaluation import detector_report
    from allcad_core.evaluation.own import is_own
    from allcad_core.predictions import RESULTS

    if arguments.data is not None and is_own(arguments.data):
        return _own(arguments)
    data, results = find_data(arguments.data), arguments.results or RESULTS
    if arguments.protocol == "unseen":
        return _unseen(arguments, data, results)
    if arguments.model == ALL:
        reports, incomplete = detector_report.box_reports(arguments.protocol, data, results)
        for name in incomplete:
            print(f"{name}: folds are missing, not told.", file=sys.stderr)
        if arguments.json:
            terminal.emit_json({report.model: asdict(report) for report in reports})
        else:
            _print_all(reports, f"every stored detector, protocol '{arguments.protocol}', all fields, out of fold")
        return DONE
    points = _points(arguments.model, arguments.protocol, data, results)
    boxes = detector_report.box_report(arguments.model, arguments.protocol, data, results)
    if arguments.json:
        terminal.emit_json({**(asdict(points) if points else {}), "boxes": asdict(boxes)})
        return DONE
    if points is not None:
        _print_points(points)
        terminal.out().print()
    _print_boxes(boxes, f"protocol '{boxes.protocol}', out of fold, against drawn boxes")
    return DONE


def _own(arguments: argparse.Namespace) -> int:
    """Let recipes look for the cells of one's own fields; files that cannot be used are named on standard error."""
    from allcad_core.evaluation import own_boxes
    from allcad_core.recipes import recipes

    names = [entry.name for entry in recipes()] if arguments.model == ALL else [arguments.model]
    found, refused = own.each(arguments, names, own_boxes.evaluate)
    reports = [own_boxes.report(one) for one in found]
    if arguments.json:
        terminal.emit_json({report.model: asdict(report) for report in reports})
    elif arguments.model == ALL:
        _print_all(reports, f"{arguments.data.name}, every model of analyse, all fields")
    else:
        _print_boxes(reports[0], f"{arguments.data.name}, against its own boxes")
    return FAILED if refused else DONE


def _unseen(arguments: argparse.Namespace, data: Path, results: Path) -> int:
    """Other hospitals' pictures, which no stage of training has seen."""
    from allcad_core.evaluation.detector_report import confidence_of, stored_models
    from allcad_core.evaluation.unseen import unseen_report

    names = stored_models("unseen", results) if arguments.model == ALL else [arguments.model]
    reports = [unseen_report(name, confidence_of(name), data, results) for name in names]
    if arguments.json:
        terminal.emit_json({report.model: asdict(report) for report in reports})
        return DONE
    console = terminal.out()
    rows = []
    for report in reports:
        for name, found in report.healthy.items():
            low, high = found.false_blasts.low or 0.0, found.false_blasts.high or 0.0
            false = f"{_number(found.false_blasts.value)} ({low:.3f}{EN_DASH}{high:.3f})"
            rows.append((report.model, name, str(found.pictures), false, str(found.found)))
        if report.aria is not None:
            rows.append((report.model, "Aria", "", f"called ill: {report.aria.ill} of ill", ""))
            rows.append((report.model, "Aria, look-alikes", "", f"called ill: {report.aria.look_alikes}", ""))
    titles = ["Model", "Set", "Pictures", "False blasts a picture", "White cells found"]
    console.print("sets and parts of sets that no stage of training has seen, every fold's detector on every picture")
    console.print(terminal.table(titles, rows, right=(2,)))
    return DONE


def _points(name: str, protocol: str, data: Path, results: Path) -> DetectionReport | None:
    """Figures by centroids, for recipes on all fields."""
    from allcad_core.evaluation import detection
    from allcad_core.recipes import recipes

    if protocol not in ("field", "session") or name not in {entry.name for entry in recipes()}:
        return None
    return detection.report(name, protocol, data, results)


def _print_points(report: DetectionReport) -> None:
    from allcad_core.intervals import wilson

    console = terminal.out()
    titles = ["Fields", "Blast centroids in a blast box", "False blasts a healthy field", "Healthy fields without one"]
    rows = [("all", *_row(report.overall))]
    rows += [(f"session {name}", *_row(figures)) for name, figures in report.by_session.items()]
    console.print(f"{report.recipe}, protocol '{report.protocol}', score at least {report.confidence:.2f}, out of fold")
    console.print(terminal.table(titles, rows, right=(1, 2, 3)))
    points = report.overall.points
    for rate, recall in report.recall_at.items():
        share = wilson(round(recall * points), points)
        console.print(f"recall at {rate:g} false blasts a healthy field: {share}")


def _row(figures: PointFigures) -> tuple[str, str, str]:
    mean, low, high = figures.false_per_field
    return (
        f"{figures.hit} of {figures.points}: {figures.recall}" if figures.points else EN_DASH,
        f"{mean:.2f} ({low:.2f}{EN_DASH}{high:.2f})" if figures.healthy_fields else EN_DASH,
        str(figures.healthy_fields_clean) if figures.healthy_fields else EN_DASH,
    )


def _print_boxes(report: BoxReport, words: str) -> None:
    console = terminal.out()
    truth = ", ".join(f"{count} {kind}" for kind, count in report.truth.items())
    console.print(f"{report.model}, {words} ({truth})")
    titles = ["Fields", "Class", "True", f"P at {report.confidence:.2f}", "R", "mAP@0.5", "mAP@0.5:0.95"]
    rows = [row for part, figures in report.parts.items() for row in _class_rows(part, figures)]
    console.print(terminal.table(titles, rows, right=(2, 3, 4, 5, 6)))
    _print_uses({part: figures for part, figures in report.parts.items() if _whole(part)})
    parts = [part for part in report.parts.items() if not _whole(part[0])]
    if parts:
        titles = [
            "Fields",
            "Blast recall at",
            "Blast count error",
            "White cell count error",
            "Share error",
            "Fields called",
        ]
        console.print(terminal.table(titles, [_use_row(*part) for part in parts]))
    if report.mean_over_folds:
        told = ", ".join(f"{name} {_number(value)}" for name, value in report.mean_over_folds.items())
        console.print(f"mean over folds: {told}")


def _class_rows(part: str, figures: BoxFigures) -> Iterable[tuple[str, ...]]:
    whole = _whole(part)
    for kind, entry in figures.classes.items():
        if not entry.truths or (kind == "white cell" and not whole):
            continue
        values = (entry.precision, entry.recall, entry.ap50, entry.ap)
        shown = [str(value) if whole else str(type(value)(value.value)) for value in values]
        yield part if kind == "blast" or not figures.classes["blast"].truths else "", kind, str(entry.truths), *shown


def _whole(part: str) -> bool:
    """Whether a part stands for itself, not for one fold or sitting of many."""
    return not part.startswith(("fold", "session"))


def _print_uses(parts: Mapping[str, BoxFigures]) -> None:
    """What a clinician asks, a line a figure, with 95 % intervals by field; of counts also Bland & Altman's limits."""
    columns = [_uses(figures) for figures in parts.values()]
    rows = [(words, *(column[words] for column in columns)) for words in columns[0]]
    terminal.out().print(terminal.table(["Of use (95 %)", *parts], rows, right=range(1, len(parts) + 1)))


def _uses(figures: BoxFigures) -> dict[str, str]:
    counted = figures.counts
    told = {
        f"blast recall at {entry.false_per_field:g} false blasts a field": str(entry.recall)
        for entry in figures.free_response
    }
    for words, error in (("blasts", counted.blasts), ("white cells", counted.white_cells)):
        low, high = error.limits
        told[f"{words} a field: mean absolute error"] = _with_ends(error.mean_absolute)
        told[f"{words} a field: bias, limits of agreement"] = f"{error.bias:+.2f} ({low:+.2f} to {high:+.2f})"
        told[f"{words} a field: correlation"] = _number(error.correlation)
    return told | {
        "share of blasts: mean absolute error": _with_ends(counted.share),
        "fields with blasts in which one is called": str(counted.sensitivity),
        "fields without blasts in which none is": str(counted.specificity),
        "false blasts a field without blasts": _with_ends(counted.false_blasts),
    }


def _with_ends(estimate: Estimate) -> str:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return _number(estimate.value)
    return f"{estimate.value:.2f} ({estimate.low:.2f}{EN_DASH}{estimate.high:.2f})"


def _use_row(part: str, figures: BoxFigures) -> tuple[str, ...]:
    counted = figures.counts
    recalls = ", ".join(f"{entry.false_per_field:g}: {_number(entry.recall.value)}" for entry in figures.free_response)
    low, high = counted.blasts.limits
    return (
        part,
        recalls if figures.classes["blast"].truths else EN_DASH,
        f"{_number(counted.blasts.mean_absolute.value)} (bias {counted.blasts.bias:+.2f}, {low:+.1f} to {high:+.1f})",
        f"{_number(counted.white_cells.mean_absolute.value)} (r {_number(counted.white_cells.correlation)})",
        _number(counted.share.value),
        f"{counted.sensitivity} of ill, {counted.specificity} of others; {_number(counted.false_blasts.value)} false",
    )


def _number(value: float | None) -> str:
    return EN_DASH if value is None else f"{value:.3f}"


def _print_all(reports: Iterable[BoxReport], words: str) -> None:
    console = terminal.out()
    rows = []
    for report in reports:
        figures = report.parts["all"]
        blast, healthy = figures.classes["blast"], figures.classes["healthy"]
        mean = report.mean_over_folds.get("blast recall at 0.5")
        rows.append(
            (
                report.model,
                *(_number(value.value) for value in (blast.ap50, blast.ap, healthy.ap50, healthy.ap)),
                _number(figures.free_response[1].recall.value),
                _number(mean),
                _number(figures.counts.blasts.mean_absolute.value),
                _number(figures.counts.false_blasts.value),
            )
        )
    titles = [
        "Model", "Blast mAP@0.5", "0.5:0.95", "Healthy mAP@0.5", "0.5:0.95", "Recall at 0.5 false", "mean over folds",
        "Count error", "False blasts",
    ]  # fmt: skip
    console.print(words)
    console.print(terminal.table(titles, rows, right=tuple(range(1, 9))))
