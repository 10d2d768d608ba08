"""Boxes and outlines as files carry them: inside the picture, rounded, names without what no file can hold."""

from __future__ import annotations

from allcad_core.results import Box, Cell, FieldAnalysis

DECIMALS = 2
"""A hundredth of a pixel is far below what an edge of a cell means."""

Polygon = tuple[tuple[float, float], ...]


def clipped(box: Box, analysis: FieldAnalysis) -> Box:
    """A box cut at the edges of its picture, in hundredths of a pixel."""
    x0, y0, x1, y1 = box
    width, height = float(analysis.width), float(analysis.height)
    sides = (min(max(x0, 0.0), width), min(max(y0, 0.0), height), min(max(x1, 0.0), width), min(max(y1, 0.0), height))
    left, top, right, bottom = (round(float(side), DECIMALS) for side in sides)
    return left, top, right, bottom


def polygon(cell: Cell) -> Polygon:
    """The cell's outline as (x, y) in hundredths of a pixel; empty where it is not known or has no area."""
    points = tuple((round(float(x), DECIMALS), round(float(y), DECIMALS)) for x, y in cell.outline)
    return points if len(points) >= 3 and polygon_area(points) > 0 else ()


def polygon_area(points: Polygon) -> float:
    """Area of a closed polygon in px², by Gauss's formula.

    >>> polygon_area(((0, 0), (4, 0), (4, 3)))
    6.0
    """
    return abs(signed_area(points))


def signed_area(points: Polygon) -> float:
    """The same, positive where the polygon runs from x towards y."""
    turns = zip(points, (*points[1:], *points[:1]), strict=True)
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in turns) / 2


def in_file(name: str) -> str:
    """A file's name as UTF-8 can hold it: bytes that are no letters become question marks."""
    return name.encode("utf-8", "replace").decode("utf-8")
