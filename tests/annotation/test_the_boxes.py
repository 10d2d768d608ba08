"""The annotation itself, proved against centroids, stain and the experts' masks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from allcad_core.annotation import agreement, summary, verify
from allcad_core.annotation.build import annotate, complaints
from allcad_core.annotation.corrections import read_corrections
from allcad_core.annotation.proposal_table import read_proposals
from allcad_core.annotation.second_pass import FIELDS
from allcad_core.datasets import allidb1, allidb2
from allcad_core.datasets.boxes import boxes_csv

HOUSE = Path(__file__).parents[2]
ANNOTATIONS = HOUSE / "annotations"


@pytest.fixture(scope="module")
def said():
    return read_proposals(ANNOTATIONS / "allidb1_proposals.csv"), read_corrections(ANNOTATIONS / "corrections")


@pytest.fixture(scope="module")
def fields(said):
    return annotate(*said)


@pytest.fixture(scope="module")
def records(data_root, fields):
    return [record for record in allidb1.fields(data_root) if record.name in fields]


def test_the_file_is_what_proposals_and_corrections_give(fields):
    built = boxes_csv({name: [marked.cell for marked in one.boxes] for name, one in fields.items()})

    assert (ANNOTATIONS / "allidb1_boxes.csv").read_text(encoding="utf-8") == built


def test_every_field_was_looked_at_and_has_a_counted_cell_or_a_line_that_says_why_not(fields):
    assert complaints(fields) == []
    assert len(fields) == 92


def test_every_field_of_the_annotation_is_in_the_data(fields, records):
    assert sorted(fields) == sorted(record.name for record in records)


def test_every_expert_centroid_lies_in_exactly_one_blast_box(fields, records):
    assert verify.centroids(fields, records) == []
    assert sum(len(record.blast_points) for record in records) == 412


def test_no_cell_is_counted_twice(fields):
    assert verify.counted_twice(fields) == []


def test_every_box_lies_in_its_picture(fields, records):
    assert verify.leaving(fields, records) == []


@pytest.mark.slow
def test_every_stained_object_of_nucleus_size_is_spoken_of(fields, records):
    with ThreadPoolExecutor(2) as pool:  # to find what is stained takes a second a field
        assert [
            one for found in pool.map(lambda record: verify.unspoken(fields, [record]), records) for one in found
        ] == []


def test_boxes_without_the_experts_masks_fit_the_exact_ones(said, data_root):
    found = verify.exact(annotate(*said, masks=False), allidb2.crops(data_root))

    assert len(found.boxes) + len(found.without) == 216
    assert verify.sentence(found) in (HOUSE / "docs" / "annotation.md").read_text(encoding="utf-8")
    assert found.median >= 0.85
    assert found.above >= 0.95


def test_the_docs_say_what_the_boxes_say(said, fields, records):
    words = (HOUSE / "docs" / "annotation.md").read_text(encoding="utf-8")

    assert summary.markdown(fields, {record.name: record.session for record in records}, said[1]) in words


def test_the_docs_say_how_far_the_second_pass_agrees():
    words = (HOUSE / "docs" / "annotation.md").read_text(encoding="utf-8")
    first, second = (agreement.read_pass(ANNOTATIONS / f"{name}.csv") for name in ("allidb1_boxes", "second_pass"))

    assert sorted(second) == sorted(FIELDS)
    assert agreement.markdown(agreement.agreement(first, second)) in words
