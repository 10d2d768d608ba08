"""``allcad analyse``: the one path of a picture, for files."""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection, Sequence
from pathlib import Path
from time import perf_counter

from allcad_core.cli import DONE, FAILED, terminal
from allcad_core.cli import arguments as ask
from allcad_core.images import SmearImage, read
from allcad_core.results import Edit, FieldAnalysis

EPILOG = """\
--out DIR writes NAME.annotated.png for each photograph, and cells.csv and analysis.json for all of them together.
--format chooses what is written instead: png, csv, json, coco (coco.json), yolo (yolo.zip), geojson (NAME.geojson, for
QuPath), pdf (NAME.report.pdf), or all. --review FILE takes over what a person has relabelled, drawn and deleted: an
analysis.json that the dashboard wrote after a review.
--explain adds NAME-cell-K-explained.png for the most suspicious cells, K as in cells.csv: what the classifier saw beside
what spoke for its answer, the brighter the more. explained.json says how much of that lies inside each cell.
The share of blasts stands with its 95 % Wilson interval, which covers the error of counting only, not of the model.
"""
FORMATS = ("png", "csv", "json", "coco", "yolo", "geojson", "pdf")
USUAL = ("png", "csv", "json")
EXPLAINED = 6
"""Cells of a photograph that are explained where nobody says how many."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``analyse``."""
    parser.epilog = EPILOG
    ask.add_files(parser)
    parser.add_argument("--model", metavar="NAME", help="one of those that 'allcad models' lists")
    parser.add_argument(
        "--confidence",
        type=ask.confidence,
        metavar="X",
        help="hide what scores below X, 0 to 1 (default: the model's own)",
    )
    ask.add_device(parser)
    ask.add_backend(parser)
    ask.add_json(parser, "all analyses")
    ask.add_scale(parser)
    parser.add_argument("--out", type=ask.folder_to_write, metavar="DIR", help="write pictures, table and JSON here")
    parser.add_argument(
        "--format",
        action="append",
        choices=(*FORMATS, "all"),
        metavar="F",
        help=f"with --out: {', '.join(FORMATS)} or all; can be given again (default: {', '.join(USUAL)})",
    )
    parser.add_argument(
        "--review", type=Path, metavar="FILE", help="apply a person's review to the photographs that it is of"
    )
    parser.add_argument("--explain", action="store_true", help="with --out: draw why the classifier judged cells so")
    parser.add_argument(
        "--explain-most",
        type=ask.positive,
        default=EXPLAINED,
        metavar="N",
        help=f"explain so many cells of a photograph, the most suspicious ones (default: {EXPLAINED})",
    )


def run(arguments: argparse.Namespace) -> int:
    """Analyse every file, show and write what came out."""
    from allcad_core import export, review
    from allcad_core.analysis import analyse, place
    from allcad_core.recipes import recipe

    for option in ("explain", "format"):
        if getattr(arguments, option) and arguments.out is None:
            arguments.parser.error(f"--{option} writes files: say where to with --out DIR")
    formats = _formats(arguments.format)
    edits = _edits(arguments.review)
    # An unknown name or device is wrong usage, said before any file is read.
    place(recipe(arguments.model), arguments.device, arguments.backend, make=True)

    paths = ask.expand(arguments.files)
    names = dict(zip(paths, ask.distinct_stems(paths), strict=True))
    out: Path | None = arguments.out
    explained: list[dict[str, object]] = []
    stems: list[str] = []

    def work(path: Path, step: terminal.Step) -> FieldAnalysis:
        start = perf_counter()
        image = read(path)
        read_ms = 1000 * (perf_counter() - start)
        analysis = analyse(
            image,
            arguments.model,
            device=arguments.device,
            backend=arguments.backend,
            confidence=arguments.confidence,
            progress=step,
            read_ms=read_ms,
        )
        analysis = review.apply(analysis, edits.get(image.sha256, ())).scaled(arguments.um_per_px)
        if out is not None:
            _write_one(out / names[path], image, analysis, formats)
            stems.append(names[path])
            if arguments.explain:
                step("explaining", 3, 3)
                explained.extend(_explain(image, analysis, out / names[path], arguments.explain_most, arguments.device))
        return analysis

    analyses = [analysis for analysis in terminal.for_each(paths, work) if analysis is not None]
    if out is not None and analyses:
        _write_together(out, analyses, stems, formats)
        if arguments.explain:
            text = json.dumps(explained, indent=2, ensure_ascii=False)
            _write(out / "explained.json", f"{text}\n".encode())
    if arguments.json:
        terminal.emit(export.as_json(analyses))
    elif analyses:
        show(analyses)
    return DONE if len(analyses) == len(paths) else FAILED


