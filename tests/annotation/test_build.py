"""Corrections applied to proposals: what each action does, what is refused, what is still open."""

import pytest

from allcad_core.annotation.build import Exclusion, annotate, complaints
from allcad_core.annotation.corrections import read_corrections
from allcad_core.annotation.proposal_table import proposals_csv
from allcad_core.annotation.proposals import FieldProposals, Loose, Proposal
from allcad_core.cli import DONE, FAILED, main
from allcad_core.datasets.boxes import CellBox, boxes_csv, read_boxes
from allcad_core.errors import DataError

PLAIN, EXACT, FIRST = (1.0, 1.0, 21.0, 21.0), (0.0, 0.0, 20.0, 20.0), (40.0, 40.0, 60.0, 60.0)
LOOSE = (80.0, 80.0, 90.0, 90.0)
PROPOSED = {
    "Im001_1": FieldProposals(
        "Im001_1",
        (
            Proposal(1, "blast", EXACT, "mask-crop", PLAIN),
            Proposal(2, "healthy", FIRST, "stain", FIRST),
        ),
        (Loose(LOOSE, "stain"),),
    )
}


@pytest.fixture
def build(rows):
    """The first field after these rows."""

    def after(*lines, **options):
        return annotate(PROPOSED, rows(*(f"Im001_1,{line}" for line in lines)), **options)["Im001_1"]

    return after


def cells(annotation):
    return {marked.id: marked.cell for marked in annotation.boxes}


def test_ok_leaves_everything_and_keeps_the_note(build):
    found = build("ok,,,,,,,no neutrophil here")

    assert cells(found) == {"1": CellBox("blast", EXACT, "mask-crop"), "2": CellBox("healthy", FIRST, "stain")}
    assert (found.notes, found.looked) == (("no neutrophil here",), True)


def test_relabel_changes_the_class_and_keeps_the_box_with_its_source(build):
    assert cells(build("relabel,1,ignore,,,,,"))["1"] == CellBox("ignore", EXACT, "mask-crop")


def test_move_changes_the_box_and_the_class_where_one_is_given(build):
    assert cells(build("move,1,,5,5,30,30,"))["1"] == CellBox("blast", (5, 5, 30, 30), "hand")
    assert cells(build("move,1,ignore,5,5,30,30,"))["1"] == CellBox("ignore", (5, 5, 30, 30), "hand")


def test_relabel_and_move_of_the_same_box_go_together(build):
    found = build("relabel,2,ignore,,,,,smudge", "move,2,,5,5,30,30,")

    assert cells(found)["2"] == CellBox("ignore", (5, 5, 30, 30), "hand")


def test_delete_takes_the_box_away(build):
    assert list(cells(build("delete,2,,,,,,a platelet"))) == ["1"]


def test_add_puts_boxes_after_the_others_with_ids_of_their_own(build):
    found = build("add,,healthy,1,2,3,4,", "add,,ignore,5,6,7,8,")

    assert list(cells(found)) == ["1", "2", "+1", "+2"]
    assert cells(found)["+1"] == CellBox("healthy", (1, 2, 3, 4), "hand")


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("exclude,a,,,,,,dirt", LOOSE),
        ("exclude,a,,70,70,95,95,dirt", (70, 70, 95, 95)),
        ("exclude,,,70,70,95,95,dirt", (70, 70, 95, 95)),
        ("exclude,,,85,85,,,dirt", (85, 85)),
    ],
)
def test_exclude_keeps_a_place_that_holds_no_cell(build, line, place):
    found = build(line)

    assert found.exclusions == (Exclusion(place, "dirt"),)
    assert list(cells(found)) == ["1", "2"]
    assert ("a" in found.unboxed) == (",a," not in line)


def test_a_letter_becomes_a_cell_with_its_own_box_or_the_given_one(build):
    assert cells(build("relabel,a,ignore,,,,,"))["a"] == CellBox("ignore", LOOSE, "stain")
    assert cells(build("move,a,healthy,70,70,95,95,"))["a"] == CellBox("healthy", (70, 70, 95, 95), "hand")
    assert build("relabel,a,ignore,,,,,").unboxed == {}


def test_without_masks_no_box_tells_what_an_expert_drew(build):
    assert cells(build("ok,,,,,,,", masks=False)) == {
        "1": CellBox("blast", PLAIN, "stain"),
        "2": CellBox("healthy", FIRST, "stain"),
    }


def test_without_masks_an_automatic_box_stays_also_where_it_equals_the_experts(rows):
    same = {"Im001_1": FieldProposals("Im001_1", (Proposal(1, "blast", EXACT, "mask-crop", EXACT),), ())}

    assert cells(annotate(same, (), masks=False)["Im001_1"]) == {"1": CellBox("blast", EXACT, "stain")}


