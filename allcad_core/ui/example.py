"""Home's live example: the first sample as photograph, mask or boxes, with its count."""

from __future__ import annotations

import streamlit as st

from allcad_core.errors import AllcadError
from allcad_core.results import FieldAnalysis
from allcad_core.ui import charts, engine, media, notes, proof, samples, words
from allcad_core.ui.viewer import Key, viewer

HEIGHT = 444
VIEWS = ("Photograph", "Mask", "Boxes")
CLASSES = (
    Key("blast", "#6D22AE", "\u25c6"),
    Key("healthy", "#00807A", "\u25cb"),
    Key("to review", "#8A4F00", "\u25b2"),
)


@st.cache_resource(show_spinner=False)
def _pictures(sample: str) -> tuple[bytes, bytes]:
    image = samples.load(sample)
    return media.jpeg(image.pixels), proof.masked(image.pixels, engine.segment(image).nucleus)


def example() -> None:
    """Draw the example with the default model."""
    sample = samples.listed()[0].name
    row = st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key="home-views"
    )
    with row:
        view = st.segmented_control(
            "View", VIEWS, default="Boxes", required=True, key="example-view", label_visibility="collapsed"
        )
        st.caption("A sample that was generated here", width="content")
    try:
        with notes.waiting("al-wait al-one") as progress:
            found = engine.of_sample(sample, engine.default_recipe(), progress)
            photograph, mask = _pictures(sample)
    except AllcadError as error:
        notes.broken([str(error)])
        return
    _count(found)  # above the picture, so that nothing pushes it down when that comes
    with st.container(key="home-view"):
        viewer(
            mask if view == "Mask" else photograph,
            (found.width, found.height),
            found.every_cell if view == "Boxes" else (),
            key="example",
            alt=f"Generated smear. {found.suggestion.headline}",
            least=found.confidence,
            height=HEIGHT,
            um_per_px=found.um_per_px,
            legend=CLASSES if view == "Boxes" else (Key("nuclei", "#43305C"),) if view == "Mask" else (),
        )


def _count(found: FieldAnalysis) -> None:
    left, right = st.columns([3, 2], vertical_alignment="center")
    counts, share = found.counts, found.blast_fraction
    with left:
        st.html(
            f'<p class="al-count"><b>{counts.blast} of {counts.total}</b> white cells look like blasts: '
            f"<b>{words.percent(share.value)}</b> ({words.interval(share)})</p>"
        )
    with right:
        st.html(charts.share_bar(share))
