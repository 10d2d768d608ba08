"""What stands behind a field of the matrix: the pictures with what was said of each, or names and scores without them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from allcad_core.ui import bring, media, notes, state, words
from allcad_core.ui.explorer import choice, pictures, told
from allcad_core.ui.explorer.evidence import BLAST, HEALTHY, NONE, Evidence, Ints, Item
from allcad_core.ui.gallery import Tile, gallery

PAGE_SIZE = 12
ROW = 35
"""Pixels of a row of a table."""
SORTS = ("Doubtful first", "Surest first", "By picture")
KINDS = {BLAST: "blast", HEALTHY: "healthy", NONE: ""}


def room(shown: Evidence, counts: Ints, files: pictures.Files) -> DeltaGenerator:
    """Where ``behind`` is to be drawn, as high from the start as a whole page of pictures if ``counts`` has so many."""
    whole = files and counts[_place(shown)] >= PAGE_SIZE
    return st.container(key="explorer-behind-page" if whole else "explorer-behind")


def behind(shown: Evidence, threshold: float | None, level: float, files: pictures.Files) -> None:
    """Show the things that the chosen field of the matrix counts.

    Args:
        shown: what the matrix counts.
        threshold: as the visitor set it.
        level: where the slider stands.
        files: of the pictures, by name; empty without a data folder.
    """
    truth, answer = _place(shown)
    found = shown.behind(truth, answer, threshold)
    with st.container(horizontal=True, vertical_alignment="center", key="explorer-behind-head"):
        st.header(told.names(shown.task).behind(truth, answer, len(found)), anchor=False, width="stretch")
        sort = st.selectbox("Order", SORTS, key="explorer-sort", label_visibility="collapsed", width=168)
    if not found:
        st.html('<p class="al-detail">Nothing stands behind this number at this threshold.</p>')
        return
    ordered = in_order(found, sort, level)
    if not files:
        _table(ordered, shown)
        _sentence(found, shown, truth)
        folder_setting(shown)
        return
    pages = (len(ordered) + PAGE_SIZE - 1) // PAGE_SIZE
    number = min(choice.page(), pages - 1)
    part = ordered[PAGE_SIZE * number : PAGE_SIZE * (number + 1)]
    chosen = min(choice.item(), len(part) - 1)
    gallery(
        _sprite(part, files),
        [_tile(place, item, shown) for place, item in enumerate(part)],
        key="explorer-gallery",
        alt="The pictures behind this number",
        chosen=str(chosen),
        on_choice=lambda index: choice.choose_item(int(index)),
        layout="grid",
    )
    _sentence(found, shown, truth)
    st.caption(f"Chosen: {told.item_line(part[chosen], shown)}.")
    _foot(part[chosen], files, number, pages, len(ordered))


def _sprite(part: Sequence[Item], files: pictures.Files) -> media.Sprite:
    """The small pictures of a page. While they are read, their place is held, and any other choice goes first."""

    def made(tell: Callable[[int], None] | None = None) -> media.Sprite:
        return state.remember(("explorer-sprite", _name(part)), lambda: media.sprite(pictures.tiles(part, files, tell)))

    if pictures.are_known(part, files):
        return made()
    with notes.waiting("al-wait al-tiles") as progress:
        return made(lambda number: progress("Reading pictures", number, len(part)))


def _place(shown: Evidence) -> tuple[int, int]:
    """The chosen field; a classifier has neither missed nor extra."""
    truth, answer = choice.place()
    if NONE in {truth, answer} and not shown.boxes:
        return choice.FIRST
    return truth, answer


def in_order(found: Sequence[Item], sort: str, level: float) -> list[Item]:
    """Things in one of ``SORTS``; ``level`` is the threshold from which doubt is measured."""
    if sort == SORTS[2]:
        return sorted(found, key=lambda item: (item.origin.image, item.box or ()))
    far = sorted(found, key=lambda item: (abs(item.score - level), item.origin.image))
    return far if sort == SORTS[0] else far[::-1]


def _tile(place: int, item: Item, shown: Evidence) -> Tile:
    score = words.probability(item.score) if item.label != NONE else "no box"
    kind = KINDS[item.truth]
    said = told.score_words(item, shown)
    return Tile(
        str(place), place, item.origin.image, f"{item.origin.image}, {said}", kind, words.GLYPHS.get(kind, ""), score
    )


def _name(part: Sequence[Item]) -> tuple[object, ...]:
    return tuple((item.origin.dataset, item.origin.image, item.box) for item in part)


def _sentence(found: Sequence[Item], shown: Evidence, truth: int) -> None:
    shared = told.common(
        found, [item for item in shown.items if item.truth == truth], told.names(shown.task).things_of(truth)
    )
    if shared:
        st.html(f'<p class="al-why"><b>What they share:</b> {shared}</p>')


def _foot(item: Item, files: pictures.Files, number: int, pages: int, count: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="explorer-behind-foot"):
        path = files.get(item.origin.image)
        open_it = st.button(
            f"Open {item.origin.image} in Analyse",
            icon=":material/biotech:",
            disabled=path is None,
            key="explorer-open",
        )
        if open_it and path is not None and state.take([(path.name, path.read_bytes())]):
            st.switch_page(bring.PAGE)
        st.space("stretch")
        if pages > 1:
            first = PAGE_SIZE * number
            last = min(first + PAGE_SIZE, count)
            st.button(
                "Earlier",
                icon=":material/chevron_left:",
                disabled=number == 0,
                on_click=choice.turn_to,
                args=(number - 1,),
            )
            st.caption(f"{first + 1}{words.DASH}{last} of {count}", width="content")
            st.button(
                "Later",
                icon=":material/chevron_right:",
                disabled=number == pages - 1,
                on_click=choice.turn_to,
                args=(number + 1,),
            )


def _table(ordered: Sequence[Item], shown: Evidence) -> None:
    """Names and scores, where there are no pictures to show."""
    columns: dict[str, list[object]] = {
        "picture": [item.origin.image for item in ordered],
        "score" if shown.boxes else "probability": [
            words.probability(item.score) if item.label != NONE else "no box" for item in ordered
        ],
        "session": [item.origin.session or words.DASH for item in ordered],
        "camera": [item.origin.camera or words.DASH for item in ordered],
        "kind": [item.origin.kind.replace("_", " ") or words.DASH for item in ordered],
        "fold": [item.fold + 1 for item in ordered],
    }
    kept = {name: values for name, values in columns.items() if any(value != words.DASH for value in values)}
    st.dataframe(kept, hide_index=True, height=min(300, ROW * (1 + len(ordered)) + 3))


def folder_setting(shown: Evidence) -> None:
    """Where the data folder is set; says why no pictures are shown."""
    if shown.protocol == told.OWN:
        return
    set_now = pictures.folder()
    if set_now.sentence:
        notes.broken([set_now.sentence])
    elif set_now.path is not None:
        st.caption(f"The data folder holds no {shown.dataset}, so names and scores stand in for the pictures.")
    else:
        st.caption("No data folder is set, so names and scores stand in for the pictures.")
    state.hold("explorer-folder-field", pictures.chosen_folder())
    st.text_input(
        "Data folder on the machine where allcad runs",
        key="explorer-folder-field",
        placeholder="/data, with ALL_IDB1 and ALL_IDB2 in it",
        help="Or start allcad with $ALLCAD_DATA set. Pictures are read where they lie and never copied.",
        on_change=lambda: pictures.set_folder(st.session_state["explorer-folder-field"]),
    )
