"""The samples that come with allcad are what their manifest says, and anyone can make them again."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from allcad_core.synthesis import generate
from allcad_core.synthesis.gallery import FOLDER, MANIFEST, SAMPLES, SIZE, main, make

LARGEST = 400_000
"""Bytes a sample may take."""

ENTRIES = {entry["name"]: entry for entry in json.loads((FOLDER / MANIFEST).read_text("utf-8"))["samples"]}


def test_the_folder_holds_the_samples_and_nothing_else():
    assert [sample.name for sample in SAMPLES] == list(ENTRIES)
    assert {path.name for path in FOLDER.iterdir()} == {MANIFEST, *(entry["file"] for entry in ENTRIES.values())}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_sample_is_what_its_manifest_says(sample):
    entry, field = ENTRIES[sample.name], generate(sample.seed, SIZE, sample.scene)
    # another processor rounds sines and roots in its own way: a rim may move by a pixel
    assert np.allclose([cell["box"] for cell in entry["cells"]], [cell.box for cell in field.cells], atol=1)
    assert [cell["kind"] for cell in entry["cells"]] == [cell.kind for cell in field.cells]
    assert entry["counts"]["blast"] == sum(cell.kind == "blast" for cell in field.cells)
    assert sum(entry["counts"].values()) == len(field.cells)
    assert entry["sentence"].endswith(".")
    assert entry["synthetic"] is True
    path = FOLDER / entry["file"]
    assert path.stat().st_size < LARGEST
    with Image.open(path) as picture:
        assert picture.format == "JPEG"
        assert picture.size == SIZE
        # a JPEG of quality 92 stays this close to what was generated
        assert np.abs(np.asarray(picture, float) - field.pixels).mean() < 2.5


def test_the_first_sample_shows_blasts_and_healthy_cells():
    assert min(next(iter(ENTRIES.values()))["counts"].values()) > 0


def test_making_a_sample_again_gives_the_same_entry(tmp_path):
    entry, stands = json.loads(json.dumps(make(SAMPLES[0], tmp_path))), ENTRIES[SAMPLES[0].name]
    assert {key: entry[key] for key in entry if key != "cells"} == {
        key: stands[key] for key in stands if key != "cells"
    }
    assert [cell["kind"] for cell in entry["cells"]] == [cell["kind"] for cell in stands["cells"]]
    assert (tmp_path / entry["file"]).is_file()


def test_a_folder_that_cannot_be_written_is_said(tmp_path, capsys):
    blocked = tmp_path / "file"
    blocked.touch()
    assert main(["--out", str(blocked)]) == 1
    assert "gallery: " in capsys.readouterr().err
