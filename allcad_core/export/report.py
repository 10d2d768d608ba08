"""The report of one photograph as PDF: answer, field, counts, suspicious cells, review, warnings, models and limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from allcad_core import __version__, review
from allcad_core.export.places import clipped, in_file
from allcad_core.images import SmearImage, base_name
from allcad_core.intervals import wilson
from allcad_core.results import Cell, FieldAnalysis
from allcad_core.suggestion import NOT_A_DIAGNOSIS

if TYPE_CHECKING:
    from allcad_core.export.sheet import Sheet

LONGEST = 1600
"""Pixels of the field's longer side: 220 to an inch on paper."""
TALLEST = 115.0
"""Millimetres of the field, so that the counts stand on the first page, too."""
GALLERY, COLUMNS = 12, 6
FIRST_ROW = 55.0
"""Millimetres: the heading of the gallery stands above its first row, never alone."""
CROP, CONTEXT = 160, 1.5
"""Pixels of a cell's picture, and how many times the longer side of its box it shows."""
GLYPHS = {"blast": "\u25c6", "healthy": "\u25cb", "unsure": "\u00d7", "review": "\u25b2"}
LIMITS = (
    "The intervals are Wilson's, 95 %: they cover chance in counting, not the models' mistakes. "
    "On another microscope or stain the models make more mistakes."
)
KEY = f"{GLYPHS['blast']} blast   {GLYPHS['healthy']} healthy   {GLYPHS['review']} to review   {GLYPHS['unsure']} cannot tell"


def report_pdf(image: SmearImage, analysis: FieldAnalysis) -> bytes:
    """A4 pages about one photograph, at the confidence of the analysis.

    Raises:
        ValueError: the analysis is of a picture of another size.
    """
    from allcad_core.export.picture import framed
    from allcad_core.export.sheet import Sheet

    field = framed(image, analysis, LONGEST)
    name = _printable(base_name(analysis.image))
    sheet = Sheet(f"allcad: {name}", __version__)
    sheet.paragraph(f"{name}, {analysis.width} \u00d7 {analysis.height} px", quiet=True)
    suggestion = analysis.suggestion
    sheet.title_line(suggestion.headline)
    sheet.paragraph(suggestion.detail)
    sheet.paragraph(f"Blast share {analysis.blast_fraction}, 95 % interval.", bold=True)
    if analysis.opinion is not None:
        sheet.paragraph(analysis.opinion_told)
    if analysis.edits:
        sheet.paragraph(review.told(analysis))
    sheet.ln(2)
    sheet.picture(field, TALLEST, f"The field with a frame around each white cell. {suggestion.headline}")
    sheet.paragraph(
        f"{KEY}. Shown: scores of {analysis.confidence:.2f} and more, and what a person reviewed.", quiet=True
    )
    _counts(sheet, analysis)
    _warnings(sheet, analysis)
    _gallery(sheet, image, analysis)
    _review(sheet, analysis)
    _models(sheet, analysis)
    sheet.heading("Limits")
    sheet.paragraph(f"{LIMITS} allcad suggests what to look at. {NOT_A_DIAGNOSIS}")
    return bytes(sheet.output())


def _counts(sheet: Sheet, analysis: FieldAnalysis) -> None:
    sheet.heading("Counts")
    counts = analysis.counts
    body = [
        (f"{GLYPHS[label]} {name}", str(count), str(wilson(count, counts.total)))
        for label, name, count in (("blast", "Blasts", counts.blast), ("healthy", "Healthy cells", counts.healthy))
    ]
    body.append(("White cells counted", str(counts.total), ""))
    if counts.unsure:
        body.append((f"{GLYPHS['unsure']} Cannot tell, not counted", str(counts.unsure), ""))
    flagged = sum(cell.to_review for cell in analysis.cells)
    if flagged:
        body.append((f"{GLYPHS['review']} Of the counted, to review", str(flagged), ""))
    sheet.rows(("", "Cells", "Share (95 % interval)"), body, (3, 1, 2), right=2)


def _warnings(sheet: Sheet, analysis: FieldAnalysis) -> None:
    if analysis.warnings:
        sheet.heading("Warnings")
        for note in analysis.warnings:
            sheet.noted(_printable(note.message))


def _gallery(sheet: Sheet, image: SmearImage, analysis: FieldAnalysis) -> None:
    numbered = sorted(enumerate(analysis.cells, start=1), key=lambda pair: -pair[1].suspicion)[:GALLERY]
    if not numbered:
        return
    sheet.heading("Most suspicious cells", FIRST_ROW)
    sheet.paragraph(
        "Number in the table of cells, class, blast probability; what a person reviewed says so.", quiet=True
    )
    sheet.ln(1)
    sheet.tiles([(_crop(image, cell, analysis), _caption(number, cell)) for number, cell in numbered], COLUMNS)


def _caption(number: int, cell: Cell) -> str:
    glyph = GLYPHS["review" if cell.to_review else cell.label]
    chance = "drawn" if cell.p_blast is None and cell.reviewed else _probability(cell.suspicion)
    return f"{glyph} {number} \u00b7 {chance}" + (" \u00b7 rev." if cell.reviewed and cell.p_blast is not None else "")


def _review(sheet: Sheet, analysis: FieldAnalysis) -> None:
    sheet.heading("Review by a person")
    if not analysis.edits:
        sheet.paragraph("Nobody has reviewed these cells.")
        return
    alone = analysis.by_models.counts
    sheet.paragraph(f"{review.told(analysis)} They counted {alone.blast} blasts and {alone.healthy} healthy cells.")
    for change in review.changes(analysis):
        sheet.paragraph(f"\u2022 {change.sentence}")


def _models(sheet: Sheet, analysis: FieldAnalysis) -> None:
    sheet.heading("Models and versions")
    models = analysis.models
    rows = [
        ("Model", analysis.recipe),
        ("Detector", _model(models.detector)),
        ("Classifier", _model(models.classifier)),
        ("Segmentation", models.segmenter or "\u2013"),
        ("Computed by", f"{analysis.backend} on {analysis.device}, {analysis.timing_ms.total:.0f} ms"),
        ("allcad", __version__),
        ("Picture, SHA-256", analysis.sha256),
    ]
    sheet.rows(("What", "Which"), rows, (1, 4))


def _model(name: str | None) -> str:
    """A network with the start of its weights' digest; what has no weights stands alone."""
    from allcad_core.errors import AllcadError
    from allcad_core.models import card

    if name is None:
        return "\u2013"
    try:
        return f"{name}, weights {card(name).sha256[:12]}"
    except AllcadError:  # a method without weights has no card
        return name


def _probability(value: float) -> str:
    return "> 0.99" if value > 0.99 else "< 0.01" if value < 0.01 else f"{value:.2f}"


def _crop(image: SmearImage, cell: Cell, analysis: FieldAnalysis) -> NDArray[np.uint8]:
    """The cell with some surroundings, uint8 (``CROP``, ``CROP``, 3); beyond the picture's edge its last pixels go on."""
    x0, y0, x1, y1 = clipped(cell.box, analysis)
    scale = CROP / (CONTEXT * max(x1 - x0, y1 - y0, 1.0))
    middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    shift = CROP / 2 - scale * middle
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    return np.asarray(
        cv2.warpAffine(image.pixels, matrix, (CROP, CROP), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.uint8,
    )


def _printable(text: str) -> str:
    """One line without signs that no font draws."""
    return "".join(letter if letter.isprintable() else "?" for letter in in_file(text))
