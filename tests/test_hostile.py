"""Two hundred broken and hostile files through every door; ``python -m benchmarks.hostile`` brings all of them."""

from __future__ import annotations

import pytest

from benchmarks.hostile import surveys
from benchmarks.hostile.archives import ARCHIVE_ATTACKS
from benchmarks.hostile.cases import Case
from benchmarks.hostile.corpus import corpus
from benchmarks.hostile.doors import DOORS, doors_of
from benchmarks.hostile.labels import YOLO_ATTACKS
from benchmarks.hostile.pictures import ATTACKS
from benchmarks.hostile.sentences import WrongError, sentence
from benchmarks.hostile.surveys import Survey, survey

COUNT, SEED = 200, 15


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return list(corpus(COUNT, SEED))


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
def test_every_hostile_file_is_answered_or_refused_in_a_sentence(door: str, cases: list[Case]):
    found = survey(cases, doors=[door])
    visits = sum(door in doors_of(case) for case in cases)
    assert found.findings == []
    assert found.visits[door].total() == visits >= 29
    assert found.visits[door]["refused"] > visits / 2
    assert found.visits[door]["answered"] > 0 or door == "annotate"


def test_the_corpus_is_the_same_each_time_and_holds_every_attack_early(cases: list[Case]):
    assert list(corpus(20, SEED)) == cases[:20]
    assert len({case.number for case in cases}) == COUNT
    told = {case.how for case in cases}
    assert {"196 megapixels in a small file", "TIFF directory that follows itself"} <= told
    kinds = [case.kind for case in cases]
    assert kinds.count("picture") >= len(ATTACKS)
    assert kinds.count("archive") >= len(ARCHIVE_ATTACKS)
    assert kinds.count("yolo") >= len(YOLO_ATTACKS)


@pytest.mark.parametrize(
    "words", ["", "KeyError: 'a'", "Traceback (most recent call last)", "a\x1b[2J", "x" * 5000, "<class 'int'>"]
)
def test_what_is_no_sentence_for_a_person_is_seen(words: str):
    with pytest.raises(WrongError):
        sentence(words)


def test_a_hang_and_a_crash_are_findings_and_the_next_file_is_still_tried(monkeypatch: pytest.MonkeyPatch):
    answers = iter([("", "no answer within 1 s", 0.0, 0), ("", "", 0.1, 2_000_000_000), ("refused", "", 0.1, 5)])

    class Worker:
        def visit(self, *_: object) -> tuple[str, str, float, int]:
            return next(answers)

        def close(self) -> None:
            pass

    monkeypatch.setattr(surveys, "Worker", Worker)
    pictures = [case for case in corpus(10, 0) if case.kind == "picture"][:3]
    found: Survey = survey(pictures, doors=["reader"])
    assert [one.what for one in found.findings] == ["no answer within 1 s", "2,000 MB of memory"]
    assert dict(found.visits["reader"]) == {"findings": 2, "refused": 1}
