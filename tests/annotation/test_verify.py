"""The checks find what is wrong, and only that."""

import json

import numpy as np
import pytest
from PIL import Image

from allcad_core.annotation import verify
from allcad_core.annotation.build import Exclusion, FieldAnnotation, MarkedBox
from allcad_core.annotation.proposal_table import proposals_csv
from allcad_core.annotation.proposals import FieldProposals, Proposal
from allcad_core.annotation.summary import doubtful, markdown, sources, tallies
from allcad_core.cli import DONE, FAILED, main
from allcad_core.datasets import CropRecord
from allcad_core.datasets.allidb2 import CYTOPLASM, NUCLEUS
from allcad_core.datasets.boxes import CellBox


def annotation(*cells, name="Im001_1", excluded=(), deleted=()):
    boxes = tuple(MarkedBox(str(n), CellBox(kind, box, "stain")) for n, (kind, box) in enumerate(cells, start=1))
    places = [tuple(Exclusion(place, "dirt") for place in given) for given in (excluded, deleted)]
    return {name: FieldAnnotation(name, boxes, places[0], {}, (), looked=True, deleted=places[1])}


# -- centroids


def test_a_centroid_in_one_blast_box_is_right(field):
    fields = annotation(("blast", (10, 10, 50, 50)), ("healthy", (20, 20, 60, 60)))

    assert verify.centroids(fields, [field(points=[(30, 30)])]) == []


def test_a_centroid_in_two_blast_boxes_or_none_is_named(field):
    fields = annotation(("blast", (10, 10, 50, 50)), ("blast", (20, 20, 60, 60)), ("healthy", (90, 90, 99, 99)))
    found = verify.centroids(fields, [field(points=[(30, 30), (95.5, 95)])])

    assert found[:2] == [
        "Im001_1: the centroid at 30, 30 lies in the blast boxes 1 and 2.",
        "Im001_1: the centroid at 95.5, 95 lies in no blast box.",
    ]


def test_a_blast_box_with_two_centroids_or_none_is_named(field):
    fields = annotation(("blast", (10, 10, 50, 50)), ("blast", (100, 100, 140, 140)))

    assert verify.centroids(fields, [field(points=[(20, 20), (40, 40)])]) == [
        "Im001_1: blast 1 holds 2 centroids.",
        "Im001_1: blast 2 holds no centroid.",
    ]


# -- boxes


def test_two_counted_boxes_of_one_cell_are_named():
    one, same, beside = (0, 0, 40, 40), (0, 0, 40, 30), (0, 0, 40, 19)  # overlaps 3/4 and less than 1/2

    assert verify.counted_twice(annotation(("blast", one), ("healthy", same))) == [
        "Im001_1: boxes 1 and 2 overlap by 0.75."
    ]
    assert verify.counted_twice(annotation(("blast", one), ("healthy", beside))) == []
    assert verify.counted_twice(annotation(("blast", one), ("ignore", same))) == []
    assert verify.counted_twice(annotation()) == []


def test_a_box_that_leaves_the_picture_is_named(field):
    fields = annotation(("blast", (0, 0, 400, 300)), ("blast", (0, 0, 400, 301)))

    assert verify.leaving(fields, [field()]) == ["Im001_1: box 2 leaves the picture of 400 x 300 px."]


# -- stained objects


@pytest.mark.parametrize(
    "said",
    [
        annotation(("ignore", (70, 120, 130, 180))),
        annotation(excluded=[(70, 120, 130, 180)]),
        annotation(excluded=[(101, 149)]),
        annotation(deleted=[(70, 120, 130, 180)]),
    ],
    ids=["box", "excluded box", "excluded point", "deleted box"],
)
def test_a_stained_object_is_spoken_of_by_a_box_or_by_a_place_that_holds_no_cell(field, said):
    record = field(purple=[(100, 150, 26)])

    assert verify.unspoken(said, [record]) == []


def test_a_stained_object_of_which_nothing_is_said_is_named(field):
    record = field(purple=[(100, 150, 26), (300, 150, 26)])
    steps = []
    found = verify.unspoken(annotation(("blast", (70, 120, 130, 180))), [record], lambda *step: steps.append(step))

    (sentence,) = found
    assert sentence.startswith("Im001_1: nothing is said about the stained object at 27")
    assert steps == [("Im001_1", 0)]


# -- exact boxes


@pytest.fixture
def crop(tmp_path):
    """A crop at (100, 100) of 120 x 120 px of which the mask shows a cell at (140, 140, 180, 180) of the field."""
    mask = np.full((120, 120, 3), 255, np.uint8)
    mask[40:80, 40:80] = CYTOPLASM
    path = tmp_path / "mask.png"
    Image.fromarray(mask).save(path)
    return CropRecord("Im001_1", path, "ALL-IDB2", 1, fields=("Im001_1", "Im002_1"), origin=(100, 100, 220, 220),
                      mask=path, nucleus_colour=NUCLEUS, cytoplasm_colour=CYTOPLASM)  # fmt: skip


def test_boxes_are_compared_with_those_of_the_experts_masks(crop):
    found = verify.exact(annotation(("blast", (140, 140, 180, 170))), [crop])

    assert [(one.crop, one.field, one.box) for one in found.boxes] == [("Im001_1", "Im001_1", (140, 140, 180, 180))]
    assert found.overlaps == [0.75]
    assert (found.median, found.above, found.passes) == (0.75, 1.0, False)
    assert verify.exact(annotation(("blast", (140, 140, 180, 180))), [crop]).passes


