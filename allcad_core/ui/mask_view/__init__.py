"""The lab's viewer: the field viewer with a step of the segmentation laid over it, coloured in the browser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from allcad_core.segmentation import Region
from allcad_core.ui import media
from allcad_core.ui.components import component
from allcad_core.ui.lab.told import Stage
from allcad_core.ui.viewer import LIBRARY

_mount = component(
    "mask_view", "lab/bus.js", "viewer/viewer.html", "viewer/viewer.css", "viewer/viewer.js", "mask_view/layer.js"
)


@dataclass(frozen=True)
class Planes:
    """What is laid over the picture, each an encoded plane: grey levels, what else a method looks at, masks, the truth."""

    grey: bytes | None = None
    feature: bytes | None = None
    mask: bytes | None = None
    other: bytes | None = None
    truth: bytes | None = None


def mask_view(
    jpeg: bytes,
    size: tuple[int, int],
    planes: Planes,
    stages: Sequence[Stage],
    *,
    key: str,
    alt: str,
    regions: Sequence[tuple[Region, str]] = (),
    subject: str = "",
    threshold: int | None = None,
    clusters: tuple[int, int] = (85, 170),
    part: str = "nucleus",
    micrometres: float | None = None,
    height: int = 440,
    controls: bool = True,
    linked: bool = False,
) -> None:
    """Show a field with a step of its segmentation above it.

    Which step, how strongly it covers, the threshold while it is dragged and the chosen region are told among the
    parts of the lab in the browser; nothing of it runs the page again.

    Args:
        jpeg: the photograph, encoded.
        size: its width and height in px.
        planes: what the steps are coloured from.
        stages: the steps; a viewer of one step shows that one always.
        key: name of this viewer on its page.
        alt: what it shows, for those who do not see it.
        regions: cells that can be chosen, each with the words of its tag.
        subject: names what the regions are numbered in; a choice holds for one subject.
        threshold: grey level up to which the mask reaches; ``None`` where the mask is a plane.
        clusters: highest grey levels of the first two clusters.
        part: ``nucleus`` or ``cell``: which masks the steps ``truth`` and ``difference`` compare.
        micrometres: of a pixel, for the scale bar.
        height: px on a wide screen.
        controls: show the slider of the opacity and the sentence of the step below.
        linked: move together with the other linked viewers of the page.
    """
    data = {
        "image": media.address(jpeg, "image/jpeg", f"{key}.image"),
        "library": media.address(LIBRARY, "text/javascript", "viewer.library"),
        "width": size[0],
        "height": height,
        "fill": True,
        "alt": alt,
        "least": 0,
        "kinds": ["region"],
        "chosen": None,
        "legend": [],
        "cells": [_described(place, region, text) for place, (region, text) in enumerate(regions)],
        "planes": {
            name: media.address(plane, "image/png", f"{key}.{name}") for name, plane in vars(planes).items() if plane
        },
        "stages": [asdict(stage) for stage in stages],
        "threshold": threshold,
        "clusters": list(clusters),
        "part": part,
        "micrometres": micrometres,
        "subject": subject,
        "controls": controls,
        "linked": linked,
    }
    _mount(key=key, data=data)


def _described(place: int, region: Region, text: str) -> dict[str, Any]:
    return {
        "index": place,
        "box": [round(edge, 1) for edge in region.box],
        "kind": "region",
        "review": False,
        "score": 1.0,
        "text": text,
        "outline": " ".join(f"{x:.0f},{y:.0f}" for x, y in region.outline),
    }
