"""A file is there whole or not at all: a full disk, a fault on the way, the end of the process."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from allcad_core import files
from allcad_core.errors import DataError


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_takes_its_name_when_it_is_complete(tmp_path: Path):
    path = tmp_path / "made" / "table.csv"
    with files.whole_text(path) as stream:
        stream.write("a,ü\n")
        assert not path.exists()
    assert path.read_bytes() == "a,ü\n".encode()
    assert left(path.parent) == ["table.csv"]


def test_a_full_disk_is_told_and_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "table.csv"
    files.write(path, b"before")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match=r"table\.csv' cannot be written \(No space left on device\)\. Free space"):
        files.write(path, b"after")
    assert path.read_bytes() == b"before"
    assert left(tmp_path) == ["table.csv"]


def test_a_fault_on_the_way_is_passed_on_and_leaves_what_was_there(tmp_path: Path):
    path = tmp_path / "table.csv"
    files.write(path, b"before")

    def break_down() -> None:
        with files.whole_text(path) as stream:
            stream.write("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_down()
    assert path.read_bytes() == b"before"
    assert left(tmp_path) == ["table.csv"]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_process_killed_while_it_writes_leaves_what_was_there(tmp_path: Path):
    path = tmp_path / "report.pdf"
    files.write(path, b"before")
    program = (
        "import os, signal, sys; from pathlib import Path; from allcad_core import files\n"
        "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
        "files.write(Path(sys.argv[1]), b'after' * 100_000)"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(path)], check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"before"
    assert len(left(tmp_path)) == 2
    files._sweep.cache_clear()  # as in the next process
    files.write(path, b"later")  # the half file is in nobody's way
    assert path.read_bytes() == b"later"
    assert left(tmp_path) == ["report.pdf"]


def test_two_that_write_one_file_at_once_do_not_disturb_each_other(tmp_path: Path):
    path = tmp_path / "truth.json"
    with files.whole(path) as first:
        first.write_bytes(b"first")
        other = threading.Thread(target=files.write, args=(path, b"second"))
        other.start()
        other.join()
        assert path.read_bytes() == b"second"
    assert path.read_bytes() == b"first"
    assert left(tmp_path) == ["truth.json"]


def test_what_others_are_writing_is_not_swept_away(tmp_path: Path):
    at_work = f"a.csv.{files.MACHINE}-{os.getppid()}-1.part"
    elsewhere = "b.csv.00000000-999999999-1.part"
    ended = f"c.csv.{files.MACHINE}-999999999-1.part"
    for name in (at_work, elsewhere, ended, "own.part"):
        (tmp_path / name).write_bytes(b"half")
    files.write(tmp_path / "d.csv", b"whole")
    assert left(tmp_path) == sorted([at_work, elsewhere, "d.csv", "own.part"])