def _formats(asked: Sequence[str] | None) -> frozenset[str]:
    return frozenset(FORMATS if "all" in (asked or ()) else asked or USUAL)


def _edits(path: Path | None) -> dict[str, tuple[Edit, ...]]:
    """A person's edits by the digest of the picture; raises DataError that names the file."""
    from allcad_core import review
    from allcad_core.errors import DataError

    if path is None:
        return {}
    try:
        reviews = review.from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, DataError) as error:
        raise DataError(f"'{path}' cannot be used as a review: {error}") from error
    return {one.sha256: one.edits for one in reviews}


def _write_one(stem: Path, image: SmearImage, analysis: FieldAnalysis, formats: Collection[str]) -> None:
    """The files that one photograph has for itself, beginning with ``stem``."""
    from allcad_core import export

    if "png" in formats:
        _write(stem.with_name(f"{stem.name}.annotated.png"), export.annotated_png(image, analysis))
    if "geojson" in formats:
        _write(stem.with_name(f"{stem.name}.geojson"), export.qupath_geojson(analysis).encode())
    if "pdf" in formats:
        _write(stem.with_name(f"{stem.name}.report.pdf"), export.report_pdf(image, analysis))


def _write_together(
    out: Path, analyses: Sequence[FieldAnalysis], stems: Sequence[str], formats: Collection[str]
) -> None:
    """The files that all photographs share."""
    from allcad_core import export

    if "csv" in formats:
        _write(out / "cells.csv", export.table_csv(analyses).encode())
    if "json" in formats:
        _write(out / "analysis.json", export.as_json(analyses).encode())
    if "coco" in formats:
        _write(out / "coco.json", export.coco_json(analyses).encode())
    if "yolo" in formats:
        _write(out / "yolo.zip", export.yolo_zip(analyses, stems))


def _explain(
    image: SmearImage, analysis: FieldAnalysis, stem: Path, most: int, device: str | None
) -> list[dict[str, object]]:
    """Write a picture for each of the most suspicious cells; a row for each, as ``explained.json`` holds it."""
    from allcad_core import export
    from allcad_core.explained import explain_cells, most_suspicious

    chosen = most_suspicious(analysis, most)
    numbers = {id(cell): number for number, cell in enumerate(analysis.cells, start=1)}
    rows: list[dict[str, object]] = []
    for index, one in zip(chosen, explain_cells(image, analysis, chosen, device), strict=False):
        number = numbers[id(analysis.every_cell[index])]
        picture = stem.with_name(f"{stem.name}-cell-{number}-explained.png")
        _write(picture, export.explained_png(one, analysis.every_cell[index]))
        rows.append(
            {
                "image": analysis.image,
                "cell": number,
                "classifier": one.classifier,
                "label": one.label,
                "probability": one.probability,
                "share_inside": one.inside,
                "sentence": one.sentence,
                "picture": picture.name,
            }
        )
    return rows


def _write(path: Path, content: bytes) -> None:
    from allcad_core import files

    files.write(path, content)


def show(analyses: Sequence[FieldAnalysis]) -> None:
    """Print a table, one line a photograph."""
    titles = ["Photograph", "Blasts", "Healthy", "Unsure", "Share of blasts (95 %)", "What it suggests"]
    rows = [
        (
            analysis.image,
            str(analysis.counts.blast),
            str(analysis.counts.healthy),
            str(analysis.counts.unsure),
            str(analysis.blast_fraction),
            analysis.suggestion.text,
        )
        for analysis in analyses
    ]
    console = terminal.out()
    console.print(terminal.table(titles, rows, right=range(1, 5)))
    for analysis in analyses:
        if analysis.opinion is not None:
            console.print(terminal.printable(f"{analysis.image}: {analysis.opinion_told}"))
        for note in analysis.warnings:
            console.print(terminal.printable(f"{analysis.image}: {note.message}"))
        differ = sum("disagree" in cell.flags for cell in analysis.cells)
        if differ:
            cells = "1 cell" if differ == 1 else f"{differ} cells"
            pair = f"{analysis.models.detector} and {analysis.models.classifier}"
            console.print(terminal.printable(f"{analysis.image}: {pair} disagree on {cells}; look at them."))
    console.print("For research and teaching. Not a medical device.")
