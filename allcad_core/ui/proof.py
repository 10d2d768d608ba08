"""How the picture was read: histogram and mask, the table of cells, models and times."""

from __future__ import annotations

import numpy as np
import streamlit as st

from allcad_core import __version__
from allcad_core.results import FieldAnalysis
from allcad_core.ui import charts, engine, media, state, words
from allcad_core.ui.state import Smear
from allcad_core.ui.viewer import Key, viewer

MASK_COLOUR = (0x43, 0x30, 0x5C)
"""Aubergine: a mask is no finding, so it has none of the class colours."""
MASK_STRENGTH = 0.65
VIEWS = ("Photograph", "Mask on picture", "Mask alone")
STEPS = ("read", "segment", "detect", "classify", "total")


def histogram_and_mask(smear: Smear) -> None:
    """The grey histogram with the threshold that cuts it, beside the mask that follows from it."""
    found = state.remember(("segmentation", smear.key), lambda: engine.segment(smear.image))
    left, right = st.columns([5, 4], gap="medium")
    with left:
        view = st.segmented_control(
            "View", VIEWS, default=VIEWS[1], required=True, key="mask-view", label_visibility="collapsed"
        )
        viewer(
            state.remember((view, smear.key), lambda: _seen(view, smear.image.pixels, found.nucleus)),
            (smear.image.width, smear.image.height),
            key="mask",
            alt=f"{smear.name} with the nuclei that the threshold found: {view.lower()}",
            legend=() if view == VIEWS[0] else (Key("nuclei", "#43305C"),),
            height=440,
        )
    with right:
        st.header("Grey histogram", anchor=False)
        share = words.percent(float(found.nucleus.mean()))
        level = "" if found.threshold is None else f" Everything up to grey {found.threshold:.0f} is taken as nucleus:"
        st.markdown(
            f"Colour is dropped, and the grey levels fall into three clusters.{level} {share} of the picture, {words.plural(len(found.regions), 'region')}."
        )
        st.plotly_chart(
            charts.histogram(found),
            theme=None,
            config={"displayModeBar": False},
            alt="Histogram of grey levels in three clusters with the threshold",
        )
        st.caption("Count of pixels on a logarithmic scale. Method: Zaiter and Zwiggelaar's three-cluster threshold.")


def masked(pixels: media.Pixels, mask: np.typing.NDArray[np.bool_]) -> bytes:
    """A field with a mask laid over it, encoded.

    Args:
        pixels: uint8 (height, width, 3), RGB.
        mask: bool (height, width).
    """
    laid = pixels * (1 - MASK_STRENGTH) + np.array(MASK_COLOUR) * MASK_STRENGTH
    return media.jpeg(np.where(mask[..., None], laid.astype(np.uint8), pixels))


def _seen(view: str, pixels: media.Pixels, mask: np.typing.NDArray[np.bool_]) -> bytes:
    if view == VIEWS[0]:
        return media.jpeg(pixels)
    if view == VIEWS[1]:
        return masked(pixels, mask)
    return media.jpeg(np.where(mask[..., None], MASK_COLOUR, (255, 255, 255)).astype(np.uint8))


def behind(shown: FieldAnalysis) -> None:
    """What stands behind the counts: each cell in a table, and the models, versions and times."""
    with st.expander("All cells in a table", icon=":material/table:"):
        _table(shown)
    with st.expander("Models, versions and times", icon=":material/info:"):
        _models(shown)


CERTAIN_OF_NOTHING = ("Blast probability", "Score")
"""Columns of probabilities."""


def _table(shown: FieldAnalysis) -> None:
    import pandas as pd

    rows = [
        {
            "Cell": index + 1,
            "Class": f"{words.GLYPHS[cell.label]} {words.NAMES[cell.label]}",
            "Blast probability": cell.p_blast,
            "Score": cell.score,
            "To review": words.GLYPHS["review"] if words.to_review(cell) else "",
            "Diameter px": cell.measures.get("diameter"),
            "Nucleus px\u00b2": cell.measures.get("nucleus_area"),
            "N:C": cell.measures.get("nc_ratio"),
            "Roundness": cell.measures.get("roundness"),
            "Solidity": cell.measures.get("solidity"),
        }
        for index, cell in enumerate(shown.cells)
    ]
    if not rows:
        st.caption("No cell reaches this score.")
        return
    two, whole = st.column_config.NumberColumn(format="%.2f"), st.column_config.NumberColumn(format="%.0f")
    st.dataframe(
        # Styled, so that no probability reads as certain and the column still sorts by number.
        pd.DataFrame(rows).style.format(words.probability, subset=list(CERTAIN_OF_NOTHING), na_rep=words.DASH),
        hide_index=True,
        column_config={
            "N:C": two,
            "Roundness": two,
            "Solidity": two,
            "Diameter px": whole,
            "Nucleus px\u00b2": whole,
        },
        alt="Every white cell with its class, probability, score and measures",
    )


def _models(shown: FieldAnalysis) -> None:
    models, times = shown.models, shown.timing_ms
    spent = words.listing(f"{step} {words.duration(getattr(times, step))}" for step in STEPS)
    st.markdown(
        f"Model *{shown.recipe}*: detector {models.detector}, classifier {models.classifier or words.DASH}, "
        f"segmentation {models.segmenter or words.DASH}.  \n"
        f"Computed by {shown.backend} on {shown.device}; allcad {__version__}.  \n{spent}."
    )
    for note in shown.warnings:
        st.markdown(f":orange[{words.GLYPHS['review']}] {note.message}")
