"""The grey histogram in the colours of its clusters, with the threshold as a line that can be dragged, typed or moved by key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from allcad_core.segmentation import Cluster
from allcad_core.ui import charts
from allcad_core.ui.components import component

_mount = component("threshold", "lab/bus.js")


@dataclass(frozen=True)
class Line:
    """The line: where it stands, where the method's own rule puts it, and Dice at each grey level where truth is known."""

    level: int
    rule: int
    rule_name: str
    dice: NDArray[np.float64] | None = None


def threshold(
    histogram: NDArray[np.int64],
    clusters: Sequence[Cluster],
    *,
    key: str,
    subject: str,
    line: Line | None = None,
    taken: NDArray[np.int64] | None = None,
    on_level: Callable[[int | None], None] | None = None,
) -> None:
    """Show the histogram.

    Args:
        histogram: int64 (256,), pixels of each grey level.
        clusters: of the grey levels, dark to light.
        key: name of the chart on its page.
        subject: names what the line cuts; with another subject the browser forgets where it stood.
        line: the threshold; ``None`` for a method that has none.
        taken: int64 (256,), pixels of each level that such a method takes for nuclei.
        on_level: called with the level that the visitor set, ``None`` for the rule's own, before the page runs again.
    """

    def report() -> None:
        level = st.session_state[key].get("level")
        if on_level is not None and isinstance(level, int):
            on_level(None if line is not None and level == line.rule else level)

    _mount(
        key=key,
        data={
            "subject": subject,
            "counts": histogram.tolist(),
            "clusters": [
                {"low": cluster.low, "high": cluster.high, "pixels": cluster.pixels, "name": name}
                for cluster, name in zip(clusters, charts.CLUSTER_NAMES, strict=False)
            ],
            "line": None
            if line is None
            else {
                "level": line.level,
                "rule": line.rule,
                "rule_name": line.rule_name,
                "dice": None if line.dice is None else [round(value, 4) for value in line.dice.tolist()],
            },
            "taken": None if taken is None else taken.tolist(),
        },
        on_level_change=report,
    )
