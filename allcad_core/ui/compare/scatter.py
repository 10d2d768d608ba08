"""Accuracy against time: a point a model with its interval as a whisker and its name beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from allcad_core.evaluation.speed import Speed
from allcad_core.evaluation.standings import Standing
from allcad_core.ui import theme
from allcad_core.ui.compare import told

if TYPE_CHECKING:
    import plotly.graph_objects as go

HEIGHT = 290
TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)


def accuracy_against_time(
    shown: Sequence[Standing], speeds: Mapping[str, Speed], chosen: Collection[str], unit: str
) -> go.Figure:
    """Draw it.

    Args:
        shown: models with a new-session figure and a measured time.
        speeds: by model.
        chosen: names of the pair that the page compares, which stand out.
        unit: for what the time is, ``cell`` or ``field``.
    """
    import plotly.graph_objects as go

    colours = theme.palette()
    figure = go.Figure()
    times = [speeds[entry.model].times.p50 for entry in shown]
    right = max(times) / (min(times) or 1)
    for entry, time in zip(shown, times, strict=True):
        assert entry.session is not None
        value = entry.session.value
        middle, low, high = (100 * (part or 0.0) for part in (value.value, value.low, value.high))
        bold = entry.model in chosen
        near_right = right > 1 and np.log(time / min(times)) > 0.6 * np.log(right)
        figure.add_scatter(
            x=[time], y=[middle], mode="markers", name=entry.model, showlegend=False,
            marker={
                "symbol": "square" if bold else "circle-open", "size": 11, "color": colours.aubergine,
                "line": {"width": 2.5, "color": colours.aubergine},
            },
            error_y={
                "type": "data", "symmetric": False, "array": [high - middle], "arrayminus": [middle - low],
                "color": colours.ink, "thickness": 2, "width": 0,
            },
            hovertemplate=f"{entry.model}<br>{told.share(value)} %<br>{told.milliseconds(speeds[entry.model])} ms a {unit}<extra></extra>",
        )  # fmt: skip
        figure.add_annotation(
            x=np.log10(time), y=middle, xref="x", yref="y", text=f"<b>{entry.model}</b>" if bold else entry.model,
            showarrow=False, xanchor="right" if near_right else "left", xshift=-11 if near_right else 11,
            font={"color": colours.ink, "size": 14},
        )  # fmt: skip
    low_tick, high_tick = min(times) / 1.8, max(times) * 1.8
    ticks = [tick for tick in TICKS if low_tick / 2 <= tick <= high_tick * 2]
    figure.update_layout(
        height=HEIGHT, margin={"l": 36, "r": 12, "t": 8, "b": 44}, dragmode=False, showlegend=False,
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "Source Sans, sans-serif", "size": 14, "color": colours.muted},
        hoverlabel={"bgcolor": colours.well, "font": {"color": colours.ink}, "bordercolor": colours.line},
    )  # fmt: skip
    figure.update_xaxes(
        type="log", range=[float(np.log10(low_tick)), float(np.log10(high_tick))], tickvals=ticks,
        ticktext=[f"{tick:g}" for tick in ticks], showgrid=False, zeroline=False, linecolor=colours.line, fixedrange=True,
        title={"text": f"milliseconds a {unit}, measured here (log)", "standoff": 6},
    )  # fmt: skip
    figure.update_yaxes(gridcolor=colours.line, zeroline=False, fixedrange=True, ticksuffix="")
    return figure


def sentence(shown: Sequence[Standing], speeds: Mapping[str, Speed], unit: str) -> str:
    """The same for those who do not see it."""
    parts = [
        f"{entry.model}: {told.figure(entry.session)} %, {told.milliseconds(speeds[entry.model])} ms a {unit}"
        for entry in shown
    ]
    return "New-session figure against time. " + "; ".join(parts) + "."
