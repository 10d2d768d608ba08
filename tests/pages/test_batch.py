"""The page Batch in each of its states: nothing yet, at work, stopped, failed, done, and nobody else's runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from allcad_core.batch import engines
from allcad_core.batch.progress import Progress, progress_of
from allcad_core.batch.store import Store
from allcad_core.batch.work import Outcome
from allcad_core.errors import AllcadError, DataError
from allcad_core.ui.batch import page, runs

Visit = Callable[..., AppTest]
Text = Callable[[AppTest], str]


@pytest.fixture
def begun(house: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, runs.Asked]]:
    """Runs that the page began; no process does."""
    calls: list[tuple[Path, runs.Asked]] = []
    monkeypatch.setattr(runs, "folder", lambda: tmp_path / "cache" / "runs")
    monkeypatch.setattr(runs, "begin", lambda out, asked: calls.append((out, asked)))
    monkeypatch.setattr(engines, "fitting_workers", lambda *_: 2)
    return calls


def say(out: Path, **progress: Any) -> None:
    """Let a run have said this."""
    import json

    out.mkdir(parents=True, exist_ok=True)
    (out / "progress.json").write_text(json.dumps(asdict(Progress(**progress)) | {"process": os.getpid()}), "utf-8")


def press(visitor: AppTest, label: str) -> AppTest:
    next(button for button in visitor.button if button.label == label).click()
    return visitor.run()


def labels(visitor: AppTest) -> set[str]:
    return {button.label for button in visitor.button}


def test_without_a_run_the_page_asks_for_files(visit: Visit, text: Text, begun: list[Any]):
    visitor = visit("batch")
    assert "Many photographs, one run." in text(visitor)
    assert "Your runs will stand here." in text(visitor)
    press(visitor, "Start")
    assert "No files were named." in text(visitor)
    assert begun == []


def test_a_run_is_begun_with_what_was_asked_and_found_again_by_its_address(
    visit: Visit, text: Text, begun: list[tuple[Path, runs.Asked]], tmp_path: Path
):
    visitor = visit("batch")
    visitor.text_area[0].set_value(f"{tmp_path}/scans\n\n{tmp_path}/*.tif")
    press(visitor, "Start")
    ((out, asked),) = begun
    assert asked.sources == (f"{tmp_path}/scans", f"{tmp_path}/*.tif")
    assert (asked.model, asked.workers, asked.engine) == ("regions", 2, "local")
    assert visitor.query_params["run"] == out.name
    assert runs.by_token(out.name) == out
    say(out, state="stopped", total=9, done=3)
    other = visit("batch", run=out.name)
    assert "Stopped: 3 files done, 6 wait." in text(other)


def test_two_visitors_do_not_see_each_others_runs(visit: Visit, text: Text, begun: list[tuple[Path, runs.Asked]]):
    press(visit("batch"), "Try the samples")
    other = visit("batch")
    assert "Your runs will stand here." in text(other)
    assert begun[0][0].name not in text(other)


@pytest.mark.parametrize("token", ["../../etc", "x", "A" * 22, "."])
def test_an_address_that_names_no_run_is_told(visit: Visit, text: Text, begun: list[Any], token: str):
    assert "is not on this machine" in text(visit("batch", run=token))


def test_a_run_at_work_shows_how_far_it_is(
    visit: Visit, text: Text, begun: list[tuple[Path, runs.Asked]], monkeypatch: pytest.MonkeyPatch
):
    out = runs.fresh()
    say(out, state="working", total=1200, done=300, failed=2, remaining_s=400.0, workers=2)
    ended: list[Path] = []
    monkeypatch.setattr(runs, "is_running", lambda _: True)
    monkeypatch.setattr(runs, "end", ended.append)
    visitor = visit("batch", run=out.name)
    assert "302 of 1200 files looked at." in text(visitor).replace(",", "")
    press(visitor, "Stop the run")
    assert ended == [out]
    with pytest.raises(AllcadError, match="still at work"):
        runs.remove(out)


def test_the_words_beside_the_bar():
    at = Progress("working", 100, 40, 2, 60.0, 400.0, 2)
    assert page.told(at) == "At work \u00b7 about 7 min left \u00b7 2 failed \u00b7 2 workers"
    assert page.sentence(Progress("listing", 5000)) == "Listing files: 5,000 so far."


def test_a_run_that_was_killed_can_go_on(visit: Visit, text: Text, begun: list[tuple[Path, runs.Asked]]):
    out = runs.fresh()
    say(out, state="working", total=9, done=4, failed=1)
    visitor = visit("batch", run=out.name)
    assert "Stopped: 4 files done, 4 wait." in text(visitor)
    press(visitor, "Go on")
    assert begun == [(out, runs.Asked((), ""))]


def test_a_run_that_cannot_go_on_says_why_and_can_be_removed(visit: Visit, text: Text, begun: list[Any]):
    out = runs.fresh()
    say(out, state="failed", sentence="The weights are damaged. Fetch them again.")
    visitor = visit("batch", run=out.name)
    assert "This run cannot go on." in text(visitor)
    assert "The weights are damaged." in text(visitor)
    press(visitor, "Remove")
    assert not out.exists()
    assert "Many photographs, one run." in text(visitor)


@pytest.fixture
def done(begun: list[Any], house: Any, tmp_path: Path) -> Path:
    """A run of one field that is done, with a file that failed and a name that is no word."""
    from contextlib import closing

    from allcad_core.batch import finish, tables
    from allcad_core.batch.places import Place
    from allcad_core.batch.rows import cell_rows, field_row
    from allcad_core.images import read
    from allcad_core.ui import samples

    out = runs.fresh()
    name = "in/<img src=x onerror=alert(1)>.png"
    path = samples.FOLDER / "first.png"
    found = house.answer(read(path, name), "regions")
    with closing(Store(out)) as store:
        store.set_facts({"model": "regions", "confidence": 0.25, "sources": [str(tmp_path / "in")], "listed": True})
        list(store.add([Place(path, "", name), Place(tmp_path / "bad.png", "", "in/bad.png", "bad.png is broken.")]))
        store.keep([Outcome(1, field_row(1, name, found), tuple(cell_rows(1, name, found)))])
        tables.tidy(store, out)
        tables.flush(store, out)
        finish.write(store, out)
    say(out, state="done", total=2, done=1, failed=1, seconds=3.0)
    return out


@pytest.mark.parametrize(
    ("failed", "says"),
    [
        ("bad.png is broken. Save it again.", ["No file could be analysed.", "bad.png is broken.", "Save it again."]),
        (None, ["Nothing was analysed.", "No photograph was found in in.", "Name a folder or a ZIP file that holds"]),
    ],
)
def test_a_run_that_found_nothing_to_count_says_why_and_what_to_do(
    visit: Visit, text: Text, begun: list[Any], tmp_path: Path, failed: str | None, says: list[str]
):
    from contextlib import closing

    from allcad_core.batch import finish, tables
    from allcad_core.batch.places import Place

    out = runs.fresh()
    with closing(Store(out)) as store:
        store.set_facts({"model": "regions", "confidence": 0.25, "sources": [str(tmp_path / "in")], "listed": True})
        list(store.add([Place(tmp_path / "bad.png", "", "in/bad.png", failed)] if failed else []))
        tables.tidy(store, out)
        finish.write(store, out)
    say(out, state="done", total=int(failed is not None), done=0, failed=int(failed is not None), seconds=1.0)
    visitor = visit("batch", run=out.name)
    shown = text(visitor)
    assert [sentence for sentence in says if sentence not in shown] == []
    assert "blast share" not in shown
    assert "Begin another run" in [one.label for one in visitor.expander]


def test_a_run_that_is_done_shows_its_answer_and_nothing_from_a_name_is_run(visit: Visit, text: Text, done: Path):
    visitor = visit("batch", run=done.name)
    shown = text(visitor)
    assert "1 field was analysed; 3 of 5 white cells look like blasts." in shown
    assert "<img src=x" not in shown
    assert "&lt;img src=x" in shown
    assert "data:image/jpeg;base64," in shown
    assert {"Look at failed files again", "Remove"} <= labels(visitor)
    assert "Go on" not in labels(visitor)


def test_a_named_folder_is_opened_and_never_removed(visit: Visit, text: Text, done: Path, tmp_path: Path):
    done.rename(tmp_path / "mine")
    visitor = visit("batch")
    visitor.text_input(key="batch-folder").set_value(str(tmp_path / "mine"))
    press(visitor, "Open")
    assert "3 of 5 white cells look like blasts." in text(visitor)
    assert "Remove" not in labels(visitor)
    with pytest.raises(AllcadError, match="Only runs that were begun on this page"):
        runs.remove(tmp_path / "mine")
    visitor.text_input(key="batch-folder").set_value(str(tmp_path))
    press(visitor, "Open")
    assert "There is no run in" in text(visitor)


def test_what_is_taken_along_says_nothing_of_this_machine(done: Path, tmp_path: Path):
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(runs.packed(done))) as archive:
        names = archive.namelist()
        contents = b"".join(archive.read(name) for name in names)
    assert {"summary.csv", "report.html", "fields/part-000001.parquet", "cells/part-000001.parquet"} == set(names)
    assert str(tmp_path).encode() not in contents


def test_uploads_stay_in_the_runs_folder_under_harmless_names(begun: list[Any]):
    out = runs.fresh()
    sources = runs.keep_uploads(
        out, [("../../a.png", b"1"), ("a.png", b"2"), ("..hidden.zip", b"3"), ("\x00b/c.png", b"4")]
    )
    kept = sorted(path.name for path in (out / "uploads").iterdir())
    assert kept == ["a-2.png", "a.png", "c.png", "hidden.zip"]
    assert sources == [str(out / "uploads"), str(out / "uploads" / "hidden.zip")]
    assert out.stat().st_mode & 0o077 == 0 or os.name != "posix"


def test_a_cache_folder_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "shut").write_text("no folder")
    monkeypatch.setattr(runs, "folder", lambda: tmp_path / "shut" / "runs")
    with pytest.raises(DataError, match="Name another folder"):
        runs.fresh()


def test_a_process_that_ends_without_a_word_leaves_its_last_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runs, "ROOT", tmp_path)  # where there is no allcad
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.setattr(runs.sys, "executable", "/bin/false" if Path("/bin/false").exists() else "false")
    runs.begin(tmp_path, runs.Asked((), ""))
    runs._begun[tmp_path].wait()
    assert progress_of(tmp_path) is None
    at = runs.state(tmp_path)
    assert (at.state, at.sentence) == ("failed", "The run ended before it said why.")
