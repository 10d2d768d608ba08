"""Faults of the machine that no part tests by itself: folders that are full or shared, a clock set back, two servers.

docs/threats.md lists every fault that is tried and the test that tries it; that list is held against the tests here.
"""

from __future__ import annotations

import ast
import errno
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from allcad_core import files
from allcad_core.batch.progress import Teller
from allcad_core.compiled import shelf
from allcad_core.errors import DataError
from allcad_core.slides import cache
from allcad_core.slides.base import SlideError

ROOT = Path(__file__).parents[1]


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


# -- folders


def test_a_full_disk_under_the_slides_is_told_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(SlideError, match=r"No space left on device\. Free some space, or name another folder"):
        cache.write(tmp_path / "tiles" / "0_0.jpg", b"tile")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_slides_folder_that_nobody_may_write_is_told(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")  # as root may write anywhere, a file stands in the way
    with pytest.raises(SlideError, match=r"Nothing can be written into the folder for slides.*\$ALLCAD_CACHE"):
        cache.room_for(1, tmp_path / "file" / "slides")
    with pytest.raises(SlideError, match="Nothing can be written"):
        cache.write(tmp_path / "file" / "slides" / "0_0.jpg", b"tile")


def test_a_full_disk_under_the_page_batch_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from allcad_core.ui.batch import runs

    monkeypatch.setenv("ALLCAD_CACHE", str(tmp_path))
    out = runs.fresh()
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(DataError, match=r"cannot be kept \(No space left on device\)"):
        runs.keep_uploads(out, [("a.png", b"x")])
    monkeypatch.setenv("ALLCAD_CACHE", str(tmp_path / "file" / "below"))
    with pytest.raises(DataError, match=r"No run can be kept in .*\$ALLCAD_CACHE"):
        runs.fresh()


# -- two servers on one folder


def test_two_servers_that_write_one_network_leave_a_whole_one(tmp_path: Path):
    path = tmp_path / "one.network"
    program = (
        "import sys; from pathlib import Path; from allcad_core.compiled import shelf\n"
        "for number in range(40): shelf.write(Path(sys.argv[1]), b'graph', sys.argv[2].encode() * 50_000)"
    )
    servers = [subprocess.Popen([sys.executable, "-c", program, str(path), letter]) for letter in "ab"]
    read: set[bytes] = set()
    while any(server.poll() is None for server in servers):
        found = shelf.read(path)
        assert found is not None or not path.exists() or shelf.read(path) is not None
        read |= {found[1][:1]} if found else set()
        assert found is None or len(set(found[1])) == 1
        time.sleep(0.002)
    assert [server.returncode for server in servers] == [0, 0]
    last = shelf.read(path)
    assert last is not None
    assert len(set(last[1])) == 1
    assert [one.name for one in tmp_path.iterdir()] == ["one.network"]


def test_two_servers_that_make_one_slide_leave_a_whole_one(tmp_path: Path):
    from allcad_core.slides import generated_slide

    broken: list[Exception] = []

    def make() -> None:
        try:
            generated_slide(5, (1100, 600), folder=tmp_path)
        except Exception as error:
            broken.append(error)

    servers = [threading.Thread(target=make) for _ in range(2)]
    for server in servers:
        server.start()
    for server in servers:
        server.join()
    assert broken == []
    slide = generated_slide(5, (1100, 600), folder=tmp_path)
    assert (slide.width, slide.height) == (1100, 600)
    assert list(tmp_path.rglob("*.part")) == []


# -- the clock


def test_a_clock_that_is_set_back_does_not_move_what_a_run_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    now = iter(range(10**9, 0, -3600))
    monkeypatch.setattr(time, "time", lambda: float(next(now)))
    teller = Teller(tmp_path, None)
    teller.count(10, 0, 0, 1)
    for _ in range(5):
        teller.add(failed=False)
    told = teller.say("working", now=True)
    assert told.seconds >= 0
    assert told.remaining_s is not None
    assert 0 <= told.remaining_s < 60


def test_no_part_of_allcad_measures_by_a_clock_that_can_be_set():
    def asks(node: ast.AST) -> bool:
        called = node.func if isinstance(node, ast.Call) else None
        return isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and (
            (called.value.id, called.attr) == ("time", "time")
        )  # fmt: skip

    sources = [*(ROOT / "allcad_core").rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "app.py"]
    found = [path.name for path in sources if any(map(asks, ast.walk(ast.parse(path.read_text(encoding="utf-8")))))]
    assert found == []


def test_a_result_written_after_the_clock_was_set_back_is_noticed(tmp_path: Path):
    old, new = tmp_path / "fold0.csv", tmp_path / "fold1.csv"
    old.write_text("a")
    before = files.stamp(tmp_path.glob("*.csv"))
    assert files.stamp(tmp_path.glob("*.csv")) == before
    new.write_text("b")
    os.utime(new, (1, 1))
    after = files.stamp(tmp_path.glob("*.csv"))
    assert after != before
    new.write_text("c")
    os.utime(new, (0, 0))
    assert files.stamp(tmp_path.glob("*.csv")) != after
    new.unlink()
    assert files.stamp(tmp_path.glob("*.csv")) == before


# -- the list


def test_every_fault_that_the_threat_model_lists_is_tried_by_the_test_that_it_names():
    page = (ROOT / "docs" / "threats.md").read_text(encoding="utf-8")
    listed = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page)
    assert len(listed) >= 20
    missing = [name for file, name in listed if f"def {name}(" not in (ROOT / file).read_text(encoding="utf-8")]
    assert missing == []
