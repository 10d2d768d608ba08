"""A scan can be stopped, and goes on after a kill without losing or doubling a cell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from allcad_core.cli import main
from allcad_core.slides import Looker, Seen, SlideError, scan_slide
from allcad_core.slides.scan import Journal

pytestmark = pytest.mark.usefixtures("blobs")


def pair(slide) -> tuple[Looker, Seen]:
    return Looker(slide), Seen(slide, "quick", 0.2)


def test_a_stopped_scan_has_seen_a_part(drawn):
    looker, seen = pair(drawn)
    done: list[int] = []
    ended = scan_slide(
        looker, seen, progress=lambda tiles, _: done.append(tiles), stop=lambda: len(done) >= 2, across=1
    )
    assert not ended
    assert 0 < seen.coverage < 1
    assert scan_slide(looker, seen)
    assert seen.coverage == 1
    assert len(seen.cells) == len(drawn.truth)


def test_what_a_visitor_saw_is_not_scanned_again(drawn, monkeypatch):
    looker, seen = pair(drawn)
    asked: list[tuple[int, int]] = []
    seen.add([(0, 0), (1, 0)], [])
    before = looker.cells
    monkeypatch.setattr(looker, "cells", lambda block: asked.extend(block.tiles) or before(block))
    scan_slide(looker, seen)
    assert len(asked) == len(set(asked)) == 10


def test_a_journal_brings_back_what_was_seen(drawn, tmp_path: Path):
    path = tmp_path / "seen.jsonl"
    looker, first = pair(drawn)
    done: list[int] = []
    with Journal(path, looker) as journal:
        scan_slide(
            looker, first, after=journal.write, progress=lambda *_: done.append(1), stop=lambda: len(done) > 2, across=1
        )
    path.write_text(path.read_text("utf-8") + '{"tiles": [[3, 2]], "cel', "utf-8")  # a kill in the middle of a line

    _, second = pair(drawn)
    journal = Journal(path, looker)
    assert journal.resume(second) == len(first.tiles)
    assert second.cells == first.cells
    with journal:
        scan_slide(looker, second, after=journal.write)
    _, third = pair(drawn)
    Journal(path, looker).resume(third)
    assert third.cells == second.cells
    assert len(third.cells) == len(drawn.truth)


def test_a_journal_of_another_slide_is_refused(drawn, painted, tmp_path: Path):
    with Journal(tmp_path / "seen.jsonl", Looker(drawn)):
        pass
    with pytest.raises(SlideError, match="another slide"):
        Journal(tmp_path / "seen.jsonl", Looker(painted)).resume(Seen(painted, "quick", 0.2))


def test_the_terminal_scans_a_slide_and_goes_on_after_a_stop(tmp_path: Path, capsys, monkeypatch):
    monkeypatch.setenv("ALLCAD_CACHE", str(tmp_path / "cache"))
    out = tmp_path / "out"
    line = ["slide", "generated:3:1300x1100", "--out", str(out), "--json"]
    assert main(line) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["slide"]["width"] == 1300
    whole = json.loads((out / "slide.json").read_text("utf-8"))
    assert whole["seen"]["share"] == 1
    assert len(whole["analysis"]["cells"]) == facts["counts"]["blast"] + facts["counts"]["healthy"]
    assert (out / "cells.csv").read_text("utf-8").count("\n") == len(whole["analysis"]["cells"]) + 1
    assert len(json.loads((out / "cells.geojson").read_text("utf-8"))["features"]) == len(whole["analysis"]["cells"])

    monkeypatch.setattr(Looker, "cells", lambda *_: pytest.fail("What was seen is looked at again."))
    assert main(line) == 0
    assert json.loads(capsys.readouterr().out)["counts"] == facts["counts"]


@pytest.mark.parametrize("named", ["generated:x", "generated:3:10", "missing.svs"])
def test_the_terminal_says_what_is_wrong(named, tmp_path: Path, capsys):
    assert main(["slide", named, "--out", str(tmp_path)]) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
