"""Four charts of some evidence, with the chosen threshold on each and the pointer to read values off."""

from __future__ import annotations

import math

import numpy as np

from allcad_core.evaluation.bands import Band
from allcad_core.evaluation.curves import Bin
from allcad_core.ui import words
from allcad_core.ui.components import component
from allcad_core.ui.explorer import told
from allcad_core.ui.explorer.evidence import BLAST, HEALTHY, Evidence, Ints
from allcad_core.ui.explorer.work import FALSE_RATE, MOST_FALSE, Lines

_mount = component("explorer/curves")

Drawn = dict[str, object]
ABSENT = "This needs cells of both classes."
DIAMOND, DASHES = words.GLYPHS["blast"], "\u2505\u2505"


def curves(shown: Evidence, lines: Lines, counts: Ints, threshold: float, *, key: str) -> None:
    """Show the charts.

    Args:
        shown: what they are about.
        lines: their curves.
        counts: the matrix at the threshold.
        threshold: as the slider has it.
        key: name of the charts on their page.
    """
    _mount(key=key, data={"charts": charts(shown, lines, counts, threshold)})


def charts(shown: Evidence, lines: Lines, counts: Ints, threshold: float) -> list[Drawn]:
    """The four charts as numbers. Arguments as ``curves``."""
    found, false, precision = _at(shown, counts)
    detector = shown.boxes
    most = MOST_FALSE if detector else 1.0
    recall = "blasts found" if shown.task != "field" else "ALL fields found"
    false_words = "false blasts a field" if detector else "false alarms"
    area, ends = told.decimal(lines.area)
    if detector:
        area, ends = told.share(lines.area), f"at {FALSE_RATE:g} a field"
    average, average_ends = told.decimal(lines.average)
    gap, gap_ends = told.decimal(lines.gap)
    return [
        _chart(
            "Free-response ROC" if detector else "ROC",
            area if detector else f"AUROC {area}",
            ends,
            [_line(lines.response, recall)],
            across=f"{most:g} {false_words}" if detector else f"{false_words} 1",
            reads=false_words,
            most=most,
            even=not detector,
            dot=_dot(false, found),
        ),
        _chart(
            "Precision\N{EN DASH}recall",
            f"AP {average}",
            average_ends,
            [_line(lines.precision, "precision")],
            across=f"{recall} 1",
            reads=recall,
            dot=_dot(found, precision),
        ),
        _chart(
            "Calibration",
            f"ECE {gap}",
            gap_ends,
            [],
            across=f"{'score' if detector else 'probability'} 1",
            reads="boxes right at" if detector else "at probability",
            even=True,
            points=lines.calibration,
            rule=threshold,
        ),
        _chart(
            "By threshold",
            "",
            "",
            [_line(lines.found, "found", "found"), _line(lines.false, "false", "false")],
            across="threshold 1",
            reads="at",
            rule=threshold,
            key=[
                {"kind": "found", "glyph": DIAMOND, "name": "found"},
                {"kind": "false", "glyph": DASHES, "name": "false a field" if detector else "false"},
            ],
        ),
    ]


def _at(shown: Evidence, counts: Ints) -> tuple[float | None, float | None, float | None]:
    """Blasts found, false ones, and precision in the matrix."""
    found, blasts = int(counts[BLAST, BLAST]), int(counts[BLAST].sum())
    called = int(counts[:, BLAST].sum())
    against = len(shown.fields) if shown.boxes else int(counts[HEALTHY].sum())
    return _ratio(found, blasts), _ratio(called - found, against), _ratio(found, called)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _dot(x: float | None, y: float | None) -> dict[str, float] | None:
    return None if x is None or y is None else {"x": x, "y": y}


def _line(band: Band | None, name: str, kind: str = "") -> Drawn | None:
    if band is None or not np.isfinite(band.y).any():
        return None
    return {
        "name": name,
        "kind": kind,
        "x": _numbers(band.x),
        "y": _numbers(band.y),
        "low": _numbers(band.low),
        "high": _numbers(band.high),
    }


def _numbers(values: np.ndarray) -> list[float | None]:
    return [round(float(value), 4) if math.isfinite(value) else None for value in values]


def _chart(
    title: str,
    figure: str,
    interval: str,
    lines: list[Drawn | None],
    *,
    across: str,
    reads: str,
    most: float = 1.0,
    even: bool = False,
    dot: dict[str, float] | None = None,
    rule: float | None = None,
    points: tuple[Bin, ...] = (),
    key: list[dict[str, str]] | None = None,
) -> Drawn:
    kept = [line for line in lines if line is not None]
    return {
        "title": title,
        "figure": figure,
        "interval": interval,
        "lines": kept,
        "points": [{"x": one.probability, "y": one.share, "low": one.low, "high": one.high} for one in points],
        "across": across,
        "reads": reads,
        "most": most,
        "even": even,
        "dot": dot if kept else None,
        "rule": rule,
        "key": key or [],
        "absent": ABSENT,
        "alt": " ".join(part for part in (title, figure, interval) if part),
    }
