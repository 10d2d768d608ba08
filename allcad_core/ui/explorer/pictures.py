"""The pictures behind a number, read where they lie: in the data folder that is set, or among a visitor's own."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import cast

import cv2
import numpy as np
import streamlit as st

from allcad_core import images
from allcad_core.datasets import CropRecord, FieldRecord, allidb1, allidb2, aria, find_data, pbc, txl_pbc
from allcad_core.datasets.base import DATA_VARIABLE
from allcad_core.errors import AllcadError, DataError
from allcad_core.ui import media
from allcad_core.ui.explorer.evidence import Item
from allcad_core.ui.media import Pixels

READERS: dict[str, Callable[[Path], Sequence[FieldRecord | CropRecord]]] = {
    allidb1.NAME: allidb1.fields,
    allidb2.NAME: allidb2.crops,
    "Aria": aria.fields,
    "TXL-PBC": txl_pbc.fields,
    "PBC": pbc.crops,
}
PLAIN = (".jpg", ".jpeg")
MOST_TILES = 2000
"""Small pictures that are kept in memory, 49 kB each; nothing is written anywhere."""

Files = Mapping[str, Path]
"""Where the pictures of one data set lie, by name."""


@dataclass(frozen=True, slots=True)
class Folder:
    """The data folder: where it is, or why there is none."""

    path: Path | None
    sentence: str = ""


def chosen_folder() -> str:
    """What the visitor set; empty for the usual folder."""
    return cast("str", st.session_state.get("explorer-folder", ""))


def set_folder(path: str) -> None:
    """Read pictures from another folder from now on."""
    st.session_state["explorer-folder"] = path.strip()


def folder() -> Folder:
    """The data folder as far as it is there."""
    chosen = chosen_folder()
    try:
        return Folder(find_data(Path(chosen).expanduser() if chosen else None))
    except DataError as error:
        return Folder(None, str(error) if chosen or os.environ.get(DATA_VARIABLE) else "")


def files(dataset: str) -> Files:
    """Pictures of a data set in the data folder; none where it is not there."""
    found = folder().path
    return {} if found is None or dataset not in READERS else _files(dataset, str(found.resolve()))


@st.cache_resource(show_spinner=False, max_entries=16)
def _files(dataset: str, root: str) -> Files:
    try:
        return {record.name: record.path for record in READERS[dataset](Path(root))}
    except DataError:
        return {}


@st.cache_resource(show_spinner=False)
def _known() -> tuple[OrderedDict[tuple[str, object], Pixels], Lock]:
    return OrderedDict(), Lock()


def are_known(items: Sequence[Item], where: Files) -> bool:
    """Whether all their small pictures are in memory."""
    known, lock = _known()
    with lock:
        return all((str(where.get(item.origin.image)), item.box) in known for item in items)


def tiles(items: Sequence[Item], where: Files, tell: Callable[[int], None] | None = None) -> list[Pixels]:
    """A small picture of each thing, uint8 (128, 128, 3); a grey one where its file is missing or damaged.

    Args:
        items: in order.
        where: files by name of the picture.
        tell: told the number of each, from 1, before it is read.
    """
    known, lock = _known()
    opened: dict[Path, Pixels | None] = {}
    found = []
    for number, item in enumerate(items, start=1):
        if tell is not None:
            tell(number)
        path = where.get(item.origin.image)
        place = (str(path), item.box)
        with lock:
            tile = known.get(place)
        if tile is None:
            tile = _tile(item, path, opened)
            with lock:
                known[place] = tile
                while len(known) > MOST_TILES:
                    known.popitem(last=False)
        found.append(tile)
    return found


def _tile(item: Item, path: Path | None, opened: dict[Path, Pixels | None]) -> Pixels:
    if path is not None and path not in opened:
        opened[path] = _read(path)
    pixels = None if path is None else opened[path]
    if pixels is None:
        return np.full((media.TILE, media.TILE, 3), 205, np.uint8)
    return media.thumbnail(pixels) if item.box is None or _is_crop(pixels, item) else media.crop(pixels, item.box)


def _read(path: Path) -> Pixels | None:
    """Pixels as ``images.read`` gives them, without its look at the quality where the file is a plain JPEG."""
    if path.suffix.lower() in PLAIN:
        plain = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if plain is not None:
            return np.asarray(cv2.cvtColor(plain, cv2.COLOR_BGR2RGB), np.uint8)
    try:
        return images.read(path).pixels
    except AllcadError:
        return None


def _is_crop(pixels: Pixels, item: Item) -> bool:
    """Whether the picture shows one cell only, so that all of it is shown."""
    assert item.box is not None
    width, height = item.box[2] - item.box[0], item.box[3] - item.box[1]
    return bool(width * height >= pixels.shape[0] * pixels.shape[1] / 4)
