"""The generated smears that come with allcad, as their folder lists them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from allcad_core import images
from allcad_core.errors import UnknownNameError
from allcad_core.images import SmearImage

FOLDER = Path(__file__).resolve().parents[2] / "samples"
MANIFEST = FOLDER / "manifest.json"


@dataclass(frozen=True, slots=True)
class Sample:
    """A generated smear: its name in addresses, its file, what it shows in a few words and in a sentence."""

    name: str
    file: str
    title: str
    sentence: str


@st.cache_resource(show_spinner=False)
def listed() -> tuple[Sample, ...]:
    """All samples, the one for the first visit first."""
    entries = json.loads(MANIFEST.read_text("utf-8"))["samples"]
    return tuple(Sample(entry["name"], entry["file"], entry["title"], entry["sentence"]) for entry in entries)


@st.cache_resource(show_spinner=False)
def load(name: str) -> SmearImage:
    """Read a sample.

    Raises:
        UnknownNameError: there is no sample of that name.
    """
    known = {sample.name: sample for sample in listed()}
    if name not in known:
        raise UnknownNameError("sample", name, list(known))
    return images.read(FOLDER / known[name].file, known[name].file)
