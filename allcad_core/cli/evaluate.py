"""``allcad evaluate``: figures from stored out-of-fold predictions, and from generated fields."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

from allcad_core.cli import DONE, terminal
from allcad_core.cli import arguments as ask
from allcad_core.intervals import EN_DASH

if TYPE_CHECKING:
    from allcad_core.evaluation.detection import DetectionReport
    from allcad_core.evaluation.generator import GeneratorReport, LabelFigures
    from allcad_core.evaluation.paired import CellFigures, Comparison, Pair
    from allcad_core.evaluation.points import PointFigures

WITHOUT, WITH = "lightweight", "lightweight-generated"
"""Classifiers that saw real fields only, and generated ones too."""

EPILOG = """\
examples:
  allcad evaluate detect regions --protocol field         centroids found, false blasts, by sitting
  allcad evaluate detect yolo11n --protocol session --json
  allcad evaluate suggestion regions --protocol field     how often each suggestion is given, by truth
  allcad evaluate generator                               generated cells found; what they add to training

Every field was held out of the training of what judged it. Intervals: 95 %, Wilson for shares, bootstrap by field for means.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``evaluate``."""
    parser.epilog = EPILOG
    parser.add_argument(
        "what",
        choices=("detect", "suggestion", "generator"),
        help="boxes against centroids, the rule in plain words, or generated fields",
    )
    parser.add_argument(
        "model", metavar="MODEL", nargs="?", default="regions", help="one that 'allcad models' lists (default: regions)"
    )
    ask.add_data(parser)
    parser.add_argument(
        "--protocol",
        choices=("field", "session"),
        default="field",
        help="which folds (default: field; generator: session)",
    )
    ask.add_json(parser, "the figures")


def run(arguments: argparse.Namespace) -> int:
    """Compute and print."""
    from allcad_core.datasets import find_data
    from allcad_core.evaluation import detection, suggestions

    if arguments.what == "generator":
        return _generator(arguments)
    data = find_data(arguments.data)
    if arguments.what == "suggestion":
        table = suggestions.table(arguments.model, arguments.protocol, data)
        if arguments.json:
            terminal.emit_json(table)
        else:
            _print_suggestions(table)
        return DONE
    report = detection.report(arguments.model, arguments.protocol, data)
    if arguments.json:
        terminal.emit_json(asdict(report))
    else:
        _print_report(report)
    return DONE


def _generator(arguments: argparse.Namespace) -> int:
    """Look at generated fields, then compare the folds with and without them; the data folder is for its sessions."""
    from allcad_core.datasets import find_data
    from allcad_core.evaluation import generator, paired

    comparison = paired.compare(WITHOUT, WITH, "session", find_data(arguments.data))
    with terminal.bar(generator.FIELDS) as bar:
        report = generator.report(arguments.model, tell=bar.show)
    if arguments.json:
        terminal.emit_json({"found": asdict(report), "training": asdict(comparison)})
    else:
        _print_generator(report)
        terminal.out().print()
        _print_comparison(comparison)
    return DONE


def _print_generator(report: GeneratorReport) -> None:
    console = terminal.out()
    width, height = report.size
    console.print(
        f"{report.recipe} on {report.fields} generated fields of {width}x{height} px, seeds {report.first_seed} to "
        f"{report.first_seed + report.fields - 1}"
    )
    for words, part in (
        ("at no more than 1 false box a field", report.at_false_boxes),
        ("at the confidence of the recipe", report.at_default),
    ):
        console.print(f"\n{words}")
        rows = [row for figures in part for row in _generated_rows(figures)]
        titles = ["Cells", "Score from", "In a box of their own", "In one of the other label", "False boxes a field"]
        console.print(terminal.table(titles, rows, right=(1, 2, 3, 4)))


def _generated_rows(figures: LabelFigures) -> Iterable[tuple[str, ...]]:
    whole = figures.all
    yield (
        figures.label,
        f"{figures.confidence:.2f}",
        f"{whole.found} of {whole.cells}: {whole.recall}",
        str(figures.mislabelled),
        f"{figures.false_per_field:.2f}",
    )
    if len(figures.by_kind) > 1:
        for kind, share in figures.by_kind.items():
            yield f"  {kind}", "", f"{share.found} of {share.cells}: {share.recall}", "", ""


def _print_comparison(comparison: Comparison) -> None:
    console = terminal.out()
    console.print(f"{comparison.first} / {comparison.second}, protocol '{comparison.protocol}', out of fold")
    pairs = [("all", comparison.pooled)]
    pairs += [(f"session {name}", pair) for name, pair in comparison.by_session.items()]
    titles = ["Cells of", "Blasts", "Healthy", "Accuracy at 0.5", "Balanced accuracy", "AUROC"]
    rows = [(name, str(pair.blasts), str(pair.healthy), *_both(pair)) for name, pair in pairs]
    console.print(terminal.table(titles, rows, right=(1, 2, 3, 4, 5)))
    value, low, high = comparison.auroc_difference
    console.print(
        f"AUROC, second minus first, all: {value:+.4f} (95 % {low:+.4f} to {high:+.4f}, bootstrap by field). "
        "One training each: the chance of a training is not in the interval."
    )


def _both(pair: Pair) -> tuple[str, ...]:
    def values(figures: CellFigures) -> tuple[float | None, ...]:
        return figures.accuracy, figures.balanced_accuracy, figures.auroc

    shown = (
        [EN_DASH if value is None else f"{value:.3f}" for value in values(each)] for each in (pair.first, pair.second)
    )
    return tuple(f"{one} / {other}" for one, other in zip(*shown, strict=True))


def _print_report(report: DetectionReport) -> None:
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


def _print_suggestions(table: dict[str, dict[str, int]]) -> None:
    kinds = sorted({kind for counts in table.values() for kind in counts})

    def cells(counts: dict[str, int]) -> Iterable[str]:
        return (str(counts.get(kind, 0)) for kind in kinds)

    rows = [(truth, *cells(counts)) for truth, counts in table.items()]
    terminal.out().print(
        terminal.table(
            ["Fields of", *(kind.replace("_", " ") for kind in kinds)], rows, right=tuple(range(1, len(kinds) + 1))
        )
    )
