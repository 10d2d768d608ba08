"""Rows of a person: what each may say, and the sentence for each that cannot be understood."""

import pytest

from allcad_core.annotation.corrections import read_corrections
from allcad_core.errors import DataError


def test_a_row_is_read_with_all_it_says(rows):
    (row,) = rows('Im011_1,move,9,healthy,512,300,640.5,421,"one neutrophil, both halves"')

    assert (row.image, row.action, row.id, row.kind) == ("Im011_1", "move", "9", "healthy")
    assert (row.box, row.point) == ((512.0, 300.0, 640.5, 421.0), None)
    assert row.note == "one neutrophil, both halves"
    assert row.where.endswith("someone.csv', line 2")


def test_an_excluded_place_is_a_letter_a_box_or_a_point(rows):
    letter, box, point = rows(
        "Im011_1,exclude,a,,,,,,platelets", "Im011_1,exclude,,,1,2,3,4,dirt", "Im011_1,exclude,,,90,80,,,dirt"
    )

    assert (letter.id, letter.box, letter.point) == ("a", None, None)
    assert (box.box, box.point) == ((1.0, 2.0, 3.0, 4.0), None)
    assert (point.box, point.point) == (None, (90.0, 80.0))


def test_spaces_around_words_do_not_count(rows):
    (row,) = rows("Im011_1, relabel , 4, ignore,,,,, smudge cell ")

    assert (row.action, row.id, row.kind, row.note) == ("relabel", "4", "ignore", "smudge cell")


def test_all_files_of_a_folder_are_read_by_name(table):
    table("Im002_1,ok,,,,,,,", name="second.csv")
    path = table("Im001_1,ok,,,,,,,", name="first.csv")

    assert [row.image for row in read_corrections(path.parent)] == ["Im001_1", "Im002_1"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("Im1,shrug,,,,,,,", "'shrug' is no action. Known: ok, relabel, move, delete, add, exclude."),
        ("Im1,relabel,,blast,,,,,", "'relabel' needs id."),
        ("Im1,relabel,3,,,,,,", "'relabel' needs class."),
        ("Im1,relabel,,,,,,,", "'relabel' needs class and id."),
        ("Im1,move,3,,,,,,", "'move' needs box."),
        ("Im1,delete,3,,,,,,", "'delete' needs note."),
        ("Im1,add,,blast,,,,,", "'add' needs box."),
        ("Im1,add,,,1,2,3,4,", "'add' needs class."),
        ("Im1,exclude,a,,,,,,", "'exclude' needs note."),
        ("Im1,exclude,,,,,,,dirt", "'exclude' needs place."),
        ("Im1,add,,cell,1,2,3,4,", "'cell' is no class. Known: blast, healthy, ignore."),
        ("Im1,add,,blast,1,2,three,4,", "expected four numbers of pixels x0, y0, x1, y1."),
        ("Im1,add,,blast,1,2,,,", "expected four numbers of pixels x0, y0, x1, y1."),
        ("Im1,add,,blast,5,2,3,4,", "the box needs 0 <= x0 < x1 and 0 <= y0 < y1."),
        ("Im1,exclude,,,left,80,,,dirt", "expected two numbers of pixels x0, y0."),
        ("Im1,ok,,,,,,,one, two", "expected 9 columns. A note with a comma stands in quotes."),
        ("Im1,ok", "expected 9 columns. A note with a comma stands in quotes."),
    ],
)
def test_a_row_that_cannot_be_understood_is_named_with_its_line(table, line, says):
    path = table(line)

    with pytest.raises(DataError) as refused:
        read_corrections(path)
    assert str(refused.value) == f"'{path}', line 2: {says}"


def test_a_table_of_something_else_is_refused(tmp_path):
    path = tmp_path / "notes.csv"
    path.write_text("image,action,note\n", encoding="utf-8")

    with pytest.raises(DataError, match="lacks the columns class, id, x0, x1, y0, y1"):
        read_corrections(path)


def test_a_folder_without_a_table_is_refused(tmp_path):
    with pytest.raises(DataError, match="No file of corrections"):
        read_corrections(tmp_path)
