"""The slide label: which smear a page is about, its quality, another smear, and the exports.

Both ends belong into one ``st.container(key="label", border=True, horizontal=True)``.
"""

from __future__ import annotations

from functools import partial
from pathlib import PurePath

import streamlit as st

from allcad_core.results import FieldAnalysis
from allcad_core.ui import bring, kept, media, state, words
from allcad_core.ui.state import Smear


def title(smear: Smear) -> None:
    """The left end of the label, known before any answer: picture, name, size and origin."""
    picture = state.remember(
        ("thumbnail", smear.key), lambda: media.jpeg(media.thumbnail(smear.image.pixels, 96, 72), media.CROP_QUALITY)
    )
    st.image(picture, width=48, alt=f"Thumbnail of {smear.name}")
    st.markdown(f"**{_plain(smear.name)}**", width="content")
    size = words.size(smear.image.width, smear.image.height)
    st.caption(words.listing([size, "generated sample" if smear.sample else ""]), width="content")


def rest(smear: Smear, analysis: FieldAnalysis | None) -> None:
    """The right end of the label: time, quality, another smear, exports.

    Args:
        smear: what the page is about.
        analysis: as the page shows it; ``None`` where there is none, as its model cannot be used.
    """
    if analysis is not None:
        st.caption(f"analysed in {words.duration(analysis.timing_ms.total)}", width="content")
    for note in smear.image.warnings if analysis is None else analysis.warnings:
        st.badge(words.short_warning(note.code), icon=":material/warning:", color="orange", help=note.message)
    st.space("stretch")
    _ways_on("label")
    change()
    if analysis is not None:
        with st.popover("Export", icon=":material/download:"):
            _exports(smear, analysis)


def onward() -> None:
    """The ways on for a phone, whose label has no room for them."""
    with st.container(key="onward", horizontal=True):
        _ways_on("onward")


def _ways_on(key: str) -> None:
    """Buttons that take this smear along to the lab and to the comparison."""
    if st.button(
        "Segmentation lab",
        icon=":material/tune:",
        key=f"{key}-lab",
        help="See each step from the photograph to measured cells",
    ):
        st.switch_page("pages/segmentation_lab.py")
    if st.button(
        "Compare", icon=":material/balance:", key=f"{key}-compare", help="This smear through every model, side by side"
    ):
        st.session_state["compare-arrived"] = True
        st.switch_page("pages/compare.py")


def change(page: str = bring.PAGE) -> None:
    """The button under which another smear can be brought to ``page``."""
    with st.popover("Change smear", icon=":material/swap_horiz:"):
        st.markdown("**Your own photographs**")
        bring.uploader("label-upload", label_shown=False, page=page)
        bring.camera("label-camera", page)
        st.markdown("**Samples, generated here**")
        bring.sample_row("label-samples")
        if kept.has_own():
            st.button(
                "Forget my photographs", icon=":material/delete:", key="label-forget", on_click=kept.forget,
                help=f"They and their reviews are held in this machine's memory, until {kept.HELD_S // 60} minutes after you leave",
            )  # fmt: skip


def _exports(smear: Smear, analysis: FieldAnalysis) -> None:
    """Download buttons; a file is made when its button is pressed."""
    stem = PurePath(smear.name).stem or "smear"
    changed = " Your review is in all of them." if analysis.edits else ""
    st.caption(f"With a score of {analysis.confidence:.2f} or more, as shown.{changed}")
    files = (
        ("Annotated picture (PNG)", partial(_annotated_png, smear, analysis), "annotated.png", "image/png", "image"),
        ("Table of cells (CSV)", partial(_table_csv, analysis), "cells.csv", "text/csv", "table"),
        ("Report (PDF)", partial(_report, smear, analysis), "report.pdf", "application/pdf", "picture_as_pdf"),
        ("Everything (JSON)", partial(_as_json, analysis), "analysis.json", "application/json", "data_object"),
        ("Boxes (COCO)", partial(_boxes, "coco", analysis), "coco.json", "application/json", "select_all"),
        ("Boxes (YOLO)", partial(_boxes, "yolo", analysis), "yolo.zip", "application/zip", "folder_zip"),
        ("Outlines (QuPath)", partial(_boxes, "qupath", analysis), "geojson", "application/geo+json", "polyline"),
    )
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


def _annotated_png(smear: Smear, analysis: FieldAnalysis) -> bytes:
    from allcad_core import export

    return export.annotated_png(smear.image, analysis)


def _report(smear: Smear, analysis: FieldAnalysis) -> bytes:
    from allcad_core import export

    return export.report_pdf(smear.image, analysis)


def _boxes(form: str, analysis: FieldAnalysis) -> str | bytes:
    from allcad_core import export

    if form == "yolo":
        return export.yolo_zip([analysis])
    return export.coco_json([analysis]) if form == "coco" else export.qupath_geojson(analysis)


def _table_csv(analysis: FieldAnalysis) -> str:
    from allcad_core import export

    return export.table_csv([analysis])


def _as_json(analysis: FieldAnalysis) -> str:
    from allcad_core import export

    return export.as_json([analysis])


def _plain(name: str) -> str:
    """A file's name with nothing that Markdown would read as its own."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]()#+-.!|~$:<>" else letter for letter in name)
