"""Charts of the pages: the share with its whisker, and the histogram in the colours of its clusters."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from allcad_core.intervals import Proportion
from allcad_core.ui import theme, words

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from allcad_core.segmentation import Segmentation

CLUSTER_NAMES = ("nuclei", "red cells", "ground")
"""The three clusters of grey levels, dark to light."""
INTERVAL_TIP = "Wilson's 95 % interval. It covers chance in counting, not mistakes of the models.".replace(
    " %", "\u00a0%"
)


def share_bar(share: Proportion) -> str:
    """Blast share as a bar with its interval as a whisker, in HTML. Nothing counted gives an empty bar."""
    if share.value is None or share.low is None or share.high is None:
        return '<div class="al-bar"><i class="al-none"></i></div>'
    value, low, high = (100 * part for part in (share.value, share.low, share.high))
    sentence = f"Blast share {words.percent(share.value)}, 95 % interval {words.interval(share)} %"
    return (
        f'<div class="al-bar" role="img" aria-label="{sentence}">'
        f'<i class="al-blast" style="width:{value:.2f}%"></i><i class="al-healthy" style="width:{100 - value:.2f}%"></i>'
        f'<i class="al-whisker" style="left:{low:.2f}%;width:{high - low:.2f}%"></i>'
        f'<i class="al-dot" style="left:{value:.2f}%"></i></div>'
    )


def share(value: Proportion) -> None:
    """The blast share in large type with its interval, above its bar."""
    ends = "" if value.value is None else f"({words.interval(value)})"
    st.html(
        f'<div class="al-share" title="{INTERVAL_TIP}"><b>{words.percent(value.value)}</b>'
        f'<span class="al-interval">{ends}</span>'
        f'<span class="al-what">blast share, 95\u00a0% interval</span></div>{share_bar(value)}'
    )


def probability_bars(probabilities: Mapping[str, float], ticks: Mapping[str, float | None]) -> None:
    """Blast probability by each model, with a tick where that model's blasts begin."""

    def mark(name: str) -> str:
        tick = ticks.get(name)
        return "" if tick is None else f'<u style="left:{100 * tick:.1f}%" title="A blast from {tick:.2f} on"></u>'

    rows = "".join(
        f'<span>{escape(name)}</span><span class="al-track"><i style="width:{100 * value:.1f}%"></i>{mark(name)}</span>'
        f"<b>{words.probability(value)}</b>"
        for name, value in probabilities.items()
    )
    st.html(f'<div class="al-probability">{rows}</div>')


def histogram(segmentation: Segmentation) -> go.Figure:
    """Grey levels of a field on a logarithmic scale, coloured by cluster, with the threshold as a line.

    Args:
        segmentation: one that carries a histogram; its clusters lie dark to light.
    """
    import plotly.graph_objects as go

    assert segmentation.histogram is not None
    colours = theme.palette()
    counts = np.asarray(segmentation.histogram, dtype=np.int64)
    total = max(1, int(counts.sum()))
    figure = go.Figure()
    fills = (colours.aubergine, colours.rose, colours.ground)
    for cluster, name, fill in zip(segmentation.clusters, CLUSTER_NAMES, fills, strict=False):
        levels = np.arange(cluster.low, cluster.high + 1)
        filled = levels[counts[levels] > 0]
        middle = float(filled[0] + filled[-1]) / 2 if len(filled) else cluster.mean
        part = words.percent(cluster.pixels / total) if cluster.pixels > total / 200 else f"< 1{words.NBSP}%"
        figure.add_bar(
            x=levels, y=np.log10(counts[levels] + 1.0), customdata=counts[levels], marker_color=fill, marker_line_width=0,
            hovertemplate="grey %{x}: %{customdata:,} px<extra>" + name + "</extra>", name=name,
        )  # fmt: skip
        figure.add_annotation(
            x=middle, y=-0.09, yref="paper", text=f"{name} {part}", showarrow=False, yanchor="top",
            font={"color": colours.ink},
        )  # fmt: skip
    if segmentation.threshold is not None:
        figure.add_vline(x=segmentation.threshold, line_color=colours.ink, line_width=2)
        figure.add_annotation(
            x=segmentation.threshold, y=1.0, yref="paper", text=f"{segmentation.threshold:.0f}", showarrow=False,
            yanchor="bottom", bgcolor=colours.ink, font={"color": colours.paper}, borderpad=5,
        )  # fmt: skip
    _plain(figure, colours)
    return figure


def _plain(figure: go.Figure, colours: theme.Palette) -> None:
    figure.update_layout(
        showlegend=False, bargap=0, height=330, margin={"l": 8, "r": 8, "t": 36, "b": 48}, dragmode=False,
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "Source Sans, sans-serif", "size": 14, "color": colours.muted},
        hoverlabel={"bgcolor": colours.well, "font": {"color": colours.ink}, "bordercolor": colours.line},
    )  # fmt: skip
    figure.update_xaxes(
        showgrid=False, zeroline=False, linecolor=colours.line, tickvals=[0, 255], range=[-2, 257], fixedrange=True,
        ticklabelposition="inside bottom",
    )  # fmt: skip
    figure.update_yaxes(visible=False, fixedrange=True)
