"""The scenes of stage mode: one smear as photograph, mask, boxes, in two models' eyes, and what its classifier gets wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from allcad_core.detection.base import match
from allcad_core.errors import AllcadError
from allcad_core.results import Box, Cell, FieldAnalysis
from allcad_core.ui import engine, media, proof, state, words
from allcad_core.ui.explorer import work
from allcad_core.ui.explorer.evidence import BLAST, HEALTHY
from allcad_core.ui.stage import told
from allcad_core.ui.state import Smear

SAME = 0.3
"""Boxes of two models with this IoU or more are one cell."""
PROTOCOL, JUDGED = "session", "cell"
LONGEST = 1920
"""px: what a projector shows."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A box on a scene: x0, y0, x1, y1 in px of the field; ``kind`` blast, healthy, unsure, review or quiet."""

    box: Box
    kind: str
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Counts by truth and answer, blasts first, and where they come from."""

    counts: tuple[tuple[int, int], tuple[int, int]]
    right: str
    source: str


@dataclass(frozen=True, eq=False)
class Scene:
    """One picture with one sentence.

    Attributes:
        name: of the scene, one word.
        sentence: at most ten words.
        lines: what stands below it, smaller.
        jpeg: the picture, empty for a matrix.
        size: width, height of the field in px, the measure of ``marks``.
        marks: boxes on it.
        matrix: instead of a picture.
    """

    name: str
    sentence: str
    lines: tuple[str, ...]
    jpeg: bytes = b""
    size: tuple[int, int] = (1, 1)
    marks: tuple[Mark, ...] = ()
    matrix: Matrix | None = None


def scenes(smear: Smear, progress: engine.Progress | None = None) -> tuple[Scene, ...]:
    """All scenes of a smear; the ones for which a model or stored results are missing are left out.

    Raises:
        AllcadError: the default model cannot be used.
    """
    first = engine.default_recipe()
    second = next(one.name for one in engine.recipes() if not one.is_judged)  # another network, so another opinion
    found = state.analysis(smear, first, progress)
    size = (found.width, found.height)
    photograph, masked = state.remember(("stage", smear.key), lambda: _pictures(smear))
    origin = "A smear that was generated here" if smear.sample else smear.name
    counts = found.counts
    shown = [
        Scene("Smear", "This is blood under a microscope.", (origin,), photograph, size),
        Scene(
            "Mask",
            "First, allcad masks what is stained.",
            ("Nuclei take up the stain; the empty ground and red cells do not.",),
            masked,
            size,
        ),
        Scene(
            "Boxes",
            told.boxes_sentence(counts.blast, counts.total),
            (f"Blast share {found.blast_fraction}", "A suggestion for a specialist, not a diagnosis."),
            photograph,
            size,
            tuple(Mark(cell.box, cell.label) for cell in found.cells),
        ),
    ]
    try:
        other = state.analysis(smear, second, progress)
        shown.append(replace(_disagreement(found, other), jpeg=photograph, size=size))
    except AllcadError:  # one model is enough for the others
        pass
    judged = _matrix(found.models.classifier)
    return (*shown, judged) if judged else tuple(shown)


def _pictures(smear: Smear) -> tuple[bytes, bytes]:
    pixels = _smaller(smear.image.pixels)
    return media.jpeg(pixels), proof.masked(
        pixels, engine.segment(replace(smear.image, pixels=pixels), "stain").nucleus
    )


def _smaller(pixels: media.Pixels) -> media.Pixels:
    import cv2

    scale = LONGEST / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _disagreement(first: FieldAnalysis, second: FieldAnalysis) -> Scene:
    """Cells that only one model found, or that the two call by different names, among all that were found."""
    pairs, alone = _pairs(first.cells, second.cells)
    marks = [
        Mark(one.box, "review" if one.label != other.label else "quiet", f"{_glyph(one)} {_glyph(other)}")
        for one, other in pairs
    ]
    marks += [Mark(cell.box, "review", f"{_glyph(cell)} {words.DASH}") for cell in alone[0]]
    marks += [Mark(cell.box, "review", f"{words.DASH} {_glyph(cell)}") for cell in alone[1]]
    differing = sum(mark.kind == "review" for mark in marks)
    lines = tuple(
        f"{one.recipe}: {one.counts.blast} of {one.counts.total} are blasts, {one.blast_fraction}"
        for one in (first, second)
    )
    return Scene("Doubt", told.differ_sentence(differing, len(marks)), lines, marks=tuple(marks))


def _glyph(cell: Cell) -> str:
    return words.GLYPHS[cell.label]


def _pairs(
    first: Sequence[Cell], second: Sequence[Cell]
) -> tuple[list[tuple[Cell, Cell]], tuple[list[Cell], list[Cell]]]:
    """Cells that both found, each of ``second`` at most once, and those that one found alone."""
    taken: set[int] = set()
    pairs: list[tuple[Cell, Cell]] = []
    alone: list[Cell] = []
    for cell, owner in zip(first, match([c.box for c in first], [c.box for c in second], SAME), strict=True):
        if owner is None or owner in taken:
            alone.append(cell)
        else:
            taken.add(owner)
            pairs.append((cell, second[owner]))
    return pairs, (alone, [cell for index, cell in enumerate(second) if index not in taken])


def _matrix(classifier: str | None) -> Scene | None:
    """What the classifier said of cells from sittings that it had not been trained on; ``None`` where nothing is stored."""
    if classifier is None:
        return None
    try:
        evidence = work.load(JUDGED, classifier, PROTOCOL)
    except AllcadError:
        return None
    table = evidence.matrix()
    counts = (
        (int(table[BLAST, BLAST]), int(table[BLAST, HEALTHY])),
        (int(table[HEALTHY, BLAST]), int(table[HEALTHY, HEALTHY])),
    )
    total = sum(map(sum, counts))
    right = counts[0][0] + counts[1][1]
    share = work.shares(evidence, None)["right"]
    ends = f"{100 * (share.low or 0):.0f}{words.DASH}{100 * (share.high or 0):.0f}"
    return Scene(
        "Errors",
        f"Of {total} cells never seen, {right} were right.",
        (f"{words.percent(share.value)} right ({ends}, Wilson 95{words.NBSP}%)",),
        matrix=Matrix(
            counts, words.percent(share.value), f"{classifier} on {evidence.dataset}, sittings left out of training"
        ),
    )
