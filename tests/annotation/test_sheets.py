"""Sheets that a person looks at: what is drawn, how large, and where they may not go."""

import numpy as np
import pytest
from PIL import Image

from allcad_core.annotation.build import annotate
from allcad_core.annotation.proposals import propose
from allcad_core.annotation.second_pass import FIELDS
from allcad_core.annotation.sheets import LARGEST_FILE, VIOLET, YELLOW, chosen, write_blind_sheets, write_sheets
from allcad_core.cli import FAILED, main
from allcad_core.datasets import allidb1
from allcad_core.errors import DataError

CELLS = [(x, y, 22) for y in (100, 200) for x in (70, 160, 250, 340)]


@pytest.fixture
def annotated(field):
    """A drawn field and its annotation; the first cell is a blast."""

    def make(**options):
        record = field(**options)
        return record, annotate({record.name: propose(record)}, ())[record.name]

    return make


def opened(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def colours(path):
    return set(map(tuple, opened(path).reshape(-1, 3)))


def test_a_field_with_few_cells_gets_one_sheet_and_one_of_close_ups(annotated, tmp_path):
    record, annotation = annotated(purple=CELLS[:2], points=[(70, 100)])
    written = write_sheets(record, annotation, tmp_path / "sheets")

    assert [path.name for path in written] == ["Im001_1.png", "Im001_1_cells1.png"]
    assert max(opened(written[0]).shape) == 1500
    assert {VIOLET, YELLOW} <= colours(written[0])


def test_a_dense_field_is_drawn_in_quarters_too(annotated, tmp_path):
    record, annotation = annotated(purple=CELLS, points=[(70, 100)])
    written = write_sheets(record, annotation, tmp_path / "sheets")

    quarters = [f"Im001_1_q{number}.png" for number in range(1, 5)]
    assert [path.name for path in written] == ["Im001_1.png", *quarters, "Im001_1_cells1.png"]
    assert all(path.stat().st_size <= LARGEST_FILE for path in written)


def test_a_blind_sheet_shows_no_mark_and_its_name_no_label(annotated, tmp_path):
    record, _ = annotated(purple=CELLS, points=[(70, 100)], others=[(340, 200)])
    written = write_blind_sheets(record, tmp_path / "sheets")
    bare = write_blind_sheets(annotated(purple=CELLS)[0], tmp_path / "bare")

    assert [path.name for path in written] == ["Im001.png", *(f"Im001_q{number}.png" for number in range(1, 5))]
    assert all(not {VIOLET, YELLOW} & colours(path) for path in written)
    assert [path.read_bytes() for path in written] == [path.read_bytes() for path in bare]


def test_no_sheet_is_written_into_a_repository(annotated, tmp_path):
    record, annotation = annotated()
    (tmp_path / "house" / ".git").mkdir(parents=True)

    for draw in (lambda folder: write_sheets(record, annotation, folder), lambda to: write_blind_sheets(record, to)):
        with pytest.raises(DataError, match="not written into the repository"):
            draw(tmp_path / "house" / "deep" / "sheets")
    assert not (tmp_path / "house" / "deep").exists()


@pytest.mark.parametrize("more", [[], ["--blind"]])
def test_the_command_refuses_a_repository_before_it_asks_for_data(tmp_path, capsys, more):
    (tmp_path / ".git").mkdir()

    assert (
        main(["annotate", "sheets", "--out", str(tmp_path / "x"), "--data", str(tmp_path / "nowhere"), *more]) == FAILED
    )
    assert "Name a folder outside it." in capsys.readouterr().err


def test_an_unknown_field_is_named(field):
    record = field()

    assert chosen([record], []) == [record]
    with pytest.raises(DataError, match=r"no field 'Im7' in the data\. Names are such as Im001_1"):
        chosen([record], ["Im7"])


def test_the_second_pass_looks_at_every_session_and_at_no_cell_twice(data_root):
    records = [record for record in allidb1.fields(data_root) if record.name[:5] in FIELDS]

    assert len(records) == len(FIELDS) == 20
    assert {record.session for record in records} == set("ABCDEFGH")
    assert len({record.group for record in records}) == 20
