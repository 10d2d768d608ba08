"""A visitor's own labelled pictures: a ZIP file or a folder of this machine, judged by a shipped model."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from weakref import finalize

import streamlit as st

from allcad_core.errors import AllcadError
from allcad_core.evaluation import own, own_boxes
from allcad_core.evaluation.own import Refused
from allcad_core.ui import engine, notes, words
from allcad_core.ui.explorer import evidence, told
from allcad_core.ui.explorer.evidence import Evidence

TASKS = {"cell": "Cells", "field": "Whole fields, one label", "detect": "Whole fields with boxes"}
"""What a picture shows, and so what is asked of a model: to judge cells, fields, or to find cells."""
SHOWN = 12
"""Unusable files that are named at once; the others follow in a table."""


@dataclass(frozen=True, eq=False)
class Own:
    """Own pictures with the model's answers.

    Attributes:
        name: of the folder or ZIP file.
        evidence: what the model said.
        files: where the pictures lie, by name.
        refused: files that could not be used, and why.
    """

    name: str
    evidence: Evidence
    files: dict[str, Path]
    refused: tuple[Refused, ...]


def judge(
    source: Path, name: str, model: str | None, task: str, blast: tuple[str, ...], tell: own.Tell | None = None
) -> Own:
    """Judge a folder or a ZIP file.

    Args:
        source: where it lies.
        name: what the visitor calls it.
        model: a shipped classifier, or a recipe for ``detect``; the best one without it.
        task: ``cell``, ``field`` or ``detect``.
        blast: names of the classes that are blasts.
        tell: told the picture, its number and how many there are.

    Raises:
        AllcadError: it is hostile, or nothing in it can be used.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(own.opened(source))
        shown, refusals = _asked(folder, name, model, task, blast, tell)
        kept = own.files_of(folder, "cell" if task == evidence.DETECT else task, blast)
        brought = Own(name, shown, kept, refusals)
        finalize(brought, stack.pop_all().close)  # unpacked files go when the visitor looks at them no more
    return brought


def _asked(
    folder: Path, name: str, model: str | None, task: str, blast: tuple[str, ...], tell: own.Tell | None
) -> tuple[Evidence, tuple[Refused, ...]]:
    """What the model said, and files that could not be used."""
    if task == evidence.DETECT:
        boxes = own_boxes.evaluate(folder, model, blast=blast, tell=tell)
        items = evidence.of_boxes(boxes.shown, boxes.truth, boxes.origins, {}, boxes.confidence)
        fields = tuple(boxes.origins.values())
        return Evidence(boxes.recipe, task, told.OWN, name, items, fields, own=boxes), boxes.refused
    found = own.evaluate(folder, model, task, blast=blast, tell=tell)
    items = evidence.of_judged(found.report.judged)
    return Evidence(found.report.model, task, told.OWN, name, items), found.refused


@st.dialog("My own labelled pictures", width="medium")
def ask(show: Callable[[Own | None], None], task: str = "cell") -> None:
    """The dialog that takes them. ``show`` is called with what was judged; ``task`` is what the page shows now."""
    st.markdown(
        "A **ZIP file** or a folder. Crops of one cell lie in a folder a class, such as `blast` and `healthy`; whole fields "
        "have boxes as YOLO, COCO or Pascal VOC. Pictures stay on this machine."
    )
    uploaded = st.file_uploader("A ZIP file of labelled pictures", type=["zip"], key="explorer-zip")
    path = st.text_input(
        "Or a folder on the machine where allcad runs", key="explorer-path", placeholder="/data/my-cells"
    )
    task = st.segmented_control(
        "What a picture shows",
        list(TASKS),
        default=task,
        required=True,
        format_func=TASKS.__getitem__,
        key="explorer-own-task",
        help="With boxes, a model is asked to find the cells itself, or, under Cells, to judge each box",
    )
    model = st.selectbox("Judged by", _models(task or "cell"), key=f"explorer-own-model-{task}")
    named = st.text_input(
        "Classes that are blasts, where their names do not say so", key="explorer-blast", placeholder="L1, L2"
    )
    if not st.button("Evaluate", type="primary", disabled=uploaded is None and not path.strip()):
        return
    blast = tuple(filter(None, re.split(r"[,;\s]+", named)))
    bar = st.progress(0.0, "Reading the pictures")

    def tell(picture: str, number: int, count: int) -> None:
        bar.progress(number / count, f"Judging {picture}, {number} of {count}")

    try:
        brought = (
            _uploaded(uploaded.name, uploaded.getvalue(), model, task or "cell", blast, tell)
            if uploaded
            else (
                judge(Path(path.strip()).expanduser(), PurePath(path.strip()).name, model, task or "cell", blast, tell)
            )
        )
    except AllcadError as error:
        bar.empty()
        notes.broken([str(error)])
        return
    show(brought)
    st.rerun()


def _uploaded(name: str, content: bytes, model: str | None, task: str, blast: tuple[str, ...], tell: own.Tell) -> Own:
    with TemporaryDirectory(prefix="allcad-") as folder:
        path = Path(folder) / (PurePath(name).name or "upload.zip")
        path.write_bytes(content)
        return judge(path, path.name, model, task, blast, tell)


def _models(task: str) -> list[str]:
    if task == evidence.DETECT:
        return [recipe.name for recipe in engine.recipes()]
    from allcad_core.classify import known, model_for

    try:
        best = model_for("field" if task == "field" else "cell")
    except AllcadError:
        return []
    return [best, *(name for name in known("field" if task == "field" else "cell") if name != best)]


def refused(brought: Own) -> None:
    """Each file that could not be used, with its reason."""
    count = len(brought.refused)
    if not count:
        return
    judged = (
        f"The other {words.plural(len({item.origin.image for item in brought.evidence.items}), 'picture')} were judged."
    )
    with st.expander(f"{words.plural(count, 'file')} could not be used. {judged}", icon=":material/error:"):
        shown = brought.refused[:SHOWN]
        notes.broken(one.sentence if one.file in one.sentence else f"{one.file}: {one.sentence}" for one in shown)
        if count > SHOWN:
            st.dataframe(
                {"file": [one.file for one in brought.refused], "why": [one.sentence for one in brought.refused]},
                hide_index=True,
            )
