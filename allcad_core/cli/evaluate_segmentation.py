"""``allcad evaluate segmentation``: masks of every method against those of experts."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from allcad_core.cli import DONE, terminal
from allcad_core.cli import arguments as ask

if TYPE_CHECKING:
    from allcad_core.evaluation.segmentation_objects import ObjectFigures
    from allcad_core.evaluation.segmentation_report import MaskFigures


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``evaluate segmentation``."""
    parser.add_argument("model", metavar="METHOD", nargs="?", help="paper, darkest, stain or unet (default: all)")
    ask.add_data(parser)
    parser.add_argument("--sessions", action="store_true", help="the sittings of ALL-IDB too")
    told = parser.add_mutually_exclusive_group()
    told.add_argument("--stored", action="store_true", help="the stored figures of masks; needs no photographs")
    told.add_argument("--store", action="store_true", help="keep what is measured, for --stored")
    parser.add_argument("--no-objects", action="store_true", help="leave out the white cells found on full fields")
    parser.add_argument(
        "--fix",
        action="store_true",
        help="first choose the constants of stain anew, fold by fold, and store what they say",
    )
    parser.add_argument(
        "--smudges",
        action="store_true",
        help="in place of all this: how well smudge cells are told from whole cells, and what the masks are without them",
    )
    ask.add_device(parser)
    ask.add_results(parser)
    ask.add_json(parser, "the figures")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    from allcad_core.datasets import find_data
    from allcad_core.errors import UnknownNameError
    from allcad_core.evaluation import segmentation_objects, segmentation_report
    from allcad_core.predictions import RESULTS
    from allcad_core.segmentation import methods

    if arguments.smudges:
        return _smudges(find_data(arguments.data), json=arguments.json)
    names = methods() if arguments.model is None else [arguments.model]
    if not set(names) <= set(methods()):
        raise UnknownNameError("segmentation method", arguments.model, methods())
    if arguments.fix and arguments.stored:
        arguments.parser.error("--fix measures photographs, --stored needs none: choose one of them")
    data = None if arguments.stored else find_data(arguments.data)
    with terminal.bar(1) as bar:
        if arguments.fix and data is not None:
            _fix(data, arguments.results or RESULTS, bar)
        figures = segmentation_report.report(
            data,
            names,
            by_session=arguments.sessions,
            device=arguments.device,
            results=arguments.results or RESULTS,
            store=arguments.store,
            tell=bar.show,
        )
    objects: Sequence[ObjectFigures] = ()
    if data is not None and not arguments.no_objects:
        objects = segmentation_objects.report(data, names, device=arguments.device)
    if arguments.json:
        terminal.emit_json({"masks": [asdict(one) for one in figures], "objects": [asdict(one) for one in objects]})
    else:
        _print(figures)
        _print_objects(objects)
    return DONE


def _smudges(data: Path, *, json: bool) -> int:
    from allcad_core.evaluation import segmentation_smudges

    with terminal.bar(1) as bar:
        figures = segmentation_smudges.report(data, bar.show)
    if json:
        terminal.emit_json({"smudges": [asdict(one) for one in figures]})
        return DONE
    for one in figures:
        sentence = (
            f"{one.protocol}: {one.told} of the smudge cells are told, {one.mistaken} of the whole cells are mistaken for "
            f"some; Dice of whole cells on {one.fields} fields {one.plain:.3f}, without what is told {one.without:.3f}"
        )
        terminal.out().print(sentence, highlight=False)
    return DONE


def _fix(data: Path, results: Path, bar: terminal.Bar) -> None:
    from allcad_core.evaluation.segmentation_constants import fix

    for one in fix(data, results, bar.show):
        where = "all crops" if one.fold < 0 else f"the folds but {one.fold}"
        bar.complain(f"stain on {where}: {one.constants}, mean Dice {one.dice:.4f}")


def _print(figures: Sequence[MaskFigures]) -> None:
    console = terminal.out()
    titles = ["Method", "Part", "Pictures", "Dice, mean", "median", "IoU, mean", "median"]
    for dataset, structure in dict.fromkeys((one.dataset, one.structure) for one in figures):
        chosen = [one for one in figures if (one.dataset, one.structure) == (dataset, structure)]
        console.print(f"\n{dataset}, {structure}")
        rows = [
            (one.method, one.part, str(one.pictures), *map(str, (one.dice, one.dice_median, one.iou, one.iou_median)))
            for one in chosen
        ]
        console.print(terminal.table(titles, rows, right=(2, 3, 4, 5, 6)))
    console.print(
        "\nIntervals: 95 %, bootstrap by source field. On ALL-IDB, stain and unet are out of fold: their constants and "
        "weights come from the other two folds of whole sittings. Nothing was fitted on WBC-segmentation."
    )


def _print_objects(objects: Sequence[ObjectFigures]) -> None:
    console = terminal.out()
    titles = [
        "Method",
        "Fields",
        "White cells found",
        "Regions that are cells",
        "Median IoU of boxes",
        "Centroids in a box",
    ]
    for truth, words in (("masks", "the experts' masks of whole cells"), ("boxes", "the boxes of annotations/")):
        rows = [
            (
                one.method,
                str(one.fields),
                f"{one.same} of {one.objects}: {one.recall}",
                f"{one.same} of {one.regions}: {one.precision}",
                f"{one.median_overlap:.3f}",
                f"{one.points_hit} of {one.points}" if one.points else "",
            )
            for one in objects
            if one.truth == truth
        ]
        if rows:
            console.print(f"\nWhite cells on full fields of ALL-IDB1, against {words}, same from IoU 0.5")
            console.print(terminal.table(titles, rows, right=(1, 2, 3, 4, 5)))