def test_a_letter_that_only_an_experts_mask_shows_is_gone_without_masks(rows):
    proposed = {"Im001_1": FieldProposals("Im001_1", (), (Loose(LOOSE, "mask-crop"),))}
    said = rows("Im001_1,relabel,a,healthy,,,,,")

    assert list(cells(annotate(proposed, said)["Im001_1"])) == ["a"]
    assert cells(annotate(proposed, said, masks=False)["Im001_1"]) == {}


def test_what_is_deleted_is_remembered_with_its_reason(build):
    assert build("delete,2,,,,,,a platelet").deleted == (Exclusion(FIRST, "a platelet"),)


def test_a_later_file_may_change_what_others_said(table):
    table("Im001_1,ok,,,,,,,", "Im001_1,exclude,a,,,,,,dirt", name="second.csv")
    table("Im001_1,relabel,1,healthy,,,,,", name="later-1.csv")
    path = table("Im001_1,relabel,1,ignore,,,,,", "Im001_1,delete,2,,,,,,dirt", name="later-2.csv")
    found = annotate(PROPOSED, read_corrections(path.parent))["Im001_1"]

    assert cells(found) == {"1": CellBox("ignore", EXACT, "mask-crop")}


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["relabel,7,blast,,,,,"], "there is no box 7 in Im001_1. Known: 1, 2, a."),
        (["delete,a,,,,,,dirt"], "there is no box a in Im001_1. Known: 1, 2, a."),
        (["exclude,b,,,,,,dirt"], "no stained object of Im001_1 has the letter 'b'. Known: a."),
        (["move,a,,1,2,3,4,"], "a has no class yet; the row must give one."),
        (["relabel,1,ignore,,,,,", "relabel,1,blast,,,,,"], "'relabel' was already said of 1 in Im001_1."),
        (["delete,1,,,,,,dirt", "move,1,,1,2,3,4,"], "there is no box 1 in Im001_1. Known: 2, a."),
    ],
)
def test_a_row_that_does_not_apply_is_named(build, lines, says):
    with pytest.raises(DataError) as refused:
        build(*lines)
    assert str(refused.value).endswith(f"line {1 + len(lines)}: {says}")


def test_ok_beside_a_change_is_a_contradiction(build):
    with pytest.raises(DataError, match=r"line 2: Im001_1 is said to be ok, yet .* line 3 changes it"):
        build("ok,,,,,,,", "delete,1,,,,,,dirt")
    assert build("ok,,,,,,,", "exclude,a,,,,,,dirt").looked


def test_a_field_that_does_not_exist_is_refused(rows):
    with pytest.raises(DataError, match="line 2: there is no field 'Im999_1'"):
        annotate(PROPOSED, rows("Im999_1,ok,,,,,,,"))


def test_what_is_open_is_said(rows):
    names = ["Im001_1", "Im002_0", "Im003_0"]
    found = complaints(annotate(PROPOSED, rows("Im001_1,ok,,,,,,,", "Im003_0,ok,,,,,,,"), names=names))

    assert found == [
        "Im001_1: nothing is said about the stained objects a.",
        "No row says that anybody has looked at Im002_0.",
        "Im003_0 has no counted cell and no note that says why not.",
    ]


def test_nothing_is_open_once_all_is_said(rows):
    said = rows("Im001_1,ok,,,,,,,", "Im001_1,exclude,a,,,,,,dirt", "Im003_0,ok,,,,,,,red cells only")

    assert complaints(annotate(PROPOSED, said, names=["Im003_0"])) == []


def test_the_command_writes_boxes_only_when_all_is_said(table, tmp_path, capsys):
    proposals, out = tmp_path / "proposals.csv", tmp_path / "boxes.csv"
    proposals.write_text(proposals_csv(PROPOSED.values()), encoding="utf-8")
    command = ["annotate", "build", "--proposals", str(proposals), "--out", str(out), "--corrections"]
    half = table("Im001_1,relabel,1,ignore,,,,,", name="half.csv")
    whole = table("Im001_1,relabel,1,ignore,,,,,", "Im001_1,exclude,a,,,,,,dirt", name="whole.csv")

    assert main([*command, str(half)]) == FAILED
    assert "nothing is said about the stained objects a" in capsys.readouterr().err
    assert not out.exists()
    assert main([*command, str(half), "--partial"]) == DONE
    assert main([*command, str(whole)]) == DONE
    assert read_boxes(out)["Im001_1"] == (CellBox("ignore", EXACT, "mask-crop"), CellBox("healthy", FIRST, "stain"))


def test_boxes_come_back_from_their_table(tmp_path):
    path = tmp_path / "boxes.csv"
    boxes = {"b": (CellBox("blast", (1, 2, 3.5, 4), "hand"),), "a": (CellBox("ignore", (0, 0, 1, 1), "stain"),)}
    path.write_text(boxes_csv(boxes), encoding="utf-8")

    assert read_boxes(path) == boxes
    assert list(read_boxes(path)) == ["a", "b"]
