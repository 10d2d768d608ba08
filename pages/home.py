"""Home: what allcad is, a live example, and the doors to the other pages."""

import streamlit as st

from allcad_core.errors import AllcadError
from allcad_core.ui import bring, engine, notes, state, tour
from allcad_core.ui.example import example

DOORS = (
    (
        "Is my smear suspicious?",
        "Boxes, counts with their interval, each cell with its reasons.",
        bring.PAGE,
        "Analyse smear",
        ":material/biotech:",
    ),
    (
        "Which model do I trust?",
        "Every model beside the others and beside its paper; one smear through all of them.",
        "pages/compare.py",
        "Compare models",
        ":material/balance:",
    ),
    (
        "Where do they fail?",
        "Choose a number of the confusion matrix and see the very cells behind it; or bring labelled pictures of your own.",
        "pages/confusion_explorer.py",
        "Confusion explorer",
        ":material/grid_view:",
    ),
)
FURTHER = (
    ("pages/segmentation_lab.py", "Segmentation lab: each step, moved and compared", ":material/tune:"),
    ("pages/slide.py", "Slide: cells boxed as you move over it", ":material/map:"),
    ("pages/live.py", "Live camera: boxes over the moving picture", ":material/videocam:"),
    ("pages/batch.py", "Batch: thousands of files in one run", ":material/folder_copy:"),
    ("pages/stage.py", "Stage: scenes for a talk, and a game", ":material/co_present:"),
    ("pages/models.py", "Models and data: what each learned from", ":material/menu_book:"),
)


def draw() -> None:
    with st.container(key="home-top"):
        left, right = st.columns([4, 5], gap="large")
    with left:
        with st.container(key="home-hero"):
            st.html(
                '<h1 class="al-hero">Find the blasts in a blood smear.</h1><p class="al-lead">allcad boxes every white cell '
                "in a photograph, suggests which ones look like leukaemia blasts, and shows why. It also says how often its "
                "models are wrong.</p>"
            )
        with st.container(key="home-bring"):
            bring.uploader("home-upload")
            notes.broken(state.failures())
            with st.container(horizontal=True):
                bring.sample_button()
                bring.camera("home-camera")
        with st.container(key="home-limits"):
            notes.doubt(
                "For research and teaching. Not a medical device.",
                "The models learned from few hospitals, and from few patients with drawn cells. On another microscope they are "
                "wrong more often.",
            )
    with right:
        place = st.container(key="home-example")  # holds its room while the doors below are drawn
    with st.container(key="home-doors"):
        columns = st.columns(len(DOORS))
    for door, column in zip(DOORS, columns, strict=True):
        with column, st.container(border=True, height="stretch"):
            question, answer, page, name, icon = door
            st.header(f"{icon} {question}", anchor=False)
            st.caption(answer)
            st.page_link(page, label=name, icon=":material/arrow_forward:", icon_position="right")
    with st.container(key="home-further"):
        columns = st.columns(len(DOORS), gap="small")
    for number, (page, name, icon) in enumerate(FURTHER):
        with columns[number // 2]:
            st.page_link(page, label=name, icon=icon)
    with st.container(horizontal=True, vertical_alignment="center", key="home-foot"):
        st.html(f'<p class="al-machine">{" ".join(f"<span>{fact}</span>" for fact in machine())}</p>')
        tour.again()
    with place:
        example()


def machine() -> list[str]:
    """The machine in one line: device, models, and that nothing leaves it."""
    facts = [f"This machine: {engine.machine()}"]
    try:
        facts.append(engine.stock())
    except AllcadError as error:
        facts.append(str(error))
    return [*facts, "Works offline; pictures stay on this machine"]


draw()
