"""The lab's slide label: which smear, whether its true mask is known, another smear, and what can be taken along."""

from __future__ import annotations

from functools import partial
from pathlib import PurePath
from typing import cast

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from allcad_core.errors import AllcadError
from allcad_core.ui import bring, label, media, notes, words
from allcad_core.ui.lab import measures, truth
from allcad_core.ui.lab.truth import Truth
from allcad_core.ui.lab.work import Found, Mask, png
from allcad_core.ui.state import Smear

PAGE = "pages/segmentation_lab.py"
MARKS = {"nuclei": "Nuclei", "cells": "Whole cells"}


def begin(smear: Smear) -> DeltaGenerator:
    """Draw the left end of the label, which is known before any mask. Returns where the rest belongs."""
    row = st.container(key="label", border=True, horizontal=True, vertical_alignment="center")
    with row:
        label.title(smear)
    return row


def rest(
    row: DeltaGenerator,
    smear: Smear,
    known: Truth | None,
    result: Found | None = None,
    micrometres: float | None = None,
) -> None:
    """Draw the right end of the label.

    Args:
        row: as ``begin`` gave it.
        smear: what the page is about.
        known: its true mask.
        result: what is shown, for the exports; ``None`` where there is no single result.
        micrometres: of a pixel.
    """
    with row:
        if known is not None:
            with st.container(key="lab-known", width="content"):
                st.badge("True mask known", icon=":material/rule:", color="gray", help=_origin(known))
        st.space("stretch")
        with st.popover("True mask", icon=":material/rule:"):
            _true_mask(smear, known)
        label.change(PAGE)
        if result is not None:
            with st.popover("Export", icon=":material/download:"):
                _exports(smear, result, micrometres)


def _origin(known: Truth) -> str:
    return f"From {known.name}." if known.name else "This smear was generated, so every pixel of it is known."


def _true_mask(smear: Smear, known: Truth | None) -> None:
    st.markdown(
        "With a true mask, each method is scored on this smear: Dice, and the pixels that it takes too much or misses."
    )
    if known is not None:
        st.caption(f"Known. {_origin(known)}")
    turn = st.session_state.setdefault("lab-truth-turn", 0)
    marks = st.segmented_control(
        "White marks", list(MARKS), default="nuclei", required=True, format_func=lambda kind: MARKS[kind]
    )
    file = st.file_uploader(
        "A mask of the smear's own size: black outside, white inside; grey for cytoplasm where it has both",
        type=[kind for kind in bring.TYPES if kind not in {"jpg", "jpeg"}],
        key=f"lab-truth-{turn}",
    )
    if file is not None:
        st.session_state["lab-truth-turn"] = turn + 1
        try:
            truth.bring(smear, file.name, file.getvalue(), cast("truth.Marks", marks))
            st.session_state.pop("lab-truth-trouble", None)
        except AllcadError as error:
            st.session_state["lab-truth-trouble"] = (smear.key, str(error))
        st.rerun()
    key, sentence = st.session_state.get("lab-truth-trouble", ("", ""))
    notes.broken([sentence] if key == smear.key else [])
    if known is not None and known.name:
        st.button("Forget this mask", on_click=truth.forget, args=(smear,))


def _exports(smear: Smear, result: Found, micrometres: float | None) -> None:
    stem = PurePath(smear.name).stem or "smear"
    files = (
        ("Mask of nuclei (PNG)", partial(_mask_png, result.mask("nucleus")), "nucleus.png", "image/png", "image"),
        ("Mask of whole cells (PNG)", partial(_mask_png, result.mask("cell")), "cell.png", "image/png", "image"),
        ("Masked picture (JPEG)", partial(_masked, smear, result), "masked.jpg", "image/jpeg", "image"),
        (
            "Table of regions (CSV)",
            partial(measures.table_csv, result.regions, micrometres),
            "regions.csv",
            "text/csv",
            "table",
        ),
    )
    st.caption(f"As shown: {words.plural(len(result.regions), 'region')}.")
    for title, made, ending, media_type, icon in files:
        st.download_button(
            title,
            made,
            f"{stem}.{ending}",
            media_type,
            icon=f":material/{icon}:",
            width="stretch",
            on_click="ignore",
        )


def _mask_png(mask: Mask) -> bytes:
    return png(mask.astype(np.uint8) * 255, whole=True)


def _masked(smear: Smear, result: Found) -> bytes:
    """What a classifier of whole fields is given: the balanced picture with ground outside the mask."""
    from allcad_core.classification import mask_out
    from allcad_core.ground import balance

    return media.jpeg(mask_out(balance(smear.image.pixels), result.mask("cell")))