def test_a_cell_without_a_box_counts_as_missed(crop):
    found = verify.exact(annotation(("blast", (300, 300, 340, 340))), [crop])

    assert (found.overlaps, found.above) == ([0.0], 0.0)


def test_what_a_row_holds_for_no_cell_is_not_compared(crop):
    found = verify.exact(annotation(excluded=[(138, 138, 182, 182)]), [crop])

    assert [one.excluded for one in found.boxes] == ["dirt"]
    assert found.overlaps == []
    assert not found.passes


def test_crops_of_other_fields_are_passed_over(crop):
    assert verify.exact(annotation(name="Im009_1"), [crop]) == verify.ExactComparison((), ())


# -- figures


def test_boxes_are_counted_by_session_and_class():
    fields = annotation(("blast", (0, 0, 9, 9)), ("ignore", (0, 0, 9, 9))) | annotation(name="Im034_0")
    a, c = tallies(fields, {"Im001_1": "A", "Im034_0": "C"})

    assert (a.session, a.fields, a.empty, a.boxes) == ("A", 1, 0, {"blast": 1, "healthy": 0, "ignore": 1})
    assert (c.session, c.fields, c.empty, c.boxes) == ("C", 1, 1, {"blast": 0, "healthy": 0, "ignore": 0})
    assert sources(fields) == {"stain": 2}


def test_notes_of_doubt_are_found(rows):
    said = rows(
        "Im002_1,relabel,3,ignore,,,,,cut by the border; looks like a blast",
        'Im001_1,add,,ignore,1,2,3,4,"cell or platelet clump"',
        "Im001_1,relabel,1,ignore,,,,,smudge at the border",
    )

    assert [row.note for row in doubtful(said)] == ["cell or platelet clump", "cut by the border; looks like a blast"]


def test_the_markdown_holds_counts_and_doubts(rows):
    said = rows("Im001_1,move,1,,0,0,9,9,looks like a blast", "Im001_1,add,,ignore,1,2,3,4,smudge or dirt")
    text = markdown(annotation(("blast", (0, 0, 9, 9))), {"Im001_1": "A"}, said)

    assert "| A | 1 | 1 | 0 | 0 | 0 |" in text.splitlines()
    assert "| all | 1 | 1 | 0 | 0 | 0 |" in text.splitlines()
    assert text.splitlines()[-2:] == [
        "| Im001_1 | 1 | blast | looks like a blast |",
        "| Im001_1 | 1 2 3 4 | ignore | smudge or dirt |",
    ]


# -- the command


@pytest.fixture
def command(draw_official, table, tmp_path):
    """``allcad annotate verify`` on a tiny set: a field with a blast, a crop with its mask, no boxes written yet."""
    cells = {"Im001_1": ("blast", (10, 20, 50, 61)), "Im034_0": ("healthy", (100, 20, 141, 61))}
    proposed = [FieldProposals(n, (Proposal(1, k, b, "stain", b),), ()) for n, (k, b) in cells.items()]
    (tmp_path / "proposals.csv").write_text(proposals_csv(proposed), encoding="utf-8")
    for folder, background in (("img", 200), ("gt", 255)):
        pixels = np.full((80, 80, 3), background, np.uint8)
        pixels[20:61, 20:61] = CYTOPLASM
        (tmp_path / "ALL_IDB2" / folder).mkdir(parents=True)
        Image.fromarray(pixels).save(tmp_path / "ALL_IDB2" / folder / "Im131_0.png")
    origin = "crop,field,x0,y0,width,height\nIm131_0,Im034_0,80,0,80,80\n"
    (tmp_path / "ALL_IDB2" / "crop_origin.csv").write_text(origin, encoding="utf-8")
    corrections = table("Im001_1,ok,,,,,,,", "Im001_1,exclude,,,90,10,150,70,stain", "Im034_0,ok,,,,,,,")
    return ["annotate", "verify", "--data", str(draw_official), "--boxes", str(tmp_path / "boxes.csv"),
            "--proposals", str(tmp_path / "proposals.csv"), "--corrections", str(corrections)]  # fmt: skip


def test_verify_says_that_all_is_well(command, capsys):
    assert main(command) == DONE
    text = capsys.readouterr().out
    assert "Exact boxes: 1. Median overlap 1.000, 100.0 % above 0.65." in text
    assert main([*command, "--json"]) == DONE
    content = json.loads(capsys.readouterr().out)
    assert set(map(len, content["checks"].values())) == {0}
    assert content["exact"]["median"] == 1.0


def test_verify_names_what_is_wrong_and_fails(command, table, tmp_path, capsys):
    (tmp_path / "boxes.csv").write_text("image,class,x0,y0,x1,y1,source\n", encoding="utf-8")
    table("Im001_1,move,1,,10,20,25,61,", "Im034_0,delete,1,,,,,,dirt", name="someone.csv")

    assert main([*command, "--quick"]) == FAILED
    text = capsys.readouterr().out
    assert "is not what proposals and corrections give" in text
    assert "Im001_1: the centroid at 30, 40 lies in no blast box." in text
    assert "Im034_0 has no counted cell" in text


def test_verify_prints_tables_for_the_docs(command, capsys):
    assert main([*command, "--markdown"]) == DONE
    assert capsys.readouterr().out.startswith("| session | fields | blast | healthy | ignore |")
