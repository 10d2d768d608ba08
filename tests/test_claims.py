"""README tells no number that no command prints; ``python -m benchmarks.claims`` runs the commands of all documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import claims
from benchmarks.claims import Claim, check, numbers, record, unmarked, unprinted, write


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(claims, "RECORDS", tmp_path / "records")
    return tmp_path / "records"


def test_every_number_of_readme_and_every_record_told_is_printed_by_its_command():
    assert check(claims.documents(), only_records=True) == []


OURS = ("allcad evaluate ", "allcad models", "allcad reproduce ", "python -m benchmarks.")
"""How the commands begin that documents rest on: they print stored figures, and train nothing."""


def test_every_command_that_a_document_names_is_one_of_ours():
    named = [claim.command for document in claims.documents() for claim in claims.claims(document)]
    assert named
    assert all(command.startswith(OURS) for command in named)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Dice 0.959 (0.952\u20130.966), on 216 crops", ["0.959 (0.952\u20130.966)", "216"]),
        ("yolo11n, ALL-IDB1, L2 and `make app PORT=9000`", []),
        ("at 96\u00a0% (94\u201397) of [12](https://a.b/3)", ["96 % (94\u201397)", "12"]),
        ("<!-- printed by: allcad evaluate x -->\n7 cells\n<!-- end of print -->", []),
        ("Python 3.11 to 3.14, keys 1 blast, 2 healthy, 3 cannot tell", []),
        ("2,370 tests in 4.5 min.", ["2,370", "4.5"]),
    ],
)
def test_numbers_of_prose_are_found_and_those_of_code_are_not(text: str, found: list[str]):
    assert unmarked(text) == found


def test_a_number_must_be_printed_whole_and_with_its_interval():
    def left(text: str, printed: str) -> list[str]:
        return unprinted(Claim(Path("a.md"), "allcad evaluate x", text), printed)

    assert left("0.959 (0.952\u20130.966)", "stain  0.959 (0.952\u20130.966)") == []
    assert left("0.959 (0.952\u20130.966)", "stain  0.959 (0.952\u20130.967)") == ["0.959 (0.952\u20130.966)"]
    assert left("96 %", "96\u00a0%") == []
    assert left("12", "0.12 and 120 and 1,12") == ["12"]
    assert numbers("12") == ["12"]


def test_a_record_of_maps_is_a_table_and_says_where_a_figure_is_weak(records: Path, tmp_path: Path):
    def mean(value: float) -> dict[str, float]:
        return {"value": value, "low": value - 0.1, "high": value + 0.1}

    figures = {"inside": mean(0.9), "untrained": mean(0.5), "correlation": mean(0.0), "removal": mean(1.5)}
    told = {"classifier": "one", "cells": 16, "fields": 6, "milliseconds": [90.0, 80.0], "gaussian": mean(0.6)}
    file = tmp_path / "explain.json"
    file.write_text(json.dumps({"classifiers": [told | {"methods": {"integrated": figures}, "anywhere": mean(1.45)}]}))
    record("explain", [file])
    text = claims.shown("explain")
    assert "| share inside the cell | 0.90 (0.80\u20131.00) | at least the Gaussian's 0.60 (0.50\u20130.70) |" in text
    assert "does not clearly matter more" in text
    assert "the first figure alone says little" not in text


def test_a_later_run_adds_to_the_record_of_an_earlier_one(records: Path, tmp_path: Path):
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    first.write_text(json.dumps({"load": {"answers": 3}, "analyses": {"mb": 9}}))
    second.write_text(json.dumps({"load": None, "analyses": {"mb": 4}}))
    record("load", [first, second])
    kept = json.loads((records / "load.json").read_text())
    assert (kept["load"], kept["analyses"]) == ({"answers": 3}, {"mb": 4})


def test_a_record_of_the_tests_comes_from_what_pytest_wrote(records: Path, tmp_path: Path):
    report = tmp_path / "tests.xml"
    report.write_text(
        '<testsuites><testsuite tests="2370" time="244.2"><testcase classname="tests.test_images"/></testsuite></testsuites>'
    )
    journeys = tmp_path / "journeys.xml"
    journeys.write_text(
        '<testsuites><testsuite tests="32" time="59.6"><testcase classname="tests.journeys.test_review"/></testsuite></testsuites>'
    )
    assert "some minutes" in claims.shown("tests")
    record("tests", [report, journeys])
    said = claims.shown("tests")
    assert "2370 tests in 4 min 4 s, 32 tests that drive a browser in 1 min 0 s" in said
    assert json.loads((records / "tests.json").read_text())["machine"] in said


def test_a_record_is_written_between_its_marks_and_a_number_changed_by_hand_is_told(records: Path, tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(
        "Before\n<!-- printed by: python -m benchmarks.claims show tests -->\nold 99\n<!-- end of print -->\nafter\n"
    )
    assert check([page], only_records=True) == [
        "page.md: '99' is not printed by: python -m benchmarks.claims show tests"
    ]
    assert write([page]) == [page]
    assert page.read_text().splitlines()[2].startswith("The tests take some minutes")
    assert check([page], only_records=True) == []
    assert write([page]) == []


def test_a_foreign_command_is_not_run():
    with pytest.raises(SystemExit, match="no command of allcad"):
        claims.printed_by("rm -rf /")
