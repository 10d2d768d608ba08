"""A run: every file once, whatever ends it; what fails is told; nothing else stops."""

from __future__ import annotations

import csv
import json
import os
import zipfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from allcad_core.batch import progress as telling
from allcad_core.batch import run as running
from allcad_core.batch import tables
from allcad_core.batch.progress import Progress, progress_of
from allcad_core.batch.run import Settings, is_running, open_run
from allcad_core.batch.store import Store
from allcad_core.errors import DataError, ModelError

Do = Callable[..., Progress]
Write = Callable[..., Path]


def files_in_tables(folder: Path) -> Counter[str]:
    import pyarrow.dataset as dataset

    return Counter(dataset.dataset(folder / "fields").to_table(columns=["file"])["file"].to_pylist())


def summary(folder: Path) -> list[dict[str, str]]:
    with (folder / "summary.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def scans(tmp_path: Path, picture: Write) -> Path:
    for number in range(9):
        picture(tmp_path / "scans" / f"{number}.png", number % 4)
    return tmp_path / "scans"


def test_every_file_is_done_once_and_what_is_broken_is_told(do: Do, scans: Path, tmp_path: Path):
    (scans / "bad.jpg").write_text("these are words")
    ended = do(scans, tmp_path / "missing.png")
    assert (ended.state, ended.done, ended.failed, ended.total) == ("done", 9, 2, 11)
    assert files_in_tables(tmp_path / "run") == Counter(f"scans/{number}.png" for number in range(9))
    rows = {row["file"]: row for row in summary(tmp_path / "run")}
    assert len(rows) == 11
    assert "not a picture" in rows["scans/bad.jpg"]["error"]
    assert "not there" in rows["missing.png"]["error"]
    assert (rows["scans/3.png"]["blast"], rows["scans/3.png"]["white_cells"]) == ("3", "4")
    assert progress_of(tmp_path / "run") == ended


@pytest.mark.parametrize("at", [0, 1, 5, 8])
def test_a_run_that_was_interrupted_goes_on_without_losing_or_doubling(
    do: Do, engine: Any, scans: Path, tmp_path: Path, at: int
):
    engine.interrupt_at = at
    with pytest.raises(KeyboardInterrupt):
        do(scans)
    told = progress_of(tmp_path / "run")
    assert told is not None
    assert told.state == "stopped"
    before = files_in_tables(tmp_path / "run") if at > 4 else Counter()
    engine.interrupt_at = None
    engine.looked.clear()
    assert do(scans).done == 9
    assert set(files_in_tables(tmp_path / "run").values()) == {1}
    assert not before.keys() & set(engine.looked)


@pytest.mark.parametrize("step", ["add_part", "keep"])
def test_the_end_of_the_process_at_any_step_loses_and_doubles_nothing(
    do: Do, scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
):
    """As if the process were killed where it stands: what a step had begun is not taken back by anybody."""

    class Killed(BaseException):
        pass

    real = getattr(Store, step)
    calls: list[int] = []

    def die(self: Store, *arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise Killed
        return real(self, *arguments)

    monkeypatch.setattr(tables, "PART", 2)
    monkeypatch.setattr(Store, step, die)
    with pytest.raises(Killed):
        do(scans)
    monkeypatch.setattr(Store, step, real)
    assert do(scans).done == 9
    assert files_in_tables(tmp_path / "run") == Counter(f"scans/{number}.png" for number in range(9))
    cells = [path.name for path in (tmp_path / "run" / "cells").iterdir()]
    assert sorted(cells) == sorted(path.name for path in (tmp_path / "run" / "fields").iterdir())


def test_the_same_command_again_looks_at_nothing_again(do: Do, engine: Any, scans: Path, picture: Write):
    do(scans)
    engine.looked.clear()
    picture(scans / "late.png", 2)
    assert do(scans).done == 10
    assert engine.looked == ["scans/late.png"]
    assert do().done == 10


def test_slides_are_told_from_photographs(tmp_path: Path, picture: Write, monkeypatch: pytest.MonkeyPatch):
    from allcad_core import images
    from allcad_core.batch.work import Job, is_slide

    def job(path: Path, member: str = "") -> Job:
        return Job(1, str(path), member, path.name, "regions")

    field = picture(tmp_path / "field.tif")
    assert is_slide(job(tmp_path / "scan.SVS"))
    assert not is_slide(job(field))
    assert not is_slide(job(tmp_path / "pack.zip", "scan.svs"))
    (tmp_path / "broken.tif").write_bytes(b"II*\x00")
    assert not is_slide(job(tmp_path / "broken.tif"))
    monkeypatch.setattr(images, "MAX_PIXELS", 1000)
    assert is_slide(job(field))


def test_a_slide_among_the_files_is_scanned_and_is_one_row(
    do: Do, generated: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from PIL import Image

    from allcad_core.results import Cell
    from allcad_core.slides import Looker

    (tmp_path / "in").mkdir()
    Image.fromarray(generated.pixels).save(tmp_path / "in" / "scan.tif")
    (tmp_path / "in" / "scan.tif").rename(tmp_path / "in" / "scan.svs")
    cell = Cell((100.0, 90.0, 160.0, 150.0), "blast", 0.9, 0.95, {"best_cell": 0.95})
    monkeypatch.setenv("ALLCAD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(Looker, "blank", frozenset())
    monkeypatch.setattr(Looker, "cells", lambda _, block: [cell] if (0, 0) in block.tiles else [])
    ended = do(tmp_path / "in")
    (row,) = summary(tmp_path / "run")
    assert (ended.done, row["blast"], row["error"]) == (1, "1", "")
    assert files_in_tables(tmp_path / "run") == Counter(["in/scan.svs"])


def test_what_failed_is_looked_at_again_only_when_asked(
    do: Do, engine: Any, scans: Path, picture: Write, tmp_path: Path
):
    (scans / "bad.png").write_bytes(b"half")
    assert do(scans, tmp_path / "late").failed == 2
    picture(scans / "bad.png", 1)
    picture(tmp_path / "late" / "one.png", 1)
    again = do(scans)
    assert (again.done, again.failed) == (9, 2)
    mended = do(scans, tmp_path / "late", retry=True)
    assert (mended.done, mended.failed) == (11, 0)
    assert set(files_in_tables(tmp_path / "run").values()) == {1}


def test_a_file_that_ends_its_worker_fails_alone(do: Do, engine: Any, scans: Path, tmp_path: Path):
    engine.deadly = frozenset({"scans/4.png"})
    ended = do(scans)
    assert (ended.done, ended.failed) == (8, 1)
    assert engine.restarts
    (row,) = [row for row in summary(tmp_path / "run") if row["status"] == "failed"]
    assert row["error"] == "scans/4.png ended the process that looked at it."


def test_a_fault_of_allcad_itself_fails_one_file_and_is_named(
    do: Do, scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from allcad_core import analysis

    good = analysis.analyse

    def faulty(image: object, *rest: object, **options: object) -> object:
        if getattr(image, "name", "") == "scans/2.png":
            raise ZeroDivisionError("division by zero")
        return good(image, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(analysis, "analyse", faulty)
    assert do(scans).failed == 1
    assert "ZeroDivisionError" in next(row["error"] for row in summary(tmp_path / "run") if row["error"])


def test_a_model_that_cannot_be_used_ends_the_run_and_fails_no_file(
    do: Do, scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from allcad_core import analysis

    def refuse(*_: object, **__: object) -> None:
        raise ModelError("The weights are damaged.")

    good = analysis.analyse
    monkeypatch.setattr(analysis, "analyse", refuse)
    with pytest.raises(Exception, match="weights are damaged"):
        do(scans)
    told = progress_of(tmp_path / "run")
    assert told is not None
    assert (told.state, told.failed, told.sentence) == ("failed", 0, "The weights are damaged.")
    monkeypatch.setattr(analysis, "analyse", good)
    assert do(scans).done == 9


def test_pictures_are_read_out_of_zip_files(do: Do, scans: Path, tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "pack.zip", "w") as packed:
        for path in scans.iterdir():
            packed.write(path, f"in/{path.name}")
        packed.writestr("in/bad.png", b"words")
    ended = do(tmp_path / "pack.zip")
    assert (ended.done, ended.failed) == (9, 1)
    assert not list(tmp_path.rglob("in"))


def test_a_header_that_lies_about_the_size_fails_its_file(do: Do, tmp_path: Path, scans: Path):
    import struct

    size = 30_000_000
    with zipfile.ZipFile(tmp_path / "liar.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.png", bytes(size))
    content = (tmp_path / "liar.zip").read_bytes()
    (tmp_path / "liar.zip").write_bytes(content.replace(struct.pack("<L", size), struct.pack("<L", 1000)))
    ended = do(tmp_path / "liar.zip", scans)
    assert (ended.done, ended.failed) == (9, 1)


def test_another_model_or_confidence_needs_another_folder(do: Do, scans: Path):
    do(scans, confidence=0.4)
    with pytest.raises(DataError, match=r"has the confidence 0\.4"):
        do(scans, confidence=0.5)
    with pytest.raises(DataError, match="has the model regions"):
        do(scans, model="yolo11n")
    assert do(scans, model="regions").done == 9


def test_a_folder_without_a_run_needs_sources(do: Do):
    with pytest.raises(DataError, match="no run"):
        do()


def test_two_runs_never_share_a_folder(do: Do, scans: Path, tmp_path: Path):
    from filelock import FileLock

    do(scans)
    assert not is_running(tmp_path / "run")
    with FileLock(tmp_path / "run" / running.LOCK):
        if os.name == "posix":
            assert is_running(tmp_path / "run")
        with pytest.raises(DataError, match="Another allcad works"):
            do(scans)


def test_a_folder_that_cannot_be_written_is_told(engine: Any, scans: Path, tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        running.run(Settings((str(scans),)), tmp_path / "file" / "run")


def test_a_full_disk_ends_the_run_in_a_sentence_and_keeps_what_is_done(
    do: Do, scans: Path, monkeypatch: pytest.MonkeyPatch
):
    import pyarrow.parquet as pq

    good = pq.write_table

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(DataError, match=r"No space left on device\)\. Free space"):
        do(scans)
    monkeypatch.setattr(pq, "write_table", good)
    assert do(scans).done == 9


def test_a_damaged_store_and_a_lost_part_are_told(do: Do, scans: Path, tmp_path: Path):
    do(scans)
    part = next((tmp_path / "run" / "cells").iterdir())
    part.rename(tmp_path / "elsewhere")
    with pytest.raises(DataError, match=f"lacks 'cells/{part.name}'"):
        do(scans)
    (tmp_path / "run" / "run.sqlite").write_bytes(b"no data base at all, " * 100)
    with pytest.raises(DataError, match="cannot be read or written"):
        do(scans)


def test_names_that_are_no_letters_or_look_like_formulas_do_no_harm(do: Do, tmp_path: Path, picture: Write):
    picture(tmp_path / "in" / "=cmd()|x.png", 1)
    picture(tmp_path / "in" / os.fsdecode(b"odd-\xff.png"), 2)
    picture(tmp_path / "in" / "<script>alert(1)</script>.png" if os.name == "posix" else tmp_path / "in" / "s.png", 3)
    assert do(tmp_path / "in" / "=cmd()|x.png", tmp_path / "in").done >= 3
    assert any(row["file"].startswith("'=") for row in summary(tmp_path / "run"))
    html = (tmp_path / "run" / "report.html").read_text("utf-8")
    assert "<script>" not in html


def test_what_is_read_back_is_what_was_found(do: Do, scans: Path, tmp_path: Path, answer: Callable[..., Any]):
    from allcad_core.images import read

    do(scans)
    with closing(open_run(tmp_path / "run")) as store:
        for number, found in tables.analyses(store, tmp_path / "run"):
            item = store.item(number)
            assert found == answer(read(Path(item.path), item.name))


def test_progress_tells_the_rest_of_the_time(scans: Path, tmp_path: Path, engine: Any, monkeypatch):
    monkeypatch.setattr(telling, "TELL_S", 0.0)
    told: list[Progress] = []
    running.run(Settings((str(scans),)), tmp_path / "run", told.append)
    working = [one for one in told if one.state == "working" and one.remaining_s is not None]
    assert told[0].state == "listing"
    assert working[-1].remaining_s == 0
    assert all(one.done + one.failed <= one.total == 9 for one in working)
    assert json.loads((tmp_path / "run" / "progress.json").read_text())["process"] == os.getpid()
