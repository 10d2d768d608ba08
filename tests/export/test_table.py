"""The table of cells: what a spreadsheet reads, and what it must not run."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allcad_core.export import table_csv
from allcad_core.export.table import COLUMNS, harmless
from allcad_core.results import Cell
from tests.analyses import analysis

FIELD = analysis(
    Cell((10, 20.123, 60.5, 70), "blast", 0.91, 0.88),
    Cell((1, 2, 3, 4), "healthy", 0.5, None, flags=("disagree", "border"), reviewed=True),
    Cell((1, 2, 3, 4), "blast", 0.2, 0.9),
)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_one_row_for_each_shown_cell():
    first, second = rows(table_csv([FIELD]))
    assert first == {
        "image": "smear.png", "cell": "1", "x0": "10.0", "y0": "20.12", "x1": "60.5", "y1": "70.0",
        "label": "blast", "score": "0.91", "p_blast": "0.88", "flags": "", "reviewed": "no",
    }  # fmt: skip
    assert second["flags"] == "disagree border"
    assert second["p_blast"] == ""
    assert second["reviewed"] == "yes"


def test_several_pictures_share_one_head_and_count_anew():
    text = table_csv([FIELD, replace(FIELD, image="other.png")])
    assert text.splitlines()[0] == ",".join(f'"{column}"' for column in COLUMNS)
    assert [(row["image"], row["cell"]) for row in rows(text)] == [
        ("smear.png", "1"), ("smear.png", "2"), ("other.png", "1"), ("other.png", "2"),
    ]  # fmt: skip


def test_nothing_shown_is_a_head_alone():
    assert len(table_csv([FIELD.at(0.99), FIELD.at(0.95)]).splitlines()) == 3  # the reviewed cell stays in both
    assert len(table_csv([]).splitlines()) == 1


@pytest.mark.parametrize(
    "name", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\uff1d1", "\r=1", "=1\n=2", "a;=1", 'a",=1']
)
def test_no_name_becomes_a_formula(name):
    field = replace(FIELD, image=name)
    text = table_csv([field])
    assert len(text.splitlines()) == 3
    (shown, _) = (row["image"] for row in rows(text))
    assert shown[0] not in "=+-@\t\r\uff1d "
    for row in text.splitlines()[1:]:
        assert row.startswith('"')  # quoted, so that a reader with another separator does not split it


@given(st.text())
def test_any_name_stays_one_printable_cell(name):
    shown = harmless(name)
    assert shown.isprintable()
    assert shown.lstrip()[:1] not in {*"=+-@"}
    assert rows(table_csv([replace(FIELD, image=name)]))[0]["image"] == shown


def test_a_plain_name_is_left_alone():
    assert harmless("Abstrich Müller (1) - a=b.png") == "Abstrich Müller (1) - a=b.png"
