"""``allcad evaluate generator``: generated cells found, and what generated fields add to training."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

from allcad_core.cli import DONE, terminal
from allcad_core.cli import arguments as ask
from allcad_core.intervals import EN_DASH

if TYPE_CHECKING:
    from allcad_core.evaluation.generator import GeneratorReport, LabelFigures
    from allcad_core.evaluation.paired import CellFigures, Comparison, Pair

WITHOUT, WITH = "best_cell_real", "best_cell_single"
"""Classifiers that saw real fields only, and generated ones too."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``evaluate generator``."""
    ask.add_data(parser)
    ask.add_json(parser, "the figures")


def run(arguments: argparse.Namespace) -> int:
    """Look at generated fields, then compare the folds with and without them; the data folder is for its sessions."""
    from allcad_core.datasets import find_data
    from allcad_core.evaluation import generator, paired
    from allcad_core.synthesis import trial

    comparison = paired.compare(WITHOUT, WITH, "session", find_data(arguments.data))
    with terminal.bar(trial.FIELDS) as bar:
        report = generator.report(WITHOUT, tell=bar.show)
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
        f"regions of 'stain', judged by {report.classifier}, on {report.fields} generated fields of {width}x{height} px, seeds {report.first_seed} to "
        f"{report.first_seed + report.fields - 1}"
    )
    for words, part in (
        ("at no more than 1 false box a field", report.at_false_boxes),
        ("at the default confidence", report.at_default),
    ):
        console.print(f"\n{words}")
        rows = [row for figures in part for row in _generated_rows(figures)]
        titles = ["Cells", "Score from", "In a box of their own", "In one of the other label", "False boxes a field"]
        console.print(terminal.table(titles, rows, right=(1, 2, 3, 4)))
    told = ", ".join(f"{label} {share.found} of {share.cells}: {share.recall}" for label, share in report.real.items())
    console.print(f"\nReal cells of ALL-IDB1 called right, sittings left out: {told}")


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
