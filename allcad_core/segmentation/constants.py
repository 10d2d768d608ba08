"""The constants of ``stain`` that were fixed on expert masks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Constants:
    """What was fixed on the crops of ALL-IDB2 with expert masks.

    Attributes:
        hue: by how much the hue of a white cell exceeds that of red cells.
        least_hue: of a white cell, whatever red cells look like.
        density: least mean optical density of a white cell.
        edge: least share of the strongest density next to a pixel; the foot of a blurred edge has less.
        contrast: least difference of nucleus and cytoplasm in green light, over that of nucleus and ground; with less,
            and a paler part that is purple enough for a nucleus, Otsu's threshold has parted one.
        margin: by how much the border of a nucleus lies beyond Otsu's threshold, over the difference of nucleus and
            cytoplasm.
        cell_hole, nucleus_hole: holes under these diameters are filled, in red-cell diameters.
        thread: what is thinner is no part of a cell, likewise.
    """

    hue: float = 0.13
    least_hue: float = 0.08
    density: float = 0.022
    edge: float = 0.2
    contrast: float = 0.45
    margin: float = 0.1
    cell_hole: float = 0.6
    nucleus_hole: float = 0.4
    thread: float = 0.25


SHIPPED = Constants()
"""Fixed on all crops."""
